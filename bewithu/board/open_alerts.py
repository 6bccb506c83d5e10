"""Open alerts as the board lists them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from bewithu.board.data import AlertInfo, IndicatorInfo
from bewithu.board.figures import number_text
from bewithu.board.labels import SEVERITIES, STATES, label
from bewithu.board.words import Words
from schemas.areas import areas

LISTED = 20


@dataclass(frozen=True, slots=True)
class AlertLine:
    """One alert in one language. `severity` is the rule's own word, for the style sheet. `acknowledged`: by whom."""

    id: str
    severity: str
    severity_name: str
    state_name: str
    summary: str
    area: str
    area_name: str
    indicator: str
    since: datetime
    since_day: str
    since_ago: str
    value: str
    threshold: str
    acknowledged: str


@dataclass(frozen=True, slots=True)
class AlertLines:
    """`headline` is read out by screen readers when it changes. `more`: there are more than are listed."""

    headline: str
    lines: tuple[AlertLine, ...]
    more: bool


def alert_lines(
    alerts: Sequence[AlertInfo], infos: Mapping[str, IndicatorInfo], now: datetime, words: Words
) -> AlertLines:
    """`alerts` holds up to one more than LISTED, which tells that there are more."""
    lines = tuple(_line(alert, infos.get(alert.indicator), now, words) for alert in alerts[:LISTED])
    return AlertLines(_headline(alerts, words), lines, len(alerts) > LISTED)


def _headline(alerts: Sequence[AlertInfo], words: Words) -> str:
    if not alerts:
        return words.gettext("No open alerts")
    if len(alerts) > LISTED:
        return words.gettext("More than %(count)s open alerts", count=words.number(LISTED))
    text = words.ngettext("%(count)s open alert", "%(count)s open alerts", len(alerts))
    critical = sum(alert.severity == "critical" for alert in alerts)
    if not critical:
        return text
    # Not inside an f-string, where the text would not be found for the catalogues.
    of_them = words.ngettext("%(count)s of them critical", "%(count)s of them critical", critical)
    return f"{text}, {of_them}"


def _line(alert: AlertInfo, info: IndicatorInfo | None, now: datetime, words: Words) -> AlertLine:
    place = areas().get(alert.area)
    return AlertLine(
        id=alert.id,
        severity=alert.severity,
        severity_name=label(SEVERITIES, alert.severity, words),
        state_name=label(STATES, alert.state, words),
        summary=words.named(alert.summaries, alert.rule),
        area=alert.area,
        area_name=place.name(words.language) if place else alert.area,
        indicator=words.named(info.names, info.id) if info else alert.indicator,
        since=alert.since,
        since_day=words.moment(alert.since),
        since_ago=words.ago(alert.since, now),
        value=_number(alert.value, info, words),
        threshold=_number(alert.threshold, info, words),
        acknowledged=words.gettext("acknowledged by %(name)s", name=alert.acknowledged_by)
        if alert.acknowledged_by
        else "",
    )


def _number(number: float | None, info: IndicatorInfo | None, words: Words) -> str:
    if number is None:
        return ""
    return number_text(number, info, words) if info else words.number(number)
