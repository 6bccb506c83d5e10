"""Alerts as the board wants them (bewithu/board/alert_data.py): lists, and the story of one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import groupby

from alerts.fingerprint import alert_fingerprint
from alerts.holding import in_force
from alerts.matching import matches
from alerts.ports import IndicatorText
from alerts.rules import Rule
from alerts.voice import voice
from alerts.wording import anchor, facts_of
from bewithu.board import alert_data as board
from bewithu.clock import Clock
from bewithu.fitting.acknowledged import LookedAfter
from schemas.alerting import FIRING, OPEN, OVER, TOLD, Acknowledgement, Transition
from schemas.areas import LANGUAGES, ancestors, areas, is_within
from schemas.national_number import mask
from sinks.clickhouse.alert_log import ClickHouseAlertLog
from sinks.clickhouse.silences import ClickHouseSilences

_SEVERITIES = ("critical", "warning", "info")


@dataclass(frozen=True, slots=True)
class _Standing:
    """An alert after its last step, under the rule as it is in its area."""

    rule: Rule
    last: Transition


class BoardAlerts:
    """Everything about alerts that the board tells, under names that everybody may read.

    `real_clock`: the time by which silences begin and end.
    """

    def __init__(
        self,
        log: ClickHouseAlertLog,
        silences: ClickHouseSilences,
        looked_after: LookedAfter,
        rules: Sequence[Rule],
        texts: Mapping[str, IndicatorText],
        real_clock: Clock,
    ) -> None:
        self._log = log
        self._silences = silences
        self._looked_after = looked_after
        self._rules = {rule.id: rule for rule in rules}
        self._texts = texts
        self._real_clock = real_clock

    def find(self, wanted: board.AlertsWanted, limit: int) -> Sequence[board.AlertInfo]:
        found = [
            each
            for each in self._standing()
            if state_after(each.last) in wanted.states
            and wanted.severity in {None, each.rule.severity}
            and (wanted.area is None or is_within(each.last.area, wanted.area))
        ]
        found.sort(key=lambda each: each.last.at, reverse=True)
        found.sort(key=_urgency)
        return self._infos(found[:limit])

    def story(self, fingerprint: str) -> board.AlertStory | None:
        standing = {(each.last.rule, each.last.area): each for each in self._standing()}
        found = next(
            (each for alert, each in standing.items() if alert_fingerprint(*alert) == fingerprint), None
        )
        if found is None:
            return None
        rule, last = found.rule, found.last
        steps = self._log.story(last.rule, last.area)
        (info,) = self._infos([found])
        goes_on = last.kind in OPEN
        return board.AlertStory(
            alert=info,
            actions={
                language: rule.action.filled(language, self._facts(last, language)) for language in LANGUAGES
            },
            holds_for=rule.for_,
            keeps_for=rule.keep_firing_for,
            runs=tuple(self._runs(steps))[::-1],
            silences=tuple(self._silenced(found)) if goes_on else (),
            muted_by=self._infos([standing[each] for each in _muting(rule, last.area, standing)])
            if goes_on
            else (),
        )

    def told(
        self, area: str | None, since: datetime, until: datetime, as_of: datetime
    ) -> Sequence[board.AlertInfo]:
        """Each run of which people were told anything from `since` up to `until`, after its last step up to `as_of`
        that they were told of; the first begun first."""
        runs: dict[tuple[str, str, datetime], list[Transition]] = {}
        for step in self._log.told_since(since):
            if step.at <= as_of:
                runs.setdefault((step.rule, step.area, step.since), []).append(step)
        found = [
            alert_info(rule.told_in(last.area), last, None, self._texts[rule.indicator])
            for steps in runs.values()
            if steps[0].at < until
            and (rule := self._rules.get((last := steps[-1]).rule)) is not None
            and last.area in areas()
            and (area is None or is_within(last.area, area))
        ]
        return sorted(found, key=lambda each: (each.since, each.rule, each.area))

    def _standing(self) -> Iterator[_Standing]:
        """Of every rule that there still is, and every area."""
        for last in self._log.states():
            rule = self._rules.get(last.rule)
            if rule is not None and last.area in areas():
                yield _Standing(rule.told_in(last.area), last)

    def _infos(self, found: Sequence[_Standing]) -> tuple[board.AlertInfo, ...]:
        seen = self._looked_after.among([each.last for each in found])
        return tuple(
            alert_info(
                each.rule,
                each.last,
                seen.get((each.last.rule, each.last.area)),
                self._texts[each.rule.indicator],
            )
            for each in found
        )

    def _facts(self, last: Transition, language: str) -> Mapping[str, str]:
        spoken = next(each for each in LANGUAGES if each == language)
        return facts_of(last, self._texts[last.indicator], voice(spoken))

    def _runs(self, steps: Sequence[Transition]) -> Iterator[board.AlertRun]:
        """Each time that the alert began, the oldest first."""
        mails = self._log.mail_counts([step.id for step in steps if step.kind in TOLD])
        if not steps:
            return
        seen = self._looked_after.story(steps[0].rule, steps[0].area)
        for since, run in groupby(steps, key=lambda step: step.since):
            own = tuple(run)
            yield board.AlertRun(
                anchor=anchor(since),
                since=since,
                state=state_after(own[-1]),
                steps=tuple(_step(step, mails.get(step.id, (0, 0, 0))) for step in own),
                acknowledged=tuple(
                    board.Seen(each.author, each.at, mask(each.comment))
                    for each in seen
                    if each.since == since
                ),
            )

    def _silenced(self, found: _Standing) -> Iterator[board.Hush]:
        now = self._real_clock.now()
        for each in in_force(self._silences.written(now)):
            if each.begins <= now < each.ends and matches(each.matchers, found.last, found.rule):
                yield board.Hush(each.ends, self._looked_after.name(each.author), mask(each.reason))


def state_after(step: Transition) -> board.State:
    """How an alert stands after a step."""
    if step.kind in FIRING:
        return "firing"
    if step.kind in OVER:
        return "retracted" if step.kind == "retracted" else "over"
    return "pending" if step.kind == "pending" else "dropped"


def alert_info(
    rule: Rule, state: Transition, seen: Acknowledgement | None, text: IndicatorText
) -> board.AlertInfo:
    """An alert after its last step. `seen`: by whom it is acknowledged, by a name that everybody may read."""
    return board.AlertInfo(
        id=state.id,
        rule=state.rule,
        indicator=state.indicator,
        area=state.area,
        severity=rule.severity,
        state=state_after(state),
        since=state.since,
        value=state.value,
        threshold=state.threshold,
        summaries={
            language: rule.summary.filled(language, facts_of(state, text, voice(language)))
            for language in LANGUAGES
        },
        acknowledged_by=seen.author if seen else "",
        acknowledged_at=seen.at if seen else None,
        fingerprint=alert_fingerprint(state.rule, state.area),
        day=state.day,
        ended_at=None if state.kind in OPEN else state.at,
    )


def _urgency(each: _Standing) -> tuple[bool, bool, int]:
    closed = each.last.kind not in OPEN
    # What is over is history: the newest first, however severe it was.
    return closed, each.last.kind == "pending", 0 if closed else _SEVERITIES.index(each.rule.severity)


def _muting(
    rule: Rule, area: str, standing: Mapping[tuple[str, str], _Standing]
) -> Iterator[tuple[str, str]]:
    """The alerts that explain this one."""
    for other in rule.muted_by:
        for code in ancestors(area):
            found = standing.get((other, code))
            if found is not None and found.last.kind in FIRING:
                yield other, code


def _step(step: Transition, mails: tuple[int, int, int]) -> board.AlertStep:
    return board.AlertStep(step.kind, step.at, step.day, step.value, step.threshold, step.provisional, *mails)
