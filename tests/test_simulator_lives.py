"""The simulator's persons: lives that make sense, told within the contracts."""

from __future__ import annotations

import io
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache
from itertools import pairwise
from typing import Any

import fastavro

from bewithu.clock import brussels_day
from bewithu.simulator import (
    Plan,
)
from bewithu.simulator.acts import BENEFIT, HOUSING, REGISTRATION
from schemas.contracts import contracts, parsed_schema
from tests.test_simulator import SMALL, Event, accepted, small


@cache
def lives_of(topic: str) -> Mapping[str, list[Event]]:
    """The events of a topic by person, as they happened, without those that may still have been on their way."""
    told = defaultdict[str, list[Event]](list)
    for found, event in accepted(replace(SMALL, until=date(2025, 12, 31))):
        if found == topic and event["occurred_at"] < datetime(2024, 12, 31, tzinfo=UTC):
            told[event["person"]].append(event)
    return told


def test_publications_come_in_the_order_of_their_time_within_the_plan() -> None:
    times = [entry.published_at for entry in small()]
    assert all(earlier <= later for earlier, later in pairwise(times))
    assert times[0] >= SMALL.starts_at
    assert times[-1] < SMALL.ends_at


def test_every_undamaged_publication_keeps_its_contract() -> None:
    for entry in small():
        if entry.damage is None:
            assert contracts()[entry.topic].check(entry.event, entry.published_at) == ()
            assert entry.event["occurred_at"] <= entry.event["recorded_at"] <= entry.published_at


def test_every_event_encodes_in_its_schema_and_comes_back() -> None:
    for entry in small():
        buffer = io.BytesIO()
        fastavro.schemaless_writer(buffer, parsed_schema(entry.topic), entry.event, strict=True)
        buffer.seek(0)
        back: Any = fastavro.schemaless_reader(buffer, parsed_schema(entry.topic), None)
        assert {**back, "event_id": str(back["event_id"])} == entry.event


def test_lives_follow_each_other_as_in_life() -> None:
    for told in lives_of(REGISTRATION).values():
        statuses = [event["status"] for event in told]
        assert statuses[0] == "certified"
        assert statuses.count("certified") == 1
        if "card_issued" in statuses:
            assert statuses.index("declared") < statuses.index("card_issued")
        if "struck_off" in statuses:
            assert statuses[-1] == "struck_off"


def test_nobody_moves_in_twice_without_moving_out() -> None:
    for told in lives_of(HOUSING).values():
        moves = [event for event in told if event["status"] != "need_declared"]
        assert [event["status"] for event in moves] == ["moved_in", "moved_out"] * (len(moves) // 2) + (
            ["moved_in"] if len(moves) % 2 else []
        )
        for left, following in pairwise(moves):
            if left["status"] == "moved_out":
                assert left["destination"] == following["site_type"]


def test_a_benefit_is_asked_for_before_it_is_decided_and_ends_once() -> None:
    allowed = {
        None: {"requested"},
        "requested": {"granted", "refused"},
        "granted": {"changed", "ended"},
        "changed": {"changed", "ended"},
        "ended": {"requested"},
        "refused": set(),
    }
    told = lives_of(BENEFIT)
    assert len(told) > 100
    for events in told.values():
        statuses = [event["status"] for event in events]
        assert all(after in allowed[before] for before, after in pairwise([None, *statuses]))


def test_nothing_happens_after_the_striking_off_but_the_end_of_the_benefit() -> None:
    gone: dict[str, datetime] = {}
    for topic, event in accepted(SMALL):
        if event["status"] == "struck_off":
            gone[event["person"]] = event["occurred_at"]
        elif event["person"] in gone and event["occurred_at"] > gone[event["person"]]:
            assert (topic, event["status"]) == (BENEFIT, "ended")
    assert gone


def test_a_household_arrives_together_in_one_municipality() -> None:
    households = defaultdict[str, list[Event]](list)
    for entry in small():
        event = entry.event
        if event["status"] == "certified" and entry.damage is None and event["revision"] == 0:
            households[event["household"]].append(event)
    assert all(len({event["occurred_at"] for event in members}) == 1 for members in households.values())
    assert all(len({event["municipality"] for event in members}) == 1 for members in households.values())
    persons = {event["person"] for members in households.values() for event in members}
    assert 1.7 <= len(persons) / len(households) <= 2.5


def test_bastogne_has_its_old_code_until_the_day_of_its_merger() -> None:
    plan = Plan(scale=0.2)
    merged = date(2024, 12, 2)
    seen = {
        (event["municipality"], brussels_day(event["occurred_at"]) < merged)
        for _, event in accepted(plan)
        if event["municipality"] in ("82003", "82005", "82039")
    }
    assert ("82003", True) in seen
    assert seen <= {("82003", True), ("82005", True), ("82039", False)}


def test_some_cpas_decisions_are_recorded_weeks_late() -> None:
    delays = [
        event["recorded_at"] - event["occurred_at"] for topic, event in accepted(SMALL) if topic == BENEFIT
    ]
    late = sum(delay > timedelta(days=14) for delay in delays) / len(delays)
    assert 0.05 < late < 0.2
