"""The JSON API: what it gives, and what it says to a wrong question."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bewithu.board.plain_json import as_json
from schemas.areas import Level, areas_of_level
from tests.board.conftest import Client, World
from tests.board.fake_catalogue import ALERTS, LOCAL, NATIONAL, REFUSALS


async def get(client: Client, address: str, status: int = 200) -> Any:
    answer = await client.get(address)
    assert answer.status == status, await answer.text()
    kind = "application/json" if status == 200 else "application/problem+json"
    assert answer.content_type == kind
    return await answer.json(content_type=None)


async def test_status_tells_the_books_and_every_agency(client: Client) -> None:
    found = await get(client, "/api/v1/status")
    assert found["status"]["accepted"] + found["status"]["quarantined"] == found["status"]["published"]
    assert found["status"]["last_refresh_at"] == "2025-11-24T21:05:28.000Z"
    assert found["latest_day"] == "2025-11-24"
    assert len(found["agencies"]) == len(NATIONAL) + len(LOCAL)
    assert found["agencies"][0]["refusals"] == {"bad_format": 9, "in_future": 3}
    assert found["agencies"][0]["promised_every"] == 4 * 3600


async def test_indicators_come_with_definition_and_value(client: Client, world: World) -> None:
    found = await get(client, "/api/v1/indicators?lang=nl&area=44021&day=2025-11-01")
    assert found["area"] == {"code": "44021", "name": "Gent", "level": "municipality"}
    assert (found["day"], found["language"]) == ("2025-11-01", "nl")
    assert [each["id"] for each in found["indicators"]] == [info.id for info in world.data.indicators()]
    first = found["indicators"][0]
    assert first["name"] == first["names"]["nl"] == "Ingeschreven ontheemden"
    expected = world.data.value("registered_persons", "44021", world.data.latest_day().replace(day=1))
    assert first["value"] == as_json(expected)


async def test_one_indicator_comes_with_trend_breakdown_and_areas(client: Client) -> None:
    found = await get(
        client, "/api/v1/indicators/registered_persons?since=2025-11-01&day=2025-11-24&level=province"
    )
    assert [point["day"] for point in found["trend"]] == [f"2025-11-{day:02}" for day in range(1, 25)]
    assert found["trend"][-1]["value"] == found["value"]["value"]
    assert {value["breakdown"].partition("=")[0] for value in found["breakdown"]} == {"sex", "age_group"}
    assert {value["area"] for value in found["by_area"]} == {
        each.code for each in areas_of_level(Level.PROVINCE)
    }


async def test_an_indicator_is_told_as_it_was_known_at_a_moment(client: Client) -> None:
    address = "/api/v1/indicators/registered_persons?day=2025-11-24&level=province"
    then = await get(client, f"{address}&as_of=2025-11-24T09:30:00%2B01:00")
    assert then["as_of"] == "2025-11-24T09:30:00.000+01:00" or then["as_of"] == "2025-11-24T08:30:00.000Z"
    assert then["value"]["known_at"] is None
    every = [*then["breakdown"], *then["by_area"]]
    assert {value["value"] for value in every} == {point["value"] for point in then["trend"]} == {0.0}
    now = await get(client, address)
    assert now["as_of"] is None
    assert now["value"]["value"] > 0


@pytest.mark.parametrize("moment", ["yesterday", "2025-13-01T00:00", "2090-01-01", "1999-01-01T00:00"])
async def test_a_moment_that_is_none_or_to_come_is_refused(client: Client, moment: str) -> None:
    found = await get(client, f"/api/v1/indicators/registered_persons?as_of={moment}", 400)
    assert "a moment like" in json.dumps(found)


async def test_a_trend_is_ninety_days_long_and_areas_are_left_out_unless_asked_for(client: Client) -> None:
    found = await get(client, "/api/v1/indicators/renewal_share")
    assert len(found["trend"]) == 90
    assert "by_area" not in found


async def test_a_hidden_number_is_null_and_says_so(client: Client) -> None:
    found = await get(client, "/api/v1/indicators/housing_gap_14d?level=municipality")
    hidden = [value for value in found["by_area"] if value["suppressed"]]
    assert hidden
    assert all(value["value"] is None and value["change_7d"] is None for value in hidden)


async def test_alerts_are_those_of_the_area_and_within_it(client: Client) -> None:
    everywhere = await get(client, "/api/v1/alerts?lang=fr")
    assert [each["id"] for each in everywhere["alerts"]] == [alert.id for alert in ALERTS]
    assert everywhere["alerts"][0]["summary"] == ALERTS[0].summaries["fr"]
    assert everywhere["alerts"][0]["area_name"] == "Gand"
    east_flanders = await get(client, "/api/v1/alerts?area=40000")
    assert [each["area"] for each in east_flanders["alerts"]] == ["44021"]
    assert len((await get(client, "/api/v1/alerts?limit=1"))["alerts"]) == 1


async def test_quarantine_gives_place_and_reason_and_never_the_record(client: Client) -> None:
    found = await get(client, "/api/v1/quarantine")
    assert found["quarantine"] == as_json(REFUSALS)
    assert set(found["quarantine"][0]) == {
        "topic", "partition", "offset", "agency", "reason", "detail", "known_at",
    }  # fmt: skip
    only = await get(client, "/api/v1/quarantine?agency=dvz&reason=bad_format&limit=5")
    assert [each["agency"] for each in only["quarantine"]] == ["dvz"]


@pytest.mark.parametrize(
    ("address", "status", "field", "expected", "nearest"),
    [
        (
            "indicators/registered_person",
            404,
            "indicator",
            "one of registered_persons",
            ["registered_persons"],
        ),
        ("indicators?area=44022", 404, "area", "a NIS code", None),
        ("indicators?area=11007", 404, "area", "a NIS code", ["11002"]),
        ("indicators?day=20251101", 400, "day", "a day as YYYY-MM-DD", []),
        ("indicators?day=2025-02-30", 400, "day", "a day as YYYY-MM-DD", []),
        ("indicators?lang=se", 400, "lang", "one of nl, fr, de, en", None),
        ("indicators?aera=BE", 400, "parameter", "among lang, area, day", ["area"]),
        ("indicators?area=BE&area=44021", 400, "parameter", "each parameter once", []),
        ("indicators/renewal_share?level=provinces", 400, "level", "one of municipality", ["province"]),
        ("indicators/renewal_share?since=2026-01-01", 400, "since", "to 2025-11-24", []),
        ("alerts?limit=0", 400, "limit", "from 1 to 1000", []),
        ("alerts?limit=1001", 400, "limit", "from 1 to 1000", []),
        ("alerts?limit=²", 400, "limit", "from 1 to 1000", []),
        ("quarantine?agency=fedasill", 404, "agency", "an agency that has sent", ["fedasil"]),
        ("quarantine?reason=bad_formatt", 404, "reason", "bad_format", ["bad_format"]),
        ("status?verbose=1", 400, "parameter", "no parameters", []),
    ],
)
async def test_a_wrong_question_is_answered_with_what_was_expected(
    client: Client, address: str, status: int, field: str, expected: str, nearest: list[str] | None
) -> None:
    problem = await get(client, f"/api/v1/{address}", status)
    assert (problem["status"], problem["field"]) == (status, field)
    assert expected in problem["expected"]
    assert nearest is None or problem["nearest"] == nearest
    assert problem["detail"].startswith(f"{field} '")


async def test_an_unknown_address_lists_those_that_exist(client: Client) -> None:
    problem = await get(client, "/api/v1/indicator", 404)
    assert "/api/v1/indicators/{id}" in problem["detail"]


async def test_a_store_that_is_away_is_no_fault_of_the_question(client: Client, world: World) -> None:
    world.data.away = True
    for address in ("status", "indicators", "indicators/renewal_share", "alerts", "quarantine"):
        problem = await get(client, f"/api/v1/{address}", 503)
        assert problem["detail"] == "ClickHouse is away: connection refused"


def test_numbers_that_json_does_not_have_become_null() -> None:
    assert as_json([1.5, float("nan"), float("inf"), 3, True]) == [1.5, None, None, 3, True]
    json.dumps(as_json(NATIONAL), allow_nan=False)


def test_what_has_no_form_in_json_is_refused() -> None:
    with pytest.raises(TypeError, match="object has no form in JSON"):
        as_json({"x": object()})
