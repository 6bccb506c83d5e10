"""The simulator's feeds: doubles, corrections and damaged messages, as real ones have them."""

from __future__ import annotations

import io
from collections import Counter
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from random import Random

import fastavro
import pytest

from bewithu.clock import brussels_day
from bewithu.simulator import (
    Damage,
    Plan,
    Publication,
    damaged,
    simulate,
)
from bewithu.simulator.acts import HEARTBEAT
from bewithu.simulator.damage import impossible_number
from schemas.contracts import contracts, parsed_schema
from schemas.national_number import is_national_number
from tests.test_simulator import SMALL, accepted, small


def test_the_shares_of_duplicates_corrections_and_damages_are_as_planned() -> None:
    plan = Plan(scale=0.05)
    # a machine sends the heartbeats: there are no faults in them
    publications = [entry for entry in simulate(plan) if entry.topic != HEARTBEAT]
    events = {entry.event["event_id"] for entry in publications}
    sent = Counter(
        (entry.event["event_id"], entry.event["revision"]) for entry in publications if entry.damage is None
    )
    corrected = sum(entry.event["revision"] == 1 and not entry.event["cancelled"] for entry in publications)
    assert sum(count > 1 for count in sent.values()) / len(events) == pytest.approx(0.02, rel=0.15)
    assert corrected / len(events) == pytest.approx(0.01, rel=0.25)
    assert sum(entry.event["cancelled"] for entry in publications) / len(events) == pytest.approx(
        0.002, rel=0.4
    )
    assert sum(entry.damage is not None for entry in publications) / len(events) == pytest.approx(
        0.005, rel=0.3
    )


def test_a_correction_keeps_id_person_and_moment_and_changes_something() -> None:
    originals = {
        entry.event["event_id"]: entry.event
        for entry in small()
        if entry.event["revision"] == 0 and entry.damage is None
    }
    corrections = [entry.event for entry in small() if entry.event["revision"] == 1]
    assert corrections
    for event in corrections:
        original = originals[event["event_id"]]
        assert (event["person"], event["occurred_at"]) == (original["person"], original["occurred_at"])
        assert event["recorded_at"] > original["recorded_at"]
        changed = {name for name in event if event[name] != original[name]} - {"revision", "recorded_at"}
        assert changed, "another content, or taken back"


def test_a_damaged_event_is_followed_by_the_true_one() -> None:
    plan = replace(SMALL, malformed=0.2, until=date(2022, 12, 31))
    publications = [
        entry for entry in simulate(plan) if entry.published_at < datetime(2022, 10, 1, tzinfo=UTC)
    ]
    mended = {entry.event["event_id"] for entry in simulate(plan) if entry.damage is None}
    broken = {entry.event["event_id"] for entry in publications if entry.damage is not None}
    assert len(broken) > 100
    assert broken <= mended


EXPECTED_REASON = {
    Damage.UNKNOWN_MUNICIPALITY: "unknown_municipality",
    Damage.IN_FUTURE: "in_future",
    Damage.NEGATIVE_AMOUNT: "out_of_range",
    Damage.NATIONAL_NUMBER: "national_number",
}


@pytest.mark.parametrize("damage", EXPECTED_REASON)
def test_a_wrong_event_breaks_the_rule_that_it_should(damage: Damage) -> None:
    plan = replace(SMALL, malformed=0.2, damages=(damage,), until=date(2022, 12, 31))
    broken = [entry for entry in simulate(plan) if entry.damage is not None]
    assert {entry.damage for entry in broken} == {damage}
    for entry in broken:
        reasons = [found.reason for found in contracts()[entry.topic].check(entry.event, entry.published_at)]
        assert EXPECTED_REASON[damage] in reasons


def test_national_numbers_are_valid_and_of_nobody() -> None:
    random = Random(5)
    for _ in range(500):
        digits = "".join(filter(str.isdigit, impossible_number(random)))
        assert is_national_number(digits)
        assert 97 - int("2" + digits[:9]) % 97 == int(digits[9:])  # so born from 2000 on, and
        assert 2000 + int(digits[:2]) >= 2060  # not born yet


def wire(entry: Publication) -> bytes:
    buffer = io.BytesIO()
    fastavro.schemaless_writer(buffer, parsed_schema(entry.topic), entry.event)
    return b"\0\0\0\0\7" + buffer.getvalue()


def reads_whole(topic: str, value: bytes) -> bool:
    """Whether it is in the wire format with the known schema id, and one datum and nothing more."""
    buffer = io.BytesIO(value[5:])
    try:
        fastavro.schemaless_reader(buffer, parsed_schema(topic), None)
    except (EOFError, IndexError, ValueError, OverflowError):
        return False
    return value[:5] == b"\0\0\0\0\7" and not buffer.read(1)


@pytest.mark.parametrize("damage", [damage for damage in Damage if damage.hits_bytes])
def test_damaged_bytes_no_longer_decode(damage: Damage) -> None:
    random = Random(5)
    whole = [entry for entry in small() if entry.damage is None]
    one_each = {entry.topic: entry for entry in whole}
    assert one_each.keys() == contracts().keys()
    for entry in one_each.values() if damage is Damage.HUGE else whole[::40]:
        value = wire(entry)
        assert reads_whole(entry.topic, value)
        assert not reads_whole(entry.topic, damaged(value, damage, random))


def test_a_bad_enum_changes_one_byte_and_leaves_the_rest_readable() -> None:
    entry = small()[0]
    value = wire(entry)
    broken = damaged(value, Damage.BAD_ENUM, Random(5))
    assert sum(before != after for before, after in zip(value, broken, strict=True)) == 1
    with pytest.raises(IndexError):
        fastavro.schemaless_reader(io.BytesIO(broken[5:]), parsed_schema(entry.topic), None)


def test_damages_that_a_plan_leaves_out_do_not_occur() -> None:
    only = replace(SMALL, malformed=0.1, damages=(Damage.EMPTY, Damage.TRUNCATED), until=date(2022, 5, 1))
    assert {entry.damage for entry in simulate(only)} == {None, Damage.EMPTY, Damage.TRUNCATED}
    none = replace(SMALL, malformed=0.0, damages=())
    assert {entry.damage for entry in islice(simulate(none), 2_000)} == {None}


def test_a_silent_feed_sends_nothing_and_then_everything_at_once() -> None:
    days = Counter(
        brussels_day(entry.published_at)
        for entry in simulate(replace(SMALL, scale=0.2, until=date(2023, 8, 31)))
        if entry.event["agency"] == "fedasil"
    )
    assert not any(date(2023, 8, 4) <= day < date(2023, 8, 8) for day in days)
    usual = sum(days[date(2023, 7, day)] for day in range(1, 32)) / 31
    assert days[date(2023, 8, 8)] > 2 * usual


def test_certificates_of_2023_are_restated_in_2024() -> None:
    delays = [
        event["recorded_at"] - event["occurred_at"]
        for _, event in accepted(replace(SMALL, scale=0.2))
        if event["status"] == "certified" and brussels_day(event["occurred_at"]).year == 2023
    ]
    restated = sum(delay > timedelta(days=30) for delay in delays)
    assert restated / len(delays) == pytest.approx(283 / 15_626, rel=0.35)
