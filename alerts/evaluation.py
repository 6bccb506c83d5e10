"""Evaluates every rule in every area of its level, and notes the steps that alerts take. For the leader alone."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence, Set
from datetime import date, datetime, timedelta
from functools import cache
from typing import Final

from alerts.backtest import moment_at
from alerts.correcting import areas_to_judge, by_judged, ended_lately, firing_before, taken_back
from alerts.evaluate import Alert, State, evaluate, latest
from alerts.judging import Finding, Series, findings, is_provisional
from alerts.ports import AlertLog, IndicatorText, Readings
from alerts.rules import Rule
from alerts.trail import ids_of
from schemas.alerting import Transition
from schemas.areas import covering

log = logging.getLogger(__name__)

#: Alerts that are over are looked at again so often, by the rules' time.
_LOOK_BACK_EVERY: Final = timedelta(minutes=10)

#: `Readings.series`, which may remember what it gave.
Read = Callable[[str, tuple[str, ...], date, int], Series]
#: A firing, its end, and whether that is noted already.
Ended = tuple[Transition, Transition, bool]


class Evaluation:
    def __init__(
        self,
        rules: Mapping[str, Rule],
        indicators: Mapping[str, IndicatorText],
        readings: Readings,
        alerts: AlertLog,
    ) -> None:
        self._rules = rules
        self._delays = {name: text.delay_days for name, text in indicators.items()}
        self._readings = readings
        self._alerts = alerts
        self._looked_back: datetime | None = None
        # By the id of the end; it never changes.
        self._fired: dict[str, Transition | None] = {}

    def step(self, now: datetime) -> tuple[Transition, ...]:
        """The steps that are taken now, noted. Raises `Unavailable`."""
        last = self._alerts.states()
        states = latest(last)
        read = cache(self._readings.series)
        taken = [step for rule in self._rules.values() for step in self._steps(rule, states, read, now)]
        corrections = list(self._corrections(taken, last, read, now))
        replaced = {(each.rule, each.area) for each in corrections}
        found = [*(step for step in taken if (step.rule, step.area) not in replaced), *corrections]
        if found:
            self._alerts.append(found)
        for each in found:
            log.info("alert: %s, %s", each.kind, each.reason, extra=ids_of(each))
        return tuple(found)

    def _steps(
        self, rule: Rule, states: Mapping[Alert, State], read: Read, now: datetime
    ) -> Iterator[Transition]:
        moment = moment_at(rule, self._delays, now)
        areas = tuple(area.code for area in covering(rule.level))
        for finding in self._findings(rule, areas, moment.day, read, now):
            taken = evaluate(rule.told_in(finding.area), finding, states.get((rule.id, finding.area)), now)
            if taken.transition:
                yield taken.transition

    def _findings(
        self, rule: Rule, areas: tuple[str, ...], day: date, read: Read, now: datetime
    ) -> Iterator[Finding]:
        panel = {name: read(name, areas, day, rule.days) for name in sorted(rule.indicators)}
        provisional = is_provisional(day, self._delays[rule.indicator], now)
        return findings(rule, areas, panel, day, provisional)

    def _corrections(
        self, taken: Sequence[Transition], last: Sequence[Transition], read: Read, now: datetime
    ) -> Iterator[Transition]:
        """Of alerts that end now, and from time to time of those that ended lately."""
        ended = [ended for step in taken if step.kind == "resolved" and (ended := self._ended(step, False))]
        if self._looked_back is None or not timedelta(0) <= now - self._looked_back < _LOOK_BACK_EVERY:
            moving = {(step.rule, step.area) for step in taken}
            resting = [end for end in ended_lately(last, now) if (end.rule, end.area) not in moving]
            ended += [found for end in resting if (found := self._ended(end, True))]
            self._looked_back = now
        restated = {
            (rule, finding.area, day): finding
            for (rule, day), firings in by_judged([firing for firing, _, _ in ended]).items()
            for finding in self._restated(self._rules[rule], {each.area for each in firings}, day, read, now)
        }
        return taken_back(ended, self._rules, restated, now)

    def _restated(
        self, rule: Rule, wanted: Set[str], day: date, read: Read, now: datetime
    ) -> Iterator[Finding]:
        """Of the wanted areas alone."""
        found = self._findings(rule, areas_to_judge(rule, wanted), day, read, now)
        return (finding for finding in found if finding.area in wanted)

    def _ended(self, end: Transition, is_noted: bool) -> Ended | None:
        """None where the rule is no longer defined, or the firing is not in the log."""
        if end.rule not in self._rules:
            return None
        if end.id not in self._fired:
            self._fired[end.id] = firing_before(end, self._alerts.story(end.rule, end.area))
        firing = self._fired[end.id]
        return None if firing is None else (firing, end, is_noted)
