"""What a rule does over a period: the evaluator's own judgement and steps, for many moments at once. Pure."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Protocol

import numpy as np

from alerts.evaluate import State, evaluate, state_after, step
from alerts.judging import Found, Panel, Series, find, is_provisional, judged_day
from alerts.judging.findings import finding_at
from alerts.judging.panel import ANSWERS, YES
from alerts.rules import Rule
from schemas.alerting import Transition


class History(Protocol):
    """The published values as they were known once. Raises `Unavailable`."""

    def series_then(
        self, indicator: str, areas: Sequence[str], moments: Sequence[Moment], lags: Collection[int]
    ) -> Series:
        """(moments, areas, days): each moment's last day is the one that it judges. Of the days before only those are
        read that lie so many before it.
        """
        ...


@dataclass(frozen=True, slots=True)
class Moment:
    """An evaluation: when, which day it judged, and whether that day's data were still coming in."""

    at: datetime
    day: date
    provisional: bool


def moment_at(rule: Rule, delays: Mapping[str, int], at: datetime) -> Moment:
    """The evaluation of a rule at a time. `delays`: by indicator, how many days its data usually take."""
    day = judged_day(rule, delays, at)
    return Moment(at, day, is_provisional(day, delays[rule.indicator], at))


def panel_then(
    rules: Sequence[Rule], areas: Sequence[str], moments: Sequence[Moment], history: History
) -> Panel:
    """All that a backtest of any of these rules looks at."""
    lags = frozenset().union(*(rule.lags for rule in rules))
    names = sorted(frozenset().union(*(rule.indicators for rule in rules)))
    return {name: history.series_then(name, areas, moments, lags) for name in names}


def backtest(
    rule: Rule, areas: Sequence[str], moments: Sequence[Moment], panel: Panel
) -> Iterator[Transition]:
    """The steps of the rule's alerts, area by area. `panel`: (moments, areas, days), each as it was known then."""
    active = np.array([rule.active.includes(moment.day) for moment in moments])
    found = find(rule, areas, panel, active[:, None])
    for place, area in enumerate(areas):
        if (found.holds[:, place] == YES).any():
            yield from _steps(rule, found, area, place, moments)


def _steps(
    rule: Rule, found: Found, area: str, place: int, moments: Sequence[Moment]
) -> Iterator[Transition]:
    here = rule.told_in(area)
    state: State | None = None
    answers = zip(found.holds[:, place].tolist(), found.stays[:, place].tolist(), strict=True)
    for number, (moment, (holds, stays)) in enumerate(zip(moments, answers, strict=True)):
        if step(here, ANSWERS[holds], ANSWERS[stays], state, moment.at):
            finding = finding_at(rule, found, area, (number, place), moment.day, moment.provisional)
            taken = evaluate(here, finding, state, moment.at).transition
            assert taken is not None
            state = state_after(taken)
            yield taken
