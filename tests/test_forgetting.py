"""Which old events may go: what comes later changes values as if none had gone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from schemas.contracts import contract_of
from schemas.indicators import Counted
from sinks.indicators.forgetting import NOBODY, expendable, handed_over
from sinks.indicators.steps import difference, events_of, steps_of
from tests.every_kind import load_every_kind
from tests.test_indicators_match_oracle import examples

ANNA, BORIS = b"a" * 16, b"b" * 16
LEUVEN, TERVUREN = "24062", "24104"
TYPES = ("registration", "housing_change")
FIRST = date(2025, 3, 1)
HOURS = (0, 3, 12, 21)


@dataclass(frozen=True, slots=True)
class Event:
    """`day` counts from `FIRST`; `number` is its id."""

    number: int
    who: bytes
    event_type: str
    day: int
    status: str
    hour: int = 12
    place: str = LEUVEN
    site_type: str | None = "emergency"
    cancelled: bool = False

    @property
    def occurred_at(self) -> datetime:
        # Each at a moment of its own: ids would decide between two, which frames do not have in order.
        moment = datetime(FIRST.year, FIRST.month, FIRST.day, self.hour, tzinfo=UTC)
        return moment + timedelta(days=self.day, seconds=self.number)

    @property
    def event_id(self) -> str:
        return f"{self.number:032x}"


@pytest.fixture(scope="module")
def indicators(tmp_path_factory: pytest.TempPathFactory) -> list[Counted]:
    """Those of every kind that look at no other event types."""
    folder: Path = tmp_path_factory.mktemp("indicators")
    found = load_every_kind(folder).values()
    return [each for each in found if isinstance(each, Counted) and events_of(each) <= set(TYPES)]


def facts(events: Sequence[Event]) -> dict[str, pl.DataFrame]:
    schema = {
        "subject": pl.Binary(),
        "event_id": pl.String(),
        "occurred_at": pl.Datetime("ms", "UTC"),
        "municipality": pl.String(),
        "status": pl.String(),
        "site_type": pl.String(),
        "cancelled": pl.Boolean(),
    }
    return {
        event_type: pl.DataFrame(
            [
                (
                    each.who,
                    each.event_id,
                    each.occurred_at,
                    each.place,
                    each.status,
                    each.site_type,
                    each.cancelled,
                )
                for each in sorted(events, key=lambda each: (each.who, each.occurred_at))
                if each.event_type == event_type
            ],
            schema=schema,
            orient="row",
        ).with_columns(
            sex=pl.lit("female"), age_group=pl.lit("a18_34"), number_party_size=pl.lit(2, pl.Int64)
        )
        for event_type in TYPES
    }


def steps(events: Sequence[Event], indicators: Sequence[Counted]) -> pl.DataFrame:
    sound = [each for each in events if not each.cancelled]
    made = steps_of(facts(sound), indicators)
    return made.with_columns(generation=pl.lit(1, pl.UInt64))


def kept(events: Sequence[Event], indicators: Sequence[Counted], cuts: dict[str, date]) -> list[Event]:
    gone = expendable(facts(events), indicators, cuts)
    ids = {event_type: set(frame["event_id"]) for event_type, frame in gone.items()}
    return [each for each in events if each.event_id not in ids[each.event_type]]


def rows(frame: pl.DataFrame) -> set[tuple[Any, ...]]:
    return set(frame.select(sorted(frame.columns)).rows())


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Event], dict[str, date]]:
    events = []
    for number in range(draw(st.integers(1, 12))):
        event_type = draw(st.sampled_from(TYPES))
        events.append(
            Event(
                number,
                draw(st.sampled_from((ANNA, ANNA, ANNA, BORIS))),
                event_type,
                draw(st.integers(0, 9)),
                draw(st.sampled_from(contract_of(event_type).symbols["status"])),
                draw(st.sampled_from(HOURS)),
                draw(st.sampled_from((LEUVEN, TERVUREN))),
                draw(st.sampled_from(("emergency", "collective", None))),
                draw(st.sampled_from((False, False, False, True))),
            )
        )
    return events, {event_type: FIRST + timedelta(days=draw(st.integers(0, 9))) for event_type in TYPES}


@examples(6)
@given(histories(), st.data())
def test_what_comes_later_changes_what_it_would_have_changed(
    indicators: list[Counted], drawn: tuple[list[Event], dict[str, date]], data: st.DataObject
) -> None:
    events, cuts = drawn
    latest = max(cuts.values())
    known = [each for each in events if FIRST + timedelta(days=each.day) < latest or data.draw(st.booleans())]
    left = kept(known, indicators, cuts)
    # Who was forgotten altogether is new when they come back.
    strangers = {each.who for each in known} - {each.who for each in left}
    later = [each for each in events if each not in known and each.who not in strangers]
    as_ever = difference(steps([*known, *later], indicators), steps(known, indicators))
    found = difference(steps([*left, *later], indicators), steps(left, indicators))
    assert rows(found) == rows(as_ever)


@examples(2)
@given(histories())
def test_nothing_goes_that_is_not_old_and_nothing_that_counts(
    indicators: list[Counted], drawn: tuple[list[Event], dict[str, date]]
) -> None:
    events, cuts = drawn
    left = kept(events, indicators, cuts)
    gone = [each for each in events if each not in left]
    assert all(FIRST + timedelta(days=each.day) < cuts[each.event_type] for each in gone)
    # What the events that went had added came to an end.
    ends = difference(steps(events, indicators), steps(left, indicators))
    stocks = [each.id for each in indicators if each.kind == "stock"]
    assert (
        ends.filter(pl.col("indicator").is_in(stocks))
        .group_by("indicator", "subject", "municipality", "cell")
        .agg(pl.col("delta").sum())
        .filter(pl.col("delta") != 0)
        .is_empty()
    )


@examples(2)
@given(histories())
def test_what_is_handed_over_changes_no_sum_of_any_refresh(
    indicators: list[Counted], drawn: tuple[list[Event], dict[str, date]]
) -> None:
    events, cuts = drawn
    half = len(events) // 2
    first = steps(events[:half], indicators)
    second = difference(steps(events, indicators), first)
    existing = pl.concat(
        [
            each.select(first.columns).with_columns(refresh=pl.lit(number, pl.UInt64))
            for number, each in ((1, first), (2, second))
        ]
    )
    existing = existing.group_by(pl.exclude("delta")).agg(pl.col("delta").sum()).filter(pl.col("delta") != 0)
    target = steps(kept(events, indicators, cuts), indicators)
    written = handed_over(existing, target, 3)
    sums = written.group_by(pl.exclude("delta", "subject")).agg(pl.col("delta").sum())
    assert sums.filter(pl.col("delta") != 0).is_empty()
    own = pl.concat([existing, written.select(existing.columns)]).filter(pl.col("subject") != NOBODY)
    assert difference(target, own).is_empty()


def test_who_left_is_forgotten_and_who_stays_is_not(indicators: list[Counted]) -> None:
    cuts = dict.fromkeys(TYPES, FIRST + timedelta(days=9))
    came = Event(1, ANNA, "registration", 0, "certified")
    declared = Event(2, ANNA, "registration", 1, "declared")
    left = Event(3, ANNA, "registration", 4, "struck_off")
    assert kept([came, declared, left], indicators, cuts) == []
    # The certificate is where a waiting began that the declaration ended: no other one is to end it again.
    assert kept([came, declared], indicators, cuts) == [came, declared]


def test_of_a_cancelled_event_nothing_is_kept(indicators: list[Counted]) -> None:
    cuts = dict.fromkeys(TYPES, FIRST + timedelta(days=9))
    assert kept([Event(1, ANNA, "registration", 0, "certified", cancelled=True)], indicators, cuts) == []


def test_who_is_still_heard_of_keeps_what_decides_and_loses_the_rest(indicators: list[Counted]) -> None:
    cuts = dict.fromkeys(TYPES, FIRST + timedelta(days=9))
    moves = [Event(number, ANNA, "housing_change", number, "moved_in") for number in range(1, 5)]
    recent = Event(9, ANNA, "housing_change", 12, "moved_in")
    # The first one is where waiting ended, the last one where they lived at the cut.
    assert kept([*moves, recent], indicators, cuts) == [moves[0], moves[-1], recent]


def test_what_one_indicator_remembers_does_not_come_to_count_in_another(indicators: list[Counted]) -> None:
    cuts = dict.fromkeys(TYPES, FIRST + timedelta(days=9))
    came = Event(1, ANNA, "housing_change", 1, "moved_in")
    left = Event(2, ANNA, "housing_change", 2, "moved_out")
    recent = Event(3, ANNA, "registration", 12, "renewed")
    assert kept([came, left, recent], indicators, cuts) == [came, left, recent]


def changes(
    known: Sequence[Event], later: Sequence[Event], indicators: Sequence[Counted]
) -> set[tuple[Any, ...]]:
    return rows(difference(steps([*known, *later], indicators), steps(known, indicators)))


def test_a_start_is_remembered_until_its_end_comes(indicators: list[Counted]) -> None:
    cuts = dict.fromkeys(TYPES, FIRST + timedelta(days=9))
    known = [
        Event(1, ANNA, "registration", 1, "certified"),
        Event(2, ANNA, "registration", 2, "struck_off"),
        Event(3, ANNA, "registration", 10, "renewed"),
    ]
    moved_in = [Event(4, ANNA, "housing_change", 12, "moved_in")]
    as_ever = changes(known, moved_in, indicators)
    assert "days_to_move" in {row for found in as_ever for row in found}
    assert changes(kept(known, indicators, cuts), moved_in, indicators) == as_ever


def test_a_leave_is_remembered_while_a_start_before_it_is_still_kept(indicators: list[Counted]) -> None:
    # Housing is kept longer than registrations are.
    cuts = {"registration": FIRST + timedelta(days=9), "housing_change": FIRST}
    known = [
        Event(1, ANNA, "housing_change", 1, "need_declared"),
        Event(2, ANNA, "registration", 2, "not_renewed"),
    ]
    assert kept(known, indicators, cuts) == known
    moved_in = [Event(3, ANNA, "housing_change", 12, "moved_in")]
    assert changes(kept(known, indicators, cuts), moved_in, indicators) == changes(
        known, moved_in, indicators
    )
