"""The story of an alert: what happened when, on which values, how many were told, and who looks after it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

from bewithu.board.alert_data import GOES_ON, AlertInfo, AlertRun, AlertStep, AlertStory
from bewithu.board.asked import Asked
from bewithu.board.cards import DAYS, Trend, trend_of
from bewithu.board.data import BoardData, IndicatorInfo, Value
from bewithu.board.figures import COUNTS, Figure, figure, suppressed_note
from bewithu.board.labels import STATES, STEPS, label
from bewithu.board.open_alerts import AlertLine, alert_line, threshold_text
from bewithu.board.words import Words
from schemas.areas import COUNTRY, areas

#: Days after the alert that the line shows: whether it became better.
_AFTERWARDS: Final = timedelta(days=14)


@dataclass(frozen=True, slots=True)
class StepLine:
    """`day`: that the value is of. `mails`: how many went out, in words; empty where nobody is told of such a step."""

    kind: str
    at: str
    text: str
    day: str
    figure: Figure
    threshold: str
    mails: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Run:
    """One time that the alert began, and what came of it."""

    anchor: str
    since: str
    state: str
    state_name: str
    steps: tuple[StepLine, ...]
    acknowledged: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class AlertPage:
    """`quiet`: why nobody is told of it for now. `trend`: of the figure, None where its indicator is defined no longer.
    `figure_day`: the day of the figure that decided last. `note`: why numbers of it are hidden."""

    asked: Asked
    line: AlertLine
    fingerprint: str
    action: str
    holds: str
    keeps: str
    quiet: tuple[str, ...]
    muted_by: tuple[AlertLine, ...]
    runs: tuple[Run, ...]
    trend: Trend | None
    figure: Figure | None
    figure_day: date
    indicator: IndicatorInfo | None
    note: str


def build_alert_page(data: BoardData, asked: Asked, story: AlertStory) -> AlertPage:
    """Raises `Unavailable` when the store does not answer."""
    words, alert = asked.words, story.alert
    info = asked.by_id.get(alert.indicator)
    newest = story.runs[0].steps[-1]
    return AlertPage(
        asked=asked,
        line=alert_line(alert, info, asked.now, words),
        fingerprint=alert.fingerprint,
        action=words.named(story.actions, ""),
        holds=words.length(story.holds_for) if story.holds_for else "",
        keeps=words.length(story.keeps_for) if story.keeps_for else "",
        quiet=tuple(_quiet(story, words)),
        muted_by=tuple(
            alert_line(each, asked.by_id.get(each.indicator), asked.now, words) for each in story.muted_by
        ),
        runs=tuple(_run(run, info, words) for run in story.runs),
        trend=_trend(data, asked, alert, info, newest) if info else None,
        figure=_figure(newest, info, words),
        figure_day=newest.day,
        indicator=info,
        note=suppressed_note(info, words) if info else "",
    )


def _quiet(story: AlertStory, words: Words) -> Iterator[str]:
    for each in story.silences:
        if not each.by:
            yield words.gettext("Silenced until %(moment)s", moment=words.moment(each.until))
            continue
        yield words.gettext(
            "Silenced by %(name)s until %(moment)s: %(reason)s",
            name=each.by,
            moment=words.moment(each.until),
            reason=each.reason,
        )


def _trend(
    data: BoardData, asked: Asked, alert: AlertInfo, info: IndicatorInfo, newest: AlertStep
) -> Trend | None:
    if alert.area not in areas():
        return None
    until = asked.latest if alert.state in GOES_ON else min(newest.day + _AFTERWARDS, asked.latest)
    points = data.trend(info.id, alert.area, until - timedelta(days=DAYS - 1), until)
    return trend_of(info, points, asked.words, round_axis=True, threshold=alert.threshold)


def _run(run: AlertRun, info: IndicatorInfo | None, words: Words) -> Run:
    return Run(
        anchor=run.anchor,
        since=words.moment(run.since),
        state=run.state,
        state_name=label(STATES, run.state, words),
        steps=tuple(_step(step, info, words) for step in reversed(run.steps)),
        acknowledged=tuple(_acknowledged(run, words)),
    )


def _acknowledged(run: AlertRun, words: Words) -> Iterator[str]:
    for seen in run.acknowledged:
        text = ", ".join(filter(None, (seen.by, words.moment(seen.at))))
        yield words.gettext("%(what)s: %(which)s", what=text, which=seen.comment) if seen.comment else text


def _step(step: AlertStep, info: IndicatorInfo | None, words: Words) -> StepLine:
    return StepLine(
        kind=step.kind,
        at=words.moment(step.at),
        text=label(STEPS, step.kind, words),
        day=words.day(step.day),
        figure=_figure(step, info, words),
        threshold=threshold_text(step.threshold, info, words),
        mails=tuple(_mails(step, words)),
    )


def _figure(step: AlertStep, info: IndicatorInfo | None, words: Words) -> Figure:
    """Of persons that are counted in groups the log has 0 for fewer than a group."""
    if info is None:
        text = "–" if step.value is None else words.number(step.value)
        return Figure("shown", text, "", "", step.provisional)
    few = info.kind in COUNTS and info.minimum_cell > 1 and step.value == 0
    told = Value(
        info.id,
        COUNTRY,
        "",
        step.day,
        None if few else step.value,
        suppressed=few,
        provisional=step.provisional,
    )
    return figure(told, info, words)


def _mails(step: AlertStep, words: Words) -> Sequence[str]:
    found = []
    if step.sent:
        found.append(words.ngettext("%(count)s mail sent", "%(count)s mails sent", step.sent))
    if step.waiting:
        found.append(words.ngettext("%(count)s mail waits", "%(count)s mails wait", step.waiting))
    if step.given_up:
        found.append(
            words.ngettext(
                "%(count)s mail could not be delivered",
                "%(count)s mails could not be delivered",
                step.given_up,
            )
        )
    return found
