"""What the mails have in common: colours, figures, places and sources in the reader's words."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Final
from urllib.parse import urlencode

from alerts.fingerprint import alert_fingerprint
from alerts.ports import IndicatorText
from alerts.rules import Severity
from alerts.voice import Voice
from schemas.alerting import Kind, Transition
from schemas.areas import area

#: Of the band on top and of the bars beyond the threshold; each has a contrast above 4.5 with white.
ACCENTS: Final[Mapping[Severity, str]] = {"info": "#1d4e89", "warning": "#a8480b", "critical": "#9b1c1c"}
RESOLVED_ACCENT: Final = "#1c6b48"
#: Before a number of persons that a batch is larger than.
_FEWER: Final = "<\N{NO-BREAK SPACE}"


def figure_told(
    write: Callable[[float, str], str], value: float | None, text: IndicatorText, speak: Voice
) -> str:
    """Of persons who are told in batches, fewer than one batch: `< 5 persons`."""
    if value is None:
        return speak.gettext("no figure")
    if text.batch > 1 and value == 0:
        return _FEWER + write(text.batch, text.unit)
    return write(value, text.unit)


def facts_of(transition: Transition, text: IndicatorText, speak: Voice) -> Mapping[str, str]:
    """What a rule's annotations are filled with (alerts/rules/annotations.py)."""
    return {
        "place": area(transition.area).name(speak.language),
        "value": figure_told(speak.amount, transition.value, text, speak),
        "threshold": figure_told(speak.amount, transition.threshold, text, speak),
        "since": speak.day(transition.since),
        "indicator": text.names[speak.language],
    }


def severity_word(speak: Voice, severity: Severity) -> str:
    words: Mapping[Severity, str] = {
        "info": speak.gettext("for information"),
        "warning": speak.gettext("warning"),
        "critical": speak.gettext("critical"),
    }
    return words[severity]


def state_word(speak: Voice, kind: Kind) -> str:
    """Of those that are told."""
    match kind:
        case "firing":
            return speak.gettext("ALERT")
        case "reminded":
            return speak.gettext("ALERT CONTINUES")
        case "retracted":
            return speak.gettext("ALERT WITHDRAWN")
        case _:
            return speak.gettext("ALERT OVER")


def after_the_alert(speak: Voice) -> str:
    return speak.gettext(
        "Nothing further is asked of you because of this alert. "
        "You decide whether measures that you took stay in place."
    )


def sources(
    text: IndicatorText, last_heard: Mapping[str, datetime], speak: Voice
) -> Sequence[tuple[str, str]]:
    """Each agency and how fresh its data are."""
    return tuple(
        (
            publisher.names[speak.language],
            speak.gettext("latest data: %(moment)s", moment=speak.moment(last_heard[publisher.code]))
            if publisher.code in last_heard
            else speak.gettext("no data received yet"),
        )
        for publisher in text.publishers
    )


def why_you(codes: Sequence[str], speak: Voice) -> str:
    """`codes`: for which areas the reader is a coordinator."""
    return speak.gettext(
        "You receive this message as coordinator for: %(area)s. "
        "One message is sent when an alert begins and one when it is over.",
        area=", ".join(area(code).name(speak.language) for code in codes),
    )


def board_link(board: str, transition: Transition, speak: Voice) -> str:
    """The page of the alert on the board, at the one of its rule in this area that the step belongs to; `board`
    without a slash at the end."""
    name = alert_fingerprint(transition.rule, transition.area)
    return f"{board}/alerts/{name}?{urlencode({'lang': speak.language})}#{anchor(transition.since)}"


def anchor(since: datetime) -> str:
    """Where on that page the alert stands that began then (bewithu/board/alert_page.py)."""
    return f"since-{since.astimezone(UTC):%Y%m%dT%H%M%SZ}"
