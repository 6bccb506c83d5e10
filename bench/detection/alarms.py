"""What rules and EARS raised in a world, moment by moment."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.address_book import AddressBook, responsible_for
from alerts.backtest import backtest, moment_at, panel_then
from alerts.backtest_report import mails_of
from alerts.rules import Rule
from bench.detection.series import ears_firing
from bench.detection.told import Told
from bench.detection.worlds import World
from bewithu.fitting.alerting import KnownHistory
from schemas.alerting import Transition
from schemas.areas import covering
from sinks.indicators.values import counted_sides


@dataclass(frozen=True, slots=True)
class Alarm:
    """Raised by a rule, or by a method of EARS, at the moment number `fired`; over at `ended`, or not at all.

    `told`: the e-mail addresses that hear of it.
    """

    source: str
    area: str
    fired: int
    ended: int | None
    told: tuple[str, ...] = ()

    def fires_at(self, moment: int) -> bool:
        return self.fired <= moment and (self.ended is None or moment < self.ended)


def rests_on(rule: Rule, world: World) -> Collection[str]:
    """The counted indicators that a rule looks at in the end."""
    return counted_sides([world.indicators[name] for name in rule.indicators], world.indicators).keys()


def of_rules(
    rules: Sequence[Rule], world: World, moments: Sequence[datetime], book: AddressBook
) -> dict[str, list[Alarm]]:
    """By rule. `moments`: those at which rules are evaluated, the first ones of the world's."""
    history = KnownHistory(world, world.indicators)
    delays = {name: found.usual_delay_days for name, found in world.indicators.items()}
    number = {at: place for place, at in enumerate(moments)}
    found = {}
    for rule in rules:
        codes = [area.code for area in covering(rule.level)]
        looks = [moment_at(rule, delays, at) for at in moments]
        steps = list(backtest(rule, codes, looks, panel_then([rule], codes, looks, history)))
        found[rule.id] = list(_alarms(rule, steps, number, book))
    return found


def of_ears(told: Told, moments: Sequence[datetime], book: AddressBook) -> dict[str, list[Alarm]]:
    """By method. An alarm of several days in a row is one."""
    found: dict[str, list[Alarm]] = {}
    for method, area, firing in ears_firing(told, moments):
        hear = tuple(
            coordinator.email for coordinator in book.coordinators if responsible_for(coordinator, area)
        )
        edges = [0, *firing.astype(int).tolist(), 0]
        starts = [at for at in range(len(moments)) if edges[at + 1] > edges[at]]
        ends = [at for at in range(len(moments) + 1) if edges[at] > edges[at + 1]]
        found.setdefault(method, []).extend(
            Alarm(method, area, start, end, hear) for start, end in zip(starts, ends, strict=True)
        )
    return found


def _alarms(
    rule: Rule, steps: Iterable[Transition], number: Mapping[datetime, int], book: AddressBook
) -> Iterator[Alarm]:
    steps = list(steps)
    hear: dict[str, list[str]] = {}
    for step, email in mails_of(rule, [step for step in steps if step.kind == "firing"], book):
        hear.setdefault(step.id, []).append(email)
    open_: dict[str, Transition] = {}
    for step in steps:
        if step.kind == "firing":
            open_[step.area] = step
        elif step.kind == "resolved" and step.area in open_:
            fired = open_.pop(step.area)
            yield _alarm(fired, number[step.at], number, hear)
    for fired in open_.values():
        yield _alarm(fired, None, number, hear)


def _alarm(
    fired: Transition, ended: int | None, number: Mapping[datetime, int], hear: Mapping[str, Sequence[str]]
) -> Alarm:
    return Alarm(fired.rule, fired.area, number[fired.at], ended, tuple(hear.get(fired.id, ())))
