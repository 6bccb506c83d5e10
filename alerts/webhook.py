"""Tells one step of one alert in the format of Alertmanager's webhooks (version 4), for tools that know it. Pure.

https://prometheus.io/docs/alerting/latest/configuration/#webhook_config; docs/alerts-to-other-systems.md says what each
field is with us.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, Final, Literal

from alerts.fingerprint import alert_labels, fingerprint
from alerts.ports import IndicatorText
from alerts.rules import Rule
from alerts.voice import voice
from alerts.wording import board_link, facts_of, figure_told
from schemas.alerting import CALLS, Transition
from schemas.areas import Language, area

#: Who maintains rules and reads alerts in other tools shares no other language.
_LANGUAGE: Final[Language] = "en"
#: What Go writes for a time that is not set: an alert that fires has no end.
_NO_END: Final = "0001-01-01T00:00:00Z"


def payload(
    transition: Transition, rule: Rule, indicator: IndicatorText, receiver: str, board: str
) -> dict[str, Any]:
    """What is posted: one group of one alert. `receiver`: the webhook's name; `board`: its address.

    Raises `LookupError` for an area that is none today.
    """
    status: Literal["firing", "resolved"] = "firing" if transition.kind in CALLS else "resolved"
    board = board.rstrip("/")
    known = _labels(transition, rule)
    said = _annotations(transition, rule, indicator)
    group = alert_labels(transition.rule, transition.area)
    alert = {
        "status": status,
        "labels": known,
        "annotations": said,
        # When it fired is not known of a step that ends it; this is the same in both.
        "startsAt": moment(transition.since),
        "endsAt": moment(transition.at) if status == "resolved" else _NO_END,
        "generatorURL": board_link(board, transition, voice(_LANGUAGE)),
        "fingerprint": fingerprint(group),
    }
    return {
        "receiver": receiver,
        "status": status,
        "alerts": [alert],
        "groupLabels": group,
        "commonLabels": known,
        "commonAnnotations": said,
        "externalURL": board,
        "version": "4",
        "groupKey": _group_key(group),
        "truncatedAlerts": 0,
    }


def moment(time: datetime) -> str:
    """RFC 3339 in UTC, as Go writes it: a fraction only where there is one, without zeros at its end."""
    written = time.astimezone(UTC).replace(tzinfo=None).isoformat()
    return (written.rstrip("0") if "." in written else written) + "Z"


def _labels(transition: Transition, rule: Rule) -> dict[str, str]:
    """A rule's own labels give way to ours. Alertmanager has no empty labels, and sorts."""
    ours = {
        "alertname": transition.rule,
        "area": transition.area,
        "level": area(transition.area).level.value,
        "severity": rule.told_in(transition.area).severity,
        "indicator": transition.indicator,
    }
    every = {**rule.labels, **ours}
    return {name: every[name] for name in sorted(every) if every[name]}


def _annotations(transition: Transition, rule: Rule, indicator: IndicatorText) -> dict[str, str]:
    speak = voice(_LANGUAGE)
    facts = facts_of(transition, indicator, speak)
    return {
        "action": rule.action.filled(_LANGUAGE, facts),
        "day": transition.day.isoformat(),
        "place": area(transition.area).name(_LANGUAGE),
        "reason": transition.reason,
        "summary": rule.summary.filled(_LANGUAGE, facts),
        "threshold": "none"
        if transition.threshold is None
        else figure_told(speak.amount, transition.threshold, indicator, speak),
        "value": figure_told(speak.amount, transition.value, indicator, speak),
    }


def _group_key(group: Mapping[str, str]) -> str:
    """As Alertmanager's for a route without matchers. Our values are words and codes, which need no escape."""
    pairs = ", ".join(f'{name}="{value}"' for name, value in sorted(group.items()))
    return f"{{}}:{{{pairs}}}"
