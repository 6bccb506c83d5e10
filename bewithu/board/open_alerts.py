"""Alerts as the board lists them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bewithu.board.alert_data import AlertInfo
from bewithu.board.data import IndicatorInfo
from bewithu.board.figures import COUNTS, number_text
from bewithu.board.labels import SEVERITIES, STATES, label
from bewithu.board.words import Words
from schemas.areas import areas

LISTED = 20


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One alert in one language. `severity` and `state` are the log's own words, for the style sheet. `acknowledged`:
    that it is, and by whom where that is told. `ended`: when, empty while it goes on. `indicator_id`: empty where it is
    defined no longer."""

    id: str
    fingerprint: str
    severity: str
    severity_name: str
    state: str
    state_name: str
    summary: str
    area: str
    area_name: str
    indicator: str
    indicator_id: str
    since: datetime
    since_day: str
    since_ago: str
    value: str
    threshold: str
    acknowledged: str
    ended: str


@dataclass(frozen=True, slots=True)
class AlertLines:
    """`headline` is read out by screen readers when it changes. `more`: there are more than are listed."""

    headline: str
    lines: tuple[AlertLine, ...]
    more: bool


def alert_lines(
    alerts: Sequence[AlertInfo],
    infos: Mapping[str, IndicatorInfo],
    now: datetime,
    words: Words,
    listed: int = LISTED,
) -> AlertLines:
    """`alerts` holds up to one more than `listed`, which tells that there are more."""
    lines = tuple(alert_line(alert, infos.get(alert.indicator), now, words) for alert in alerts[:listed])
    return AlertLines(_headline(alerts, words, listed), lines, len(alerts) > listed)


def _headline(alerts: Sequence[AlertInfo], words: Words, listed: int) -> str:
    if not alerts:
        return words.gettext("No open alerts")
    if len(alerts) > listed:
        return words.gettext("More than %(count)s open alerts", count=words.number(listed))
    text = words.ngettext("%(count)s open alert", "%(count)s open alerts", len(alerts))
    critical = sum(alert.severity == "critical" for alert in alerts)
    if not critical:
        return text
    # Not inside an f-string, where the text would not be found for the catalogues.
    of_them = words.ngettext("%(count)s of them critical", "%(count)s of them critical", critical)
    return f"{text}, {of_them}"


def alert_line(alert: AlertInfo, info: IndicatorInfo | None, now: datetime, words: Words) -> AlertLine:
    """`info`: None where the indicator is defined no longer."""
    place = areas().get(alert.area)
    return AlertLine(
        id=alert.id,
        fingerprint=alert.fingerprint,
        severity=alert.severity,
        severity_name=label(SEVERITIES, alert.severity, words),
        state=alert.state,
        state_name=label(STATES, alert.state, words),
        summary=words.named(alert.summaries, alert.rule),
        area=alert.area,
        area_name=place.name(words.language) if place else alert.area,
        indicator=words.named(info.names, info.id) if info else alert.indicator,
        indicator_id=info.id if info else "",
        since=alert.since,
        since_day=words.moment(alert.since),
        since_ago=words.ago(alert.since, now),
        value=_value_text(alert.value, info, words),
        threshold=threshold_text(alert.threshold, info, words),
        acknowledged=_acknowledged(alert, words),
        ended=words.moment(alert.ended_at) if alert.ended_at else "",
    )


def _acknowledged(alert: AlertInfo, words: Words) -> str:
    if alert.acknowledged_by:
        return words.gettext("acknowledged by %(name)s", name=alert.acknowledged_by)
    return words.gettext("acknowledged") if alert.acknowledged_at else ""


def _value_text(number: float | None, info: IndicatorInfo | None, words: Words) -> str:
    """Of persons that are counted in groups the log has 0 for fewer than a group."""
    if number == 0 and info and info.kind in COUNTS and info.minimum_cell > 1:
        return words.fewer_than(info.minimum_cell)
    return threshold_text(number, info, words)


def threshold_text(number: float | None, info: IndicatorInfo | None, words: Words) -> str:
    """A value or a threshold; empty where there is none."""
    if number is None:
        return ""
    return number_text(number, info, words) if info else words.number(number)
