"""Brings the steps of some subjects to what their events say, and the moves with them."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

import polars as pl

from sinks.clickhouse.database import Database, statement
from sinks.clickhouse.indicator_sql import (
    Concern,
    existing_steps_statement,
    facts_statement,
    packed_steps_statement,
    parameters_of,
)
from sinks.clickhouse.refresh_run import Run
from sinks.indicators.moves import Families, generations_of, moves_of
from sinks.indicators.packing import number_of_cell, numbered, worded
from sinks.indicators.steps import difference, steps_of

#: Moves of one insert: ClickHouse surely stores twice as many as one part.
ROWS_OF_A_PART = 500_000


class StepStore:
    """Every write is state-based: done again, it changes nothing."""

    def __init__(self, database: Database) -> None:
        self._database = database
        #: Whether no two generations that are stored share a number (sinks/indicators/packing.py).
        self.told_apart = False
        self._cells: dict[int, str] = {}

    def bring_up(self, run: Run, concerns: Sequence[Concern], families: Families) -> None:
        """Moves are written for the generations of `families` only."""
        if concerns:
            self.write(run, self.missing(concerns), families)

    def write(self, run: Run, missing: pl.DataFrame, families: Families) -> None:
        """Adds what `missing` says, and its moves."""
        for steps, moves in _in_parts(missing, families):
            numbered = steps.with_columns(refresh=pl.lit(run.number, pl.UInt64))
            run.insert(self._database, "steps", _packed(numbered))
            # Steps first: what breaks off between the two is brought to its end from them.
            self._insert_moves(run, run.number, moves)
            run.number += 1

    def finish_moves(self, run: Run, unmoved: Sequence[int], families: Families) -> None:
        """Refreshes that broke off after their steps get their moves."""
        for number in unmoved:
            steps = self._database.frame(statement("steps_of_refresh"), refresh=number)
            self._insert_moves(run, number, moves_of(steps, families))

    def missing(self, concerns: Sequence[Concern]) -> pl.DataFrame:
        """The steps that are to be added so that those of these subjects are what their events say."""
        facts = {}
        for event in sorted({event for concern in concerns for event in concern.events}):
            looking = [concern for concern in concerns if event in concern.events]
            given = parameters_of(looking)
            facts[event] = self._database.frame(facts_statement(event, looking), **given)
        is_packed = self.told_apart and all(concern.whom.listed for concern in concerns)
        asked = packed_steps_statement(concerns) if is_packed else existing_steps_statement(concerns)
        with ThreadPoolExecutor(1) as beside:
            # The store looks for what is there while what should be there is worked out.
            existing = beside.submit(self._database.frame, asked, **parameters_of(concerns))
            target = pl.concat([target_of(concern, facts) for concern in concerns])
            if not is_packed:
                return difference(target, existing.result())
            self._learn(target)
            missing = difference(numbered(target), existing.result())
        if not self._cells.keys() >= set(missing["cell"]):
            self._learn(self._database.frame(statement("cells_of_steps")))
        return worded(missing, [key for concern in concerns for key in concern.generations], self._cells)

    def _learn(self, steps: pl.DataFrame) -> None:
        self._cells.update((number_of_cell(cell), cell) for cell in steps["cell"].unique())

    def _insert_moves(self, run: Run, number: int, moves: pl.DataFrame) -> None:
        run.changed += len(moves)
        stamps = {
            "known_at": pl.lit(run.now, pl.Datetime("ms", "UTC")),
            "refresh": pl.lit(number, pl.UInt64),
        }
        run.insert(self._database, "moves", _packed(moves.with_columns(**stamps)))


def target_of(concern: Concern, facts: Mapping[str, pl.DataFrame]) -> pl.DataFrame:
    """The steps that the concern's subjects should have, in each of its generations."""
    own = {event: facts[event].filter(pl.col(concern.flag)) for event in concern.events}
    return steps_of(own, concern.indicators).join(generations_of(concern.generations), on="indicator")


def _packed(rows: pl.DataFrame) -> pl.DataFrame:
    """Words are sent once each, with a number for every row: few differ."""
    return rows.with_columns(pl.col(pl.String).cast(pl.Categorical))


def _in_parts(steps: pl.DataFrame, families: Families) -> Iterator[tuple[pl.DataFrame, pl.DataFrame]]:
    """Steps and their moves, in shares of which each is stored in one part, hence all or none of it."""
    moves = moves_of(steps, families)
    shares = 1 + len(moves) // ROWS_OF_A_PART
    if shares == 1:
        yield steps, moves
        return
    size = -(-len(steps) // shares)
    for begin in range(0, len(steps), size):
        share = steps[begin : begin + size]
        yield share, moves_of(share, families)
