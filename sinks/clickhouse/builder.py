"""Works out generations: the steps of all subjects, part by part, then all moves of one indicator at a time."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta

from schemas.indicators import Counted
from sinks.clickhouse.database import Database, statement
from sinks.clickhouse.generations import PARTS, STANDS, Generation, notes, read_generations
from sinks.clickhouse.indicator_sql import Concern, by_first_byte, facts_count_statement
from sinks.clickhouse.refresh_run import Run
from sinks.clickhouse.step_store import StepStore
from sinks.indicators.forgetting import NOBODY

#: After so long new events have their turn.
_SECONDS = 0.3
#: Facts that are worked out at once.
_FACTS_AT_ONCE = 50_000
#: Moves are worked out from so many steps at once.
_STEPS_AT_ONCE = 2_000_000

#: First and last days.
Spans = Sequence[tuple[date, date]]


class Builder:
    """Takes short steps, so that new events need not wait. Done again, a step changes nothing."""

    def __init__(self, database: Database, steps: StepStore, indicators: Mapping[str, Counted]) -> None:
        self._database = database
        self._steps = steps
        self._indicators = indicators

    def build(self, run: Run, unfinished: Sequence[Generation]) -> bool:
        """Goes on for a while; whether anything is left."""
        left, until = list(unfinished), time.monotonic() + _SECONDS
        while left:
            left = self._step(run, left)
            if time.monotonic() > until:
                break
        return bool(left)

    def _step(self, run: Run, unfinished: Sequence[Generation]) -> list[Generation]:
        """The next step for those that are least far; returns what is unfinished then."""
        upto = min(each.upto for each in unfinished)
        least = [each for each in unfinished if each.upto == upto]
        if upto == PARTS:
            least = self.write_moves(run, least)
            end = STANDS
        else:
            end = self._build_part(run, least, upto)
        noted = notes([(self._indicators[each.indicator], each.number, end) for each in least], run.now)
        run.insert(self._database, "generations", noted)
        others = [each for each in unfinished if each not in least]
        return others if end == STANDS else [*others, *(replace(each, upto=end) for each in least)]

    def _build_part(self, run: Run, least: Sequence[Generation], upto: int) -> int:
        if upto == 0:
            self._copy_nobodys_steps(run, least)
        concerned = {(each.indicator, each.number): self._indicators[each.indicator] for each in least}
        everybody = Concern(0, concerned, by_first_byte(upto, PARTS))
        end = min(PARTS, upto + parts_at_once(self._database.value(facts_count_statement(everybody.events))))
        self._steps.bring_up(run, [replace(everybody, whom=by_first_byte(upto, end))], {})
        return end

    def _copy_nobodys_steps(self, run: Run, least: Sequence[Generation]) -> None:
        """From the generation before, where it followed the same definition: the events behind them are forgotten."""
        known = read_generations(self._database)
        earlier = {each.indicator: each for each in reversed(known) if each.stands}
        for each in least:
            before = earlier.get(each.indicator)
            if before is not None and before.fingerprint == each.fingerprint:
                run.insert_selected(
                    self._database,
                    statement("copy_nobodys_steps"),
                    indicator=each.indicator,
                    generation=each.number,
                    earlier=before.number,
                    nobody=NOBODY.hex(),
                    refresh=run.number,
                )
                run.number += 1

    def write_moves(self, run: Run, complete: Sequence[Generation]) -> list[Generation]:
        """Of the first generation that has any; returns it, and before it all that have none."""
        extents = {
            (indicator, number): _spans(steps, first, last)
            for indicator, number, steps, first, last in self._database.rows(
                statement("extent_of_generations"),
                indicators=[each.indicator for each in complete],
                generations=[each.number for each in complete],
            )
        }
        empty = [each for each in complete if (each.indicator, each.number) not in extents]
        filled = [each for each in complete if each not in empty][:1]
        for each in filled:
            self._write_moves_of(run, each, extents[each.indicator, each.number])
        return [*empty, *filled]

    def _write_moves_of(self, run: Run, generation: Generation, spans: Spans) -> None:
        """Piece by piece: nobody reads a generation before it stands, and of one that stands they are right already."""
        for since, until in spans:
            run.insert_selected(
                self._database,
                statement("moves_of_generation"),
                indicator=generation.indicator,
                generation=generation.number,
                since=since,
                until=until,
                families=[list(family) for family in self._indicators[generation.indicator].breakdowns],
                known_at=run.now.replace(tzinfo=None),
                refresh=run.number,
            )
        run.number += 1


def parts_at_once(facts: int) -> int:
    """So many parts of all subjects that their share of all `facts` fits into memory."""
    return max(1, PARTS * _FACTS_AT_ONCE // max(1, facts))


def _spans(steps: int, first: date, last: date) -> Spans:
    """All days from first to last, in as many spans as keep the steps of each few."""
    count = 1 + steps // _STEPS_AT_ONCE
    length = timedelta(days=-(-((last - first).days + 1) // count))
    starts = [first + number * length for number in range(count) if first + number * length <= last]
    return [(start, min(last, start + length - timedelta(days=1))) for start in starts]
