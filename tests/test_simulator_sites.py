"""The simulator's reception sites: their places are those of the sites where it houses people."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import date, timedelta
from functools import cache
from itertools import pairwise

import pytest

from bewithu.simulator import Plan, simulate
from bewithu.simulator.acts import CAPACITY, HOUSING
from schemas.areas import municipalities
from tests.test_simulator import SMALL, Event, accepted

FLAWLESS = Plan(seed=7, scale=0.05, duplicates=0, corrections=0, cancellations=0, malformed=0)


@cache
def told_of(plan: Plan, topic: str) -> Mapping[str, list[Event]]:
    """The topic's events of each site, in the order of time."""
    told = defaultdict[str, list[Event]](list)
    for found, event in accepted(plan):
        if found == topic and event["site"] is not None:
            told[event["site"]].append(event)
    return told


def test_places_are_never_fewer_than_none_and_none_are_left_when_a_site_closes() -> None:
    events = [
        event for plan in (SMALL, FLAWLESS) for each in told_of(plan, CAPACITY).values() for event in each
    ]
    assert len(events) > 1_000
    assert all(event["places"] >= 0 for event in events)
    assert all((event["places"] == 0) == (event["status"] == "closed") for event in events)
    assert all(event["person"] is None and event["household"] is None for event in events)


def test_a_site_opens_before_it_changes_or_closes_and_may_open_again() -> None:
    allowed = {"opened": {"changed", "closed"}, "changed": {"changed", "closed"}, "closed": {"opened"}}
    for events in told_of(FLAWLESS, CAPACITY).values():
        statuses = [event["status"] for event in events]
        assert statuses[0] == "opened"
        assert all(after in allowed[before] for before, after in pairwise(statuses))


def test_every_site_where_people_live_is_announced_before_they_move_in() -> None:
    announced = told_of(FLAWLESS, CAPACITY)
    for site, moves in told_of(FLAWLESS, HOUSING).items():
        first = moves[0]
        if first["status"] == "moved_in":
            opened = announced[site][0]
            assert opened["occurred_at"] < first["occurred_at"]
            same = ("site_type", "municipality")
            assert [opened[name] for name in same] == [first[name] for name in same]


def test_only_the_transit_centre_is_ever_crowded() -> None:
    crowded = set()
    for site, moves in told_of(FLAWLESS, HOUSING).items():
        steps = [(event["occurred_at"], 0, event["places"]) for event in told_of(FLAWLESS, CAPACITY)[site]]
        steps += [(event["occurred_at"], 1, 1 if event["status"] == "moved_in" else -1) for event in moves]
        places = residents = 0
        for _, is_move, number in sorted(steps):
            places, residents = (places, residents + number) if is_move else (number, residents)
            if residents > places:
                crowded.add(site)
    assert crowded == {"ariane"}


def test_the_transit_centre_s_places_follow_the_scale() -> None:
    for scale, expected in ((1.0, 1_500), (0.1, 150), (0.0005, 1)):
        plan = Plan(scale=scale, until=date(2022, 3, 2))
        first = next(entry.event for entry in simulate(plan) if entry.topic == CAPACITY)
        assert (first["site"], first["status"], first["places"]) == ("ariane", "opened", expected)


@pytest.mark.parametrize(("since", "places"), [(date(2022, 3, 1), 1_500), (date(2023, 6, 1), 400)])
def test_a_plan_that_starts_later_finds_the_transit_centre_as_it_was_then(since: date, places: int) -> None:
    plan = replace(FLAWLESS, since=since, until=since + timedelta(days=3))
    (first, *later) = told_of(plan, CAPACITY)["ariane"]
    assert (first["status"], first["places"], later) == ("opened", places * FLAWLESS.scale, [])


def test_fedasil_tells_of_shelter_and_the_regions_of_other_sites() -> None:
    agencies = {
        (event["site_type"], event["agency"], event["operator"] if event["site"] != "ariane" else "ariane")
        for events in told_of(FLAWLESS, CAPACITY).values()
        for event in events
    }
    regions = ("reg-vl", "reg-wal", "reg-bru")
    assert {each for each in agencies if each[0] == "emergency"} == {
        ("emergency", "fedasil", "ariane"),
        ("emergency", "fedasil", "private"),
    }
    assert {each for each in agencies if each[0] == "municipal"} == {
        ("municipal", agency, "municipal") for agency in regions
    }
    assert {each[1] for each in agencies if each[0] == "collective"} == set(regions)


def test_a_site_keeps_its_code_through_a_merger_and_is_then_in_the_new_municipality() -> None:
    plan = replace(FLAWLESS, until=date(2025, 12, 31))
    moved = [
        {event["municipality"] for event in events}
        for events in told_of(plan, CAPACITY).values()
        if len({event["municipality"] for event in events}) > 1
    ]
    assert moved
    for codes in moved:
        assert len({municipalities()[code].current_nis for code in codes}) == 1
