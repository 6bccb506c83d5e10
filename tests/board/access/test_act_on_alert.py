"""Coordinators who are logged in act on an alert from its page, in their own name, and nobody else can."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp.test_utils import TestClient, TestServer

from alerts.fingerprint import alert_fingerprint
from schemas.areas import LANGUAGES
from tests.alerts.samples import LIEGE as PROVINCE
from tests.board.access.logins import COORDINATOR, GHENT, OPERATOR, READER, AlwaysBy, person
from tests.board.acting_stage import ANN, NOTHING, RULE, SINCE, ActingStage, confirm, heading, page
from tests.board.conftest import Client
from tests.board.markup import Element, parse

STORY = f"/alerts/{alert_fingerprint(RULE, PROVINCE)}"
OURS = {"Sec-Fetch-Site": "same-origin"}


@pytest.fixture
def login(stage: ActingStage) -> AlwaysBy:
    stage.login = AlwaysBy(COORDINATOR)
    return stage.login


@pytest.fixture
async def client(stage: ActingStage, login: AlwaysBy) -> AsyncIterator[Client]:
    async with TestClient(TestServer(stage.app())) as started:
        yield started


async def forms(client: Client, language: str = "en") -> dict[str, dict[str, str]]:
    """The hidden fields of each form that is sent by POST, by its address."""
    answer = await client.get(f"{STORY}?lang={language}")
    root = parse(await answer.text())
    return {
        form.attributes["action"]: hidden(form) for form in root.all("form") if "method" in form.attributes
    }


def hidden(form: Element) -> dict[str, str]:
    return {
        each.attributes["name"]: each.attributes["value"]
        for each in form.all("input")
        if each.attributes["type"] == "hidden"
    }


@pytest.mark.parametrize("language", LANGUAGES)
async def test_a_comment_is_written_in_the_name_of_who_is_logged_in_once(
    client: Client, stage: ActingStage, login: AlwaysBy, language: str
) -> None:
    address = f"{STORY}/acknowledge?lang={language}"
    fields = (await forms(client, language))[address]
    for _ in range(2):
        answer = await client.post(
            address,
            data={**fields, "comment": " hall\nopens, 85073003328 "},
            headers=OURS,
            allow_redirects=False,
        )
        assert (answer.status, answer.headers["Location"]) == (303, f"{STORY}?lang={language}")
    ((seen,), silences) = stage.written()
    assert (seen.rule, seen.area, seen.since, seen.author) == (RULE, PROVINCE, SINCE, "cleo")
    assert seen.comment.startswith("hall opens, ")
    assert "85073003328" not in seen.comment
    assert silences == []
    assert f"{STORY}/acknowledge?lang={language}" not in await forms(client, language)
    assert "hall opens" in await (await client.get(STORY)).text()
    login.visitor = person("reader", ("reader", "BE"))
    assert "hall opens" not in await (await client.get(STORY)).text()


async def test_a_silence_lasts_as_long_as_was_chosen_and_is_made_once(
    client: Client, stage: ActingStage
) -> None:
    address = f"{STORY}/silence?lang=en"
    fields = (await forms(client))[address]
    assert (await client.post(address, data={**fields, "days": "2"}, headers=OURS)).status == 400
    for days in ("7", "30"):
        await client.post(address, data={**fields, "days": days, "reason": "works"}, headers=OURS)
    _, (silence,) = stage.written()
    assert (silence.author, silence.reason) == ("cleo", "works")
    assert silence.ends - silence.begins == timedelta(days=7)
    assert dict(silence.matchers) == {"rule": RULE, "area": PROVINCE}


@pytest.mark.parametrize(
    ("visitor", "status"),
    [
        (person("nobody"), 404),
        (READER, 404),
        (person("g", ("coordinator", GHENT)), 404),
        (person("r", ("reader", "BE")), 403),
        (person("another", ("coordinator", "BE")), 403),
        (OPERATOR, 403),
    ],
)
async def test_nobody_can_send_the_form_of_another(
    client: Client, stage: ActingStage, login: AlwaysBy, visitor: object, status: int
) -> None:
    made_for_cleo = await forms(client)
    login.visitor = visitor  # type: ignore[assignment]
    for address, fields in made_for_cleo.items():
        answer = await client.post(address, data={**fields, "days": "1"}, headers=OURS)
        assert answer.status == status
    assert stage.written() == NOTHING


@pytest.mark.parametrize(
    ("changes", "headers"),
    [
        ({}, {"Sec-Fetch-Site": "cross-site"}),
        ({}, {"Sec-Fetch-Site": "same-site"}),
        ({}, {"Origin": "https://evil.example"}),
        ({"token": ""}, OURS),
        ({"token": "0" * 64}, OURS),
        ({"token": "\u00e9"}, OURS),
        ({"since": "2020-01-01T00:00:00+00:00"}, OURS),
        ({"since": "x"}, OURS),
    ],
)
async def test_a_form_that_is_not_ours_is_refused(
    client: Client, stage: ActingStage, changes: dict[str, str], headers: dict[str, str]
) -> None:
    for address, fields in (await forms(client)).items():
        answer = await client.post(address, data={**fields, "days": "1", **changes}, headers=headers)
        assert answer.status == 403
        assert "This was sent from another site" in await answer.text()
    assert stage.written() == NOTHING


async def test_nothing_is_written_about_an_alert_that_is_over(client: Client, stage: ActingStage) -> None:
    made = await forms(client)
    stage.step("resolved", 3)
    for address, fields in made.items():
        await client.post(address, data={**fields, "days": "1"}, headers=OURS)
    assert stage.written() == NOTHING
    assert await forms(client) == {}


async def test_links_in_mails_need_no_login(client: Client, stage: ActingStage, login: AlwaysBy) -> None:
    login.visitor = person("nobody")
    token = stage.token("acknowledge")
    assert (await client.get(STORY)).status == 403
    assert (await client.get(page(token))).status == 200
    status, root = await confirm(client, token)
    assert (status, heading(root)) == (200, "Acknowledged")
    assert stage.written()[0][0].author == ANN.email
