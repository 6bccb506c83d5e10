"""Generations of indicators: each follows one definition, and is read once all subjects are worked out in it."""

from __future__ import annotations

import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

import polars as pl

from schemas.indicators import Counted, scale_of
from sinks.clickhouse.database import Database, statement

#: Subjects are worked out by the first byte of their identifier.
PARTS = 256
#: All subjects are worked out, and the moves too.
STANDS = PARTS + 1
_NOTE = {
    "indicator": pl.String(),
    "generation": pl.UInt64(),
    "fingerprint": pl.String(),
    "kind": pl.String(),
    "scale": pl.UInt32(),
    "upto": pl.UInt16(),
    "known_at": pl.Datetime("ms", "UTC"),
}


@dataclass(frozen=True, slots=True)
class Generation:
    """Of `PARTS` parts of all subjects the first `upto` are worked out; it `stands` when the moves are, too."""

    indicator: str
    number: int
    fingerprint: str
    upto: int
    since: datetime | None

    @property
    def stands(self) -> bool:
        return self.upto == STANDS


def read_generations(database: Database) -> Sequence[Generation]:
    """All of them, an indicator's newest first."""
    return [
        Generation(indicator, number, fingerprint, upto, _utc(since) if upto == STANDS else None)
        for indicator, number, fingerprint, upto, since in database.rows(
            statement("generations"), stands=STANDS
        )
    ]


def standing(generations: Iterable[Generation], as_of: datetime | None = None) -> Mapping[str, int]:
    """The generation of each indicator that readers have, or had at a moment."""
    found: dict[str, int] = {}
    for each in generations:
        if each.since is not None and (as_of is None or each.since <= as_of):
            found.setdefault(each.indicator, each.number)
    return found


def building(generations: Iterable[Generation], indicators: Mapping[str, Counted]) -> Sequence[Generation]:
    """Those that are still worked out: the newest of an indicator, when it follows today's definition."""
    newest: dict[str, Generation] = {}
    for each in generations:
        newest.setdefault(each.indicator, each)
    return [
        each
        for each in newest.values()
        if not each.stands
        and each.indicator in indicators
        and indicators[each.indicator].fingerprint == each.fingerprint
    ]


def kept(
    generations: Sequence[Generation], indicators: Mapping[str, Counted]
) -> Mapping[tuple[str, int], Counted]:
    """Those that new events go into, by id and number: what stands or is worked out under today's definition."""
    stands = standing(generations)
    wanted = {(each.indicator, each.number) for each in building(generations, indicators)} | set(
        stands.items()
    )
    return {
        (each.indicator, each.number): indicators[each.indicator]
        for each in generations
        if (each.indicator, each.number) in wanted
        and each.indicator in indicators
        and indicators[each.indicator].fingerprint == each.fingerprint
    }


def without_generation(
    generations: Sequence[Generation], indicators: Mapping[str, Counted]
) -> Sequence[Counted]:
    """Indicators that are new, or defined anew: the newest generation, if any, follows another definition."""
    newest: dict[str, Generation] = {}
    for each in generations:
        newest.setdefault(each.indicator, each)
    return [
        indicator
        for indicator in indicators.values()
        if indicator.id not in newest or newest[indicator.id].fingerprint != indicator.fingerprint
    ]


def begin(database: Database, indicators: Sequence[Counted], now: datetime) -> Sequence[Generation]:
    """A generation for each, or the one that is being built under the same definition."""
    known = read_generations(database)
    under_way = {each.indicator: each for each in building(known, {found.id: found for found in indicators})}
    newest = max((each.number for each in known), default=0)
    number = max(newest + 1, time.time_ns() // 1000)
    fresh = [(found, number, 0) for found in indicators if found.id not in under_way]
    database.insert_frame("generations", notes(fresh, now))
    return [
        under_way.get(found.id, Generation(found.id, number, found.fingerprint, 0, None))
        for found in indicators
    ]


def notes(rows: Iterable[tuple[Counted, int, int]], now: datetime) -> pl.DataFrame:
    """Rows of `generations`: of each indicator the number of its generation and how many parts are done."""
    return pl.DataFrame(
        [
            (found.id, number, found.fingerprint, found.kind, scale_of(found), upto, now)
            for found, number, upto in rows
        ],
        schema=_NOTE,
        orient="row",
    )


def _utc(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)
