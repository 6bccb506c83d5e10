"""The simulator's plan: published totals, reproducible from a seed, refused when it makes no sense."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import islice
from typing import Any

import pytest

from bewithu.clock import brussels_day
from bewithu.simulator import (
    Plan,
    Publication,
    monthly_certificates,
    simulate,
)
from bewithu.simulator.acts import HOUSING
from schemas.agencies import agency_names
from schemas.areas import municipalities

SMALL = Plan(seed=7, scale=0.01)
Event = Mapping[str, Any]


@cache
def small() -> tuple[Publication, ...]:
    return tuple(simulate(SMALL))


@cache
def accepted(plan: Plan) -> tuple[tuple[str, Event], ...]:
    """What remains: of every undamaged event the last revision, unless it was taken back. By occurred_at."""
    latest: dict[str, tuple[str, Event]] = {}
    for publication in simulate(plan):
        event = publication.event
        known = latest.get(event["event_id"])
        if publication.damage is None and (known is None or known[1]["revision"] < event["revision"]):
            latest[event["event_id"]] = (publication.topic, event)
    kept = (entry for entry in latest.values() if not entry[1]["cancelled"])
    return tuple(sorted(kept, key=lambda entry: entry[1]["occurred_at"]))


def test_every_agency_that_publishes_has_a_name() -> None:
    for agency in {entry.event["agency"] for entry in small()}:
        kind = agency.partition("-")[0]
        assert agency_names(kind)["de"] != kind
        if kind not in ("mun", "cpas"):
            assert agency_names(agency)["de"] != agency


def certificates(plan: Plan) -> list[Event]:
    return [event for _, event in accepted(plan) if event["status"] == "certified"]


def test_certified_persons_by_month_follow_the_published_figures() -> None:
    plan = Plan(scale=0.2)
    found = Counter(f"{brussels_day(event['occurred_at']):%Y-%m}" for event in certificates(plan))
    assert found["2022-03"] == pytest.approx(26_507 * 0.2, rel=0.03)
    for month, expected in monthly_certificates(plan).items():
        assert abs(found[month] - expected) <= max(2, 0.03 * expected), month


def test_monthly_targets_add_up_to_the_published_years() -> None:
    targets = monthly_certificates(Plan())
    years = Counter[str]()
    for month, target in targets.items():
        years[month[:4]] += target
    assert targets["2022-04"] == 11_035
    assert years == pytest.approx({"2022": 63_356, "2023": 15_626, "2024": 13_277}, abs=6)


def test_a_month_that_the_plan_cuts_counts_in_part() -> None:
    half = monthly_certificates(Plan(since=date(2023, 3, 1), until=date(2023, 3, 15)))["2023-03"]
    assert 0.4 < half / monthly_certificates(Plan())["2023-03"] < 0.6


def test_regions_of_stay_are_59_22_and_19_percent() -> None:
    people = certificates(Plan(scale=0.2))
    regions = Counter(municipalities()[event["municipality"]].region for event in people)
    for region, share in (("02000", 0.59), ("04000", 0.22), ("03000", 0.19)):
        assert regions[region] / len(people) == pytest.approx(share, abs=0.02)


def test_minors_fall_from_40_to_22_percent_and_53_percent_are_women() -> None:
    people = certificates(Plan(scale=0.2))

    def minors(since: date, until: date) -> float:
        ages = [
            event["age_group"] for event in people if since <= brussels_day(event["occurred_at"]) <= until
        ]
        return sum(age in ("a00_05", "a06_17") for age in ages) / len(ages)

    assert minors(date(2022, 3, 1), date(2022, 3, 31)) == pytest.approx(0.40, abs=0.03)
    assert minors(date(2022, 9, 1), date(2024, 12, 31)) == pytest.approx(0.22, abs=0.02)
    assert sum(event["sex"] == "female" for event in people) / len(people) == pytest.approx(0.53, abs=0.02)


def test_stock_and_strike_offs_come_near_the_published_ones() -> None:
    declared = {event["person"] for _, event in accepted(Plan(scale=0.2)) if _before(event, "declared")}
    struck = {event["person"] for _, event in accepted(Plan(scale=0.2)) if _before(event, "struck_off")}
    assert len(declared - struck) / 0.2 == pytest.approx(64_997, rel=0.05)
    assert len(struck) / 0.2 == pytest.approx(17_374, rel=0.10)


def test_a_third_of_the_cards_is_not_renewed_when_they_expire_in_2023() -> None:
    expiry = date(2023, 3, 4)
    days = defaultdict[str, list[date]](list)
    for _, event in accepted(Plan(scale=0.2)):
        days[event["status"]].append(brussels_day(event["occurred_at"]))
    in_time = sum(date(2023, 1, 4) <= day <= expiry for day in days["renewed"])
    assert days["not_renewed"].count(expiry) / (days["not_renewed"].count(expiry) + in_time) == pytest.approx(
        0.33, abs=0.03
    )


def test_emergency_housing_fills_up_in_autumn_2022_and_empties_again() -> None:
    stock = _emergency_stock(Plan(scale=0.2))
    autumn = max(stock[day] for day in stock if date(2022, 10, 1) <= day <= date(2022, 12, 31))
    before = max(stock[day] for day in stock if day < date(2022, 9, 1))
    after = max(stock[day] for day in stock if day > date(2023, 6, 1))
    assert autumn > 1.4 * before
    assert autumn > 4 * after
    assert autumn / 0.2 > 1_500  # the places of the transit centre


def _before(event: Event, status: str) -> bool:
    return bool(event["status"] == status and event["occurred_at"] < datetime(2024, 11, 1, tzinfo=UTC))


def _emergency_stock(plan: Plan) -> dict[date, int]:
    change = Counter[date]()
    for topic, event in accepted(plan):
        if topic == HOUSING and event["site_type"] == "emergency":
            change[brussels_day(event["occurred_at"])] += 1 if event["status"] == "moved_in" else -1
    stock: dict[date, int] = {}
    total = 0
    for day in (plan.since + timedelta(days=number) for number in range((plan.until - plan.since).days)):
        total += change[day]
        stock[day] = total
    return stock


def test_the_same_seed_gives_the_same_publications_and_another_seed_others() -> None:
    first = list(islice(simulate(Plan(seed=3, scale=0.05)), 5_000))
    assert first == list(islice(simulate(Plan(seed=3, scale=0.05)), 5_000))
    other = list(islice(simulate(Plan(seed=4, scale=0.05)), 5_000))
    assert not {entry.event["event_id"] for entry in first} & {entry.event["event_id"] for entry in other}


def test_a_smaller_scale_has_some_of_the_same_lives() -> None:
    larger = {_key(entry): entry for entry in simulate(replace(SMALL, scale=0.02))}
    lives = [entry for entry in small() if entry.event["person"] is not None]
    same = sum(larger.get(_key(entry)) == entry for entry in lives)
    # only the household that completes a month's number may differ
    assert same > 0.9 * len(lives)


def test_a_plan_that_ends_earlier_has_the_same_beginning() -> None:
    shorter = list(simulate(replace(SMALL, until=date(2022, 6, 30))))
    assert shorter == list(small()[: len(shorter)])
    assert shorter[-1].published_at < datetime(2022, 6, 30, 22, tzinfo=UTC)


def test_lives_do_not_depend_on_the_faults_that_are_planned() -> None:
    flawless = replace(SMALL, duplicates=0, corrections=0, cancellations=0, malformed=0, late=0)
    happened = {_act(entry) for entry in simulate(flawless)}
    # some are published only after the plan's end with faults, or without
    assert len(happened ^ {_act(entry) for entry in small() if not _is_fault(entry)}) < 0.02 * len(happened)


def _act(entry: Publication) -> tuple[Any, ...]:
    return entry.topic, entry.event["person"], entry.event["status"], entry.event["occurred_at"]


def _is_fault(entry: Publication) -> bool:
    return entry.damage is not None or entry.event["revision"] > 0


def _key(entry: Publication) -> tuple[Any, ...]:
    return entry.event["event_id"], entry.event["revision"], entry.published_at, entry.damage


@pytest.mark.parametrize(
    ("wrong", "message"),
    [
        ({"since": date(2021, 1, 1)}, "2021-01-01"),
        ({"until": date(2022, 1, 1)}, "2022-01-01"),
        ({"scale": 0}, "scale is 0"),
        ({"duplicates": 0.9, "corrections": 0.2}, "0.9"),
        ({"late": -0.1}, "-0.1"),
        ({"damages": ()}, "no damages"),
    ],
)
def test_a_plan_that_cannot_be_is_refused_with_its_value(wrong: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Plan(**wrong)


def test_the_share_of_the_plan_goes_from_nothing_to_all() -> None:
    assert SMALL.share_at(SMALL.starts_at) == 0
    assert SMALL.share_at(SMALL.ends_at) == 1
    assert SMALL.share_at(SMALL.ends_at + timedelta(days=9)) == 1
    assert 0.4 < SMALL.share_at(datetime(2023, 8, 1, tzinfo=UTC)) < 0.6
