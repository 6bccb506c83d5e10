"""What a backtest found: alerts, how long they lasted, and how many mails each coordinator would have got."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import groupby
from statistics import median

from alerts.address_book import AddressBook, told
from alerts.rules import Rule
from schemas.alerting import Transition


@dataclass(frozen=True, slots=True)
class Alarm:
    """One alert from its firing to its end; `ended` is None when it still fires."""

    area: str
    fired: datetime
    ended: datetime | None
    day: date
    value: float | None
    bound: float | None
    reason: str

    def lasted(self, until: datetime) -> timedelta:
        return (self.ended or until) - self.fired


@dataclass(frozen=True, slots=True)
class Summary:
    """`mails`: by coordinator, those that would get any; `days`: the median length of an alert."""

    alarms: tuple[Alarm, ...]
    areas: int
    days: float
    mails: Mapping[str, int]


def summary(rule: Rule, steps: Iterable[Transition], book: AddressBook, until: datetime) -> Summary:
    """`steps` area by area, each area's in their order."""
    steps = list(steps)
    alarms = sorted(_alarms(steps), key=lambda alarm: (alarm.fired, alarm.area))
    lengths = [alarm.lasted(until) / timedelta(days=1) for alarm in alarms]
    return Summary(
        alarms=tuple(alarms),
        areas=len({alarm.area for alarm in alarms}),
        days=median(lengths) if lengths else 0.0,
        mails=dict(Counter(email for _, email in mails_of(rule, steps, book)).most_common()),
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
        fired: Transition | None = None
        for step in taken:
            if step.kind == "firing":
                fired = step
            elif step.kind == "resolved" and fired:
                yield _alarm(area, fired, step.at)
                fired = None
        if fired:
            yield _alarm(area, fired, None)


def _alarm(area: str, fired: Transition, ended: datetime | None) -> Alarm:
    return Alarm(area, fired.at, ended, fired.day, fired.value, fired.threshold, fired.reason)


def mails_of(rule: Rule, steps: Iterable[Transition], book: AddressBook) -> Iterator[tuple[Transition, str]]:
    """Each step that is told, with the address of each who would hear of it."""
    for step in steps:
        for answer in told(step, rule.told_in(step.area).severity, book):
            if answer.told:
                yield step, answer.coordinator.email
