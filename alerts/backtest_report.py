"""What a backtest found: alerts, how long they lasted, and how many mails each coordinator would have got."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from itertools import groupby
from statistics import median

from alerts.address_book import AddressBook, Told
from alerts.address_book import told as readers_of
from alerts.routing import group_of
from alerts.rules import Rule
from schemas.alerting import Transition


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alert from its firing to its end; `ended` is None when it still fires. `withdrawn`: it was wrong."""

    area: str
    fired: datetime
    ended: datetime | None
    day: date
    value: float | None
    bound: float | None
    reason: str
    withdrawn: bool = False

    def lasted(self, until: datetime) -> timedelta:
        return (self.ended or until) - self.fired


@dataclass(frozen=True, slots=True)
class Summary:
    """`days`: the median length of an alert. `mails`: by coordinator, those that would get any; alerts of one group are
    one mail. `withdrawn`: how many were wrong; None where nobody looked.
    """

    alarms: tuple[Alarm, ...]
    areas: int
    days: float
    mails: Mapping[str, int]
    withdrawn: int | None


def summary(
    rule: Rule,
    steps: Iterable[Transition],
    book: AddressBook,
    until: datetime,
    is_corrected: bool = True,
    told: Iterable[Transition] | None = None,
) -> Summary:
    """`steps`: area by area, in their order. `is_corrected`: whether those that take alerts back are among them.

    `told`: those of them that people hear of; all when None.
    """
    steps = list(steps)
    alarms = sorted(_alarms(steps), key=lambda alarm: (alarm.fired, alarm.area))
    lengths = [alarm.lasted(until) / timedelta(days=1) for alarm in alarms]
    return Summary(
        alarms=tuple(alarms),
        areas=len({alarm.area for alarm in alarms}),
        days=median(lengths) if lengths else 0.0,
        mails=dict(
            Counter(
                email for email, *_ in _grouped(rule, steps if told is None else told, book)
            ).most_common()
        ),
        withdrawn=sum(alarm.withdrawn for alarm in alarms) if is_corrected else None,
    )


def firing_by_month(alarms: Sequence[Alarm]) -> Mapping[str, int]:
    """How many alerts began in each month, from the first to the last such month."""
    began = Counter(alarm.fired.strftime("%Y-%m") for alarm in alarms)
    if not began:
        return {}
    months = [min(began)]
    while months[-1] < max(began):
        year, month = map(int, months[-1].split("-"))
        months.append(f"{year + month // 12}-{month % 12 + 1:02}")
    return {month: began[month] for month in months}


def _alarms(steps: Sequence[Transition]) -> Iterator[Alarm]:
    for area, taken in groupby(steps, key=lambda step: step.area):
        found: Alarm | None = None
        for step in taken:
            if step.kind == "firing":
                if found:
                    yield found
                found = _alarm(area, step)
            elif step.kind == "resolved" and found:
                found = replace(found, ended=step.at)
            elif step.kind == "retracted" and found:
                found = replace(found, ended=found.ended or step.at, withdrawn=True)
        if found:
            yield found


def _alarm(area: str, fired: Transition) -> Alarm:
    return Alarm(area, fired.at, None, fired.day, fired.value, fired.threshold, fired.reason)


def mails_of(rule: Rule, steps: Iterable[Transition], book: AddressBook) -> Iterator[tuple[Transition, str]]:
    """Each step that is told, with the address of each who would hear of it."""
    for step, answer in _answers(rule, steps, book):
        yield step, answer.coordinator.email


def _grouped(rule: Rule, steps: Iterable[Transition], book: AddressBook) -> set[tuple[str, ...]]:
    """The mails that these steps make: who gets it, and what the steps in it have in common."""
    return {
        (
            answer.coordinator.email, step.at.isoformat(), step.kind,
            *(group_of(step, rule, answer.way) if answer.way else ()),
        )
        for step, answer in _answers(rule, steps, book)
    }  # fmt: skip


def _answers(rule: Rule, steps: Iterable[Transition], book: AddressBook) -> Iterator[tuple[Transition, Told]]:
    for step in steps:
        for answer in readers_of(step, rule, book):
            if answer.told:
                yield step, answer
