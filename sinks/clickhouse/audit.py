"""A routine look whether what is stored follows from the facts: a random sample, reported and put right."""

from __future__ import annotations

import logging
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.areas import areas
from schemas.indicators import Counted
from sinks.clickhouse.builder import Builder
from sinks.clickhouse.database import Database, statement
from sinks.clickhouse.generations import PARTS, Generation
from sinks.clickhouse.indicator_sql import Concern, by_first_byte
from sinks.clickhouse.refresh_run import Run
from sinks.clickhouse.step_store import StepStore
from sinks.indicators.moves import Families

log = logging.getLogger(__name__)

#: Who has an event that no finished refresh has taken in differs rightly.
_NOT_TAKEN_IN = (
    "SELECT DISTINCT subject FROM touched WHERE frame NOT IN"
    " (SELECT arrayJoin(frames) FROM batches WHERE batch IN (SELECT arrayJoin(batches) FROM refreshes))"
)


@dataclass(frozen=True, slots=True)
class Sample:
    """What is looked at: one part of all subjects, and one indicator in one area."""

    part: int
    indicator: str
    area: str


@dataclass(frozen=True, slots=True)
class Audited:
    """How many steps were missing or too many, and on how many days the moves were not their sum."""

    sample: Sample
    steps_wrong: int
    days_wrong: int

    @property
    def is_well(self) -> bool:
        return not self.steps_wrong and not self.days_wrong


def choose(kept: Sequence[str], chance: random.Random) -> Sample:
    """`kept` are the ids of indicators that stand, at least one."""
    return Sample(chance.randrange(PARTS), chance.choice(sorted(kept)), chance.choice(sorted(areas())))


class Audit:
    """Not beside a refresh: both are steps of the one that leads."""

    def __init__(self, database: Database, steps: StepStore, builder: Builder) -> None:
        self._database = database
        self._steps = steps
        self._builder = builder

    def look(
        self,
        run: Run,
        sample: Sample,
        standing: Mapping[Generation, Counted],
        families: Families,
    ) -> Audited:
        whom = by_first_byte(sample.part, sample.part + 1)
        concerned = {(each.indicator, each.number): counted for each, counted in standing.items()}
        missing = self._steps.missing([Concern(0, concerned, whom)])
        # Left out only now: facts and steps are read one after the other, and events come meanwhile. Whoever was left
        # out of the second reading alone would seem to lack all of their steps, and be counted twice.
        news = self._database.frame(_NOT_TAKEN_IN)
        missing = missing.join(news, on="subject", how="anti", maintain_order="left")
        (sampled,) = (each for each in standing if each.indicator == sample.indicator)
        found = Audited(sample, len(missing), self._days_wrong(sampled, sample.area))
        if not found.is_well:
            log.warning(
                "audit: %d steps of the subjects of part %d do not follow from the facts (%s), and %d days of %s in %s"
                " are not the sum of their steps; they are put right",
                found.steps_wrong, sample.part, ", ".join(sorted(missing["indicator"].unique())) or "none",
                found.days_wrong, sample.indicator, sample.area,
            )  # fmt: skip
        self._steps.write(run, missing, families)
        if found.days_wrong:
            self._builder.write_moves(run, [sampled])
        return found

    def _days_wrong(self, sampled: Generation, area: str) -> int:
        days: int = self._database.value(
            statement("days_without_their_steps"),
            indicator=sampled.indicator,
            generation=sampled.number,
            area=area,
        )
        return days
