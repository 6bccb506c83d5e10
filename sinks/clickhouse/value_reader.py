"""Reads values as they are, small cells among them: what may be published comes from `published.py` alone."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

import polars as pl

from schemas.indicators import Counted, Indicator, Indicators
from sinks.clickhouse.database import Database, statement
from sinks.clickhouse.generations import read_generations, standing
from sinks.indicators.moves import moves_of
from sinks.indicators.values import (
    MOVES,
    counted_sides,
    counted_values,
    days_before,
    days_between,
    values_from_sides,
)

#: From a counted indicator's moves in some places to its values on some days.
WorkOut = Callable[[Counted, pl.DataFrame, pl.DataFrame, Sequence[date]], pl.DataFrame]


class ValueReader:
    """Values of any kind, on each of some days, as known now or at a moment."""

    def __init__(self, database: Database, indicators: Indicators) -> None:
        self._database = database
        self._indicators = indicators

    def daily(
        self,
        wanted: Sequence[str],
        areas: Sequence[str],
        breakdowns: Sequence[str],
        since: date,
        until: date,
        as_of: datetime | None = None,
    ) -> Mapping[str, pl.DataFrame]:
        """`VALUES` by indicator: each area and breakdown on each day from `since` to `until`."""
        definitions = [self._indicators[name] for name in wanted]
        counted = self.counted(definitions, areas, breakdowns, since, until, as_of)
        return values_from_sides(definitions, counted, since, until)

    def counted(
        self,
        definitions: Sequence[Indicator],
        areas: Sequence[str],
        breakdowns: Sequence[str],
        since: date,
        until: date,
        as_of: datetime | None = None,
        work_out: WorkOut = counted_values,
    ) -> dict[str, pl.DataFrame]:
        """`VALUES` of all that these are worked out from, from as many days before `since` as they look back."""
        sides = counted_sides(definitions, self._indicators)
        first = since - timedelta(days=days_before(definitions))
        moves = self._moves(sides, areas, breakdowns, first, until, as_of)
        places = pl.DataFrame({"area": areas}).join(pl.DataFrame({"breakdown": breakdowns}), how="cross")
        days = days_between(first, until)
        return {
            name: work_out(side, moves.get(name, MOVES.to_frame()), places, days)
            for name, side in sides.items()
        }

    def standing(self, definition: Indicator, as_of: datetime | None = None) -> Mapping[str, int]:
        """The generations that all its sides stand in; empty while one of them does not."""
        stands = standing(read_generations(self._database), as_of)
        sides = counted_sides([definition], self._indicators)
        return {name: stands[name] for name in sides} if sides.keys() <= stands.keys() else {}

    def _moves(
        self,
        sides: Mapping[str, Counted],
        areas: Sequence[str],
        breakdowns: Sequence[str],
        since: date,
        until: date,
        as_of: datetime | None,
    ) -> Mapping[str, pl.DataFrame]:
        generations = standing(read_generations(self._database), as_of)
        chosen = {name: generations[name] for name in sides if name in generations}
        if not chosen:
            return {}
        span = {
            "indicators": list(chosen),
            "generations": list(chosen.values()),
            "since": since,
            "until": until,
        }
        if as_of is None:
            found = self._database.frame(
                statement("moves_upto"), **span, areas=list(areas), breakdowns=list(breakdowns)
            )
        else:
            moment = as_of.astimezone(UTC).replace(tzinfo=None)
            steps = self._database.frame(statement("steps_as_of"), **span, as_of=moment)
            families = {(name, number): sides[name].breakdowns for name, number in chosen.items()}
            found = (
                moves_of(steps, families)
                .filter(pl.col("area").is_in(list(areas)) & pl.col("breakdown").is_in(list(breakdowns)))
                .with_columns(known_at=pl.lit(as_of, pl.Datetime("ms", "UTC")))
            )
        return {
            str(name): rows.select(MOVES.names())
            for (name,), rows in found.group_by("indicator", maintain_order=False)
        }
