"""One seed: the quiet world, and one world for each of its shocks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta
from importlib.resources import files
from typing import Final

import polars as pl

from alerts.address_book import AddressBook, load_address_book
from alerts.rules import Rule, load_rules
from bench.detection.alarms import Alarm, of_ears, of_rules, rests_on
from bench.detection.choice import Period, chosen
from bench.detection.scoring import LATEST_DAYS, Detection, Quiet, data_in, days_until_told, quiet
from bench.detection.shocks import DRIFT_WEEKS, Change, Shock, applied
from bench.detection.told import Told, collect, looked_at
from bench.detection.worlds import Catalogue, World, steps_then, summed
from bewithu import simulator
from bewithu.clock import BRUSSELS
from bewithu.demo.platform import scaled
from bewithu.wiring import Written
from schemas.indicators import load_indicators
from sinks.indicators.values import counted_sides

#: The worker evaluates all the time; here once a day, when nights' messages are in.
EVALUATED_AT: Final = time(8)


@dataclass(frozen=True, slots=True)
class Task:
    seed: int
    scale: float
    period: Period


@dataclass(frozen=True, slots=True)
class Outcome:
    """`quiet` and `ears_quiet`: the world without a shock, to our rules and to each method of EARS."""

    seed: int
    persons: int
    quiet: Quiet
    ears_quiet: Mapping[str, Quiet]
    detections: Sequence[Detection]
    ears_detections: Sequence[Detection]


def shipped(scale: float) -> Written:
    """The catalogue and the rules as they are shipped; at another scale than 1 with thresholds as in the demo."""
    indicators = load_indicators(files("streams.indicators"))
    return scaled(Written(indicators, load_rules(indicators, None)), scale)


def try_seed(task: Task, note: Callable[[str], None] = lambda what: None) -> Outcome:
    """`note` hears what is under way."""
    note("simulating")
    written, book = shipped(task.scale), load_address_book(None)
    catalogue = _catalogue(written)
    plan = simulator.Plan(seed=task.seed, until=task.period.until, scale=task.scale, malformed=0)
    told = collect(simulator.simulate(plan), catalogue.looked)
    trial = _Trial.of(told, catalogue, written.rules, book, task)
    pairs = []
    for shock in chosen(told, task.period, task.seed):
        note(shock.name)
        pairs.append(trial.detections(shock))
    days = (task.period.until - task.period.since).days
    addresses = [coordinator.email for coordinator in book.coordinators]
    return Outcome(
        seed=task.seed,
        persons=told["registration"]["subject"].n_unique(),
        quiet=quiet(trial.twin, days, addresses),
        ears_quiet={
            method: quiet({method: alarms}, days, addresses) for method, alarms in trial.ears_twin.items()
        },
        detections=[ours for ours, _ in pairs],
        ears_detections=[ears for _, ears in pairs],
    )


@dataclass(frozen=True, slots=True)
class _Trial:
    told: Told
    catalogue: Catalogue
    rules: Sequence[Rule]
    book: AddressBook
    task: Task
    world: World
    twin: Mapping[str, Sequence[Alarm]]
    ears_twin: Mapping[str, Sequence[Alarm]]

    @classmethod
    def of(
        cls, told: Told, catalogue: Catalogue, rules: Sequence[Rule], book: AddressBook, task: Task
    ) -> _Trial:
        moments = _moments(task.period)
        world = World(catalogue.indicators, moments, steps_then(told, catalogue, moments))
        twin = of_rules(rules, world, moments, book)
        return cls(told, catalogue, rules, book, task, world, twin, of_ears(told, moments, book))

    def detections(self, shock: Shock) -> tuple[Detection, Detection]:
        """Ours and EARS'."""
        change = applied(shock, self.told, self.task.seed)
        moments = self.world.moments
        since = (shock.since - self.task.period.since).days
        ready = data_in(change.first.to_list(), moments)
        if ready is None:
            return (Detection(shock.name, shock.kind, shock.is_large, {}),) * 2
        latest = 7 * DRIFT_WEEKS if shock.kind == "drift" else LATEST_DAYS
        seen = moments[: ready + latest + 1]
        ours = self.twin | of_rules(self._concerned(change), self._shocked(change), seen, self.book)
        ears = of_ears(change.told, seen, self.book)

        def found(alarms: Mapping[str, Sequence[Alarm]], twin: Mapping[str, Sequence[Alarm]]) -> Detection:
            days = {
                source: days_until_told(raised, twin[source], shock.place, since, ready, latest)
                for source, raised in alarms.items()
            }
            heard = {source: number for source, number in days.items() if number is not None}
            return Detection(shock.name, shock.kind, shock.is_large, heard)

        return found(ours, self.twin), found(ears, self.ears_twin)

    def _difference(self, change: Change) -> pl.DataFrame:
        """The steps that the shock adds, and those that it takes away."""
        moments = self.world.moments
        before = steps_then(self.told, self.catalogue, moments, change.subjects)
        after = steps_then(change.told, self.catalogue, moments, change.subjects)
        return summed(pl.concat([after, before.with_columns(-pl.col("delta"))]))

    def _shocked(self, change: Change) -> World:
        steps = summed(pl.concat([self.world.steps, self._difference(change)]))
        return World(self.world.indicators, self.world.moments, steps)

    def _concerned(self, change: Change) -> list[Rule]:
        """The rules for which anything differs; the others do what they do in the twin."""
        changed = set(self._difference(change)["indicator"].unique())
        return [rule for rule in self.rules if changed.intersection(rests_on(rule, self.world))]


def _catalogue(written: Written) -> Catalogue:
    """What the rules look at, in totals: no rule judges a breakdown."""
    indicators = {
        name: found.model_copy(update={"breakdowns": ()}) for name, found in written.indicators.items()
    }
    named = {name for rule in written.rules for name in rule.indicators}
    counted = list(counted_sides([indicators[name] for name in named], indicators).values())
    return Catalogue(indicators, counted, looked_at(counted))


def _moments(period: Period) -> list[datetime]:
    days = (period.until - period.since).days
    return [
        datetime.combine(period.since + timedelta(days=number), EVALUATED_AT, BRUSSELS)
        for number in range(days + 1)
    ]
