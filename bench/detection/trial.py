"""One seed: the quiet world, and one world for each of its shocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from importlib.resources import files
from pathlib import Path
from typing import Final

import polars as pl

from alerts.address_book import AddressBook, load_address_book
from alerts.rules import Rule, load_rules
from bench.detection.alarms import Alarm, of_ears, of_rules, rests_on
from bench.detection.choice import Period, chosen
from bench.detection.scoring import (
    LATEST_DAYS,
    Detection,
    Quiet,
    data_in,
    days_of_data,
    days_until_told,
    quiet,
)
from bench.detection.shocks import DRIFT_WEEKS, Change, Shock, applied
from bench.detection.told import Told, collect, looked_at
from bench.detection.worlds import Catalogue, World, steps_then, summed
from bewithu import simulator
from bewithu.clock import BRUSSELS
from bewithu.demo.platform import scaled
from bewithu.wiring import Written
from schemas.indicators import load_indicators
from sinks.indicators.values import counted_sides

#: The worker evaluates all the time; here once a day, when the night's messages are in.
EVALUATED_AT: Final = time(8)
OURS: Final = "ours"
#: A set of rules to compare ours with.
AGAINST: Final = "against"

#: What each contender raised in a world: by its sources, which are rules or a method of EARS.
Raised = Mapping[str, Mapping[str, Sequence[Alarm]]]


@dataclass(frozen=True, slots=True)
class Task:
    """`against`: a folder with other rules, or None."""

    seed: int
    scale: float
    period: Period
    against: Path | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """By contender: what it raised where there was nothing, and of which shocks it told."""

    seed: int
    quiet: Mapping[str, Quiet]
    detections: Mapping[str, Sequence[Detection]]


def written(task: Task) -> Mapping[str, Written]:
    """The catalogue with the rules as they are shipped, and with those to compare.

    At another scale than 1 thresholds are scaled as in the demo.
    """
    indicators = load_indicators(files("streams.indicators"))
    folders = {OURS: None, **({AGAINST: task.against} if task.against else {})}
    return {
        name: scaled(Written(indicators, load_rules(indicators, folder)), task.scale)
        for name, folder in folders.items()
    }


def try_seed(task: Task, note: Callable[[str], None] = lambda what: None) -> Outcome:
    """`note` hears what is under way."""
    note("simulating")
    rules = {name: found.rules for name, found in written(task).items()}
    catalogue = _catalogue(written(task))
    plan = simulator.Plan(seed=task.seed, until=task.period.until, scale=task.scale, malformed=0)
    trial = Trial.of(collect(simulator.simulate(plan), catalogue.looked), catalogue, rules, task)
    found: dict[str, list[Detection]] = {name: [] for name in trial.twin}
    for shock in chosen(trial.told, task.period, task.seed):
        note(shock.name)
        for name, detection in trial.detections(shock).items():
            found[name].append(detection)
    return Outcome(task.seed, trial.quiet(), found)


@dataclass(frozen=True, slots=True)
class Trial:
    """`world` and `twin`: what was published and raised without a shock."""

    told: Told
    rules: Mapping[str, Sequence[Rule]]
    catalogue: Catalogue
    book: AddressBook
    task: Task
    world: World
    twin: Raised

    @classmethod
    def of(cls, told: Told, catalogue: Catalogue, rules: Mapping[str, Sequence[Rule]], task: Task) -> Trial:
        book, moments = load_address_book(None), moments_of(task.period)
        world = World(catalogue.indicators, moments, steps_then(told, catalogue, moments))
        twin: dict[str, Mapping[str, Sequence[Alarm]]] = {
            name: of_rules(each, world, moments, book) for name, each in rules.items()
        }
        return cls(told, rules, catalogue, book, task, world, twin | _of_ears(told, moments, book))

    def quiet(self) -> Mapping[str, Quiet]:
        days = (self.task.period.until - self.task.period.since).days
        addresses = [coordinator.email for coordinator in self.book.coordinators]
        return {name: quiet(raised, days, addresses) for name, raised in self.twin.items()}

    def detections(self, shock: Shock) -> Mapping[str, Detection]:
        """By contender. A shock whose data never come in is told by nobody."""
        change = applied(shock, self.told, self.task.seed)
        since = (shock.since - self.task.period.since).days
        ready = data_in(change.first.to_list(), self.world.moments)
        if ready is None:
            return {name: Detection(shock.name, shock.kind, shock.is_large, {}, {}) for name in self.twin}
        latest = 7 * DRIFT_WEEKS if shock.kind == "drift" else LATEST_DAYS
        found = {}
        for name, raised in self._raised(change, self.world.moments[: ready + latest + 1]).items():
            told = {
                source: days_until_told(alarms, self.twin[name][source], shock.place, since, ready, latest)
                for source, alarms in raised.items()
            }
            calendar = {source: number for source, number in told.items() if number is not None}
            days = {
                source: days_of_data(ready, number, self.world.moments, change.days)
                for source, number in calendar.items()
            }
            found[name] = Detection(shock.name, shock.kind, shock.is_large, days, calendar)
        return found

    def _raised(self, change: Change, moments: Sequence[datetime]) -> Raised:
        difference = self._difference(change)
        steps = summed(pl.concat([self.world.steps, difference]))
        shocked = World(self.world.indicators, self.world.moments, steps)
        changed = set(difference["indicator"].unique())
        found: dict[str, Mapping[str, Sequence[Alarm]]] = {}
        for name, rules in self.rules.items():
            # The others do what they do in the twin.
            concerned = [rule for rule in rules if changed.intersection(rests_on(rule, self.world))]
            found[name] = {**self.twin[name], **of_rules(concerned, shocked, moments, self.book)}
        return found | _of_ears(change.told, moments, self.book)

    def _difference(self, change: Change) -> pl.DataFrame:
        """The steps that the shock adds, and with a minus those that it takes away."""
        before = steps_then(self.told, self.catalogue, self.world.moments, change.subjects)
        after = steps_then(change.told, self.catalogue, self.world.moments, change.subjects)
        return summed(pl.concat([after, before.with_columns(-pl.col("delta"))]))


def _of_ears(
    told: Told, moments: Sequence[datetime], book: AddressBook
) -> dict[str, Mapping[str, Sequence[Alarm]]]:
    return {
        f"ears_{method.lower()}": {method: alarms} for method, alarms in of_ears(told, moments, book).items()
    }


def _catalogue(sets: Mapping[str, Written]) -> Catalogue:
    """What the rules look at, in totals: no rule judges a breakdown."""
    indicators = {
        name: found.model_copy(update={"breakdowns": ()}) for name, found in sets[OURS].indicators.items()
    }
    named = {name for found in sets.values() for rule in found.rules for name in rule.indicators}
    counted = list(counted_sides([indicators[name] for name in sorted(named)], indicators).values())
    return Catalogue(indicators, counted, looked_at(counted))


def moments_of(period: Period) -> list[datetime]:
    days = (period.until - period.since).days
    return [
        datetime.combine(period.since + timedelta(days=number), EVALUATED_AT, BRUSSELS)
        for number in range(days + 1)
    ]
