"""The words of a mail: from the facts of one transition to sentences in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from urllib.parse import urlencode

from alerts.address_book import Coordinator, responsible_for
from alerts.chart import Segment, chart, segments, text_bar
from alerts.lead import lead
from alerts.ports import IndicatorText
from alerts.rules import Rule, Severity
from alerts.voice import Voice, voice
from schemas.alerting import Reading, Transition
from schemas.areas import Language, area

#: Of the band on top and of the bars beyond the threshold; each has a contrast above 4.5 with white.
_ACCENTS: Final[Mapping[Severity, str]] = {"info": "#1d4e89", "warning": "#a8480b", "critical": "#9b1c1c"}
_RESOLVED_ACCENT: Final = "#1c6b48"
#: Before a number of persons that a batch is larger than.
_FEWER: Final = "<\N{NO-BREAK SPACE}"


@dataclass(frozen=True, slots=True)
class Letter:
    """All that a mail about `transition` to `coordinator` is made of.

    `last_heard`: when the newest event of each publisher was recorded. `board`: address of the board, without
    a slash at the end. `contact`: who keeps the address book. `actions`: links with their labels, as `actions_for` of
    alerts/links.py gives them.
    """

    transition: Transition
    rule: Rule
    coordinator: Coordinator
    indicator: IndicatorText
    history: Sequence[Reading]
    last_heard: Mapping[str, datetime]
    board: str
    contact: str
    actions: tuple[tuple[str, str], ...] = ()

    @property
    def language(self) -> Language:
        return self.coordinator.language


@dataclass(frozen=True, slots=True)
class Line:
    """One day of the chart: as pixels for HTML, as characters for text."""

    day: str
    figure: str
    beyond: bool
    segments: tuple[Segment, ...]
    bar: str


@dataclass(frozen=True, slots=True)
class Page:
    """What the templates show, in the reader's language. `accent` and `beyond`: colours of the mail and of the bars."""

    language: Language
    subject: str
    accent: str
    beyond: str
    firing: bool
    state: str
    severity: str
    place: str
    amount: str
    indicator: str
    day: str
    lead: str
    certainty: str
    summary: str
    explanation: str
    action: str
    lines: tuple[Line, ...]
    threshold: str
    sources: tuple[tuple[str, str], ...]
    link: str
    actions: tuple[tuple[str, str], ...]
    reason: str
    contact: str
    reference: str


def page(letter: Letter) -> Page:
    """The letter in the language of its coordinator."""
    speak = voice(letter.language)
    transition, rule, text = letter.transition, letter.rule, letter.indicator
    firing = transition.kind == "firing"
    place = area(transition.area).name(letter.language)
    amount = _told(speak.amount, transition.value, text, speak)
    state = speak.gettext("ALERT") if firing else speak.gettext("ALERT OVER")
    indicator = text.names[letter.language]
    threshold = _told(speak.amount, transition.threshold, text, speak)
    return Page(
        language=letter.language,
        subject=speak.gettext(
            "%(place)s: %(amount)s – %(state)s: %(indicator)s",
            place=place,
            amount=amount,
            state=state,
            indicator=indicator,
        ),
        accent=_ACCENTS[rule.severity] if firing else _RESOLVED_ACCENT,
        beyond=_ACCENTS[rule.severity],
        firing=firing,
        state=state,
        severity=_severity(speak, rule.severity),
        place=place,
        amount=amount,
        indicator=indicator,
        day=speak.day(transition.day),
        lead=lead(transition, rule.condition, threshold, speak),
        certainty=_certainty(speak, transition.provisional),
        summary=rule.summary.in_language(letter.language),
        explanation=text.explanations[letter.language],
        action=rule.action.in_language(letter.language) if firing else _after_the_alert(speak),
        lines=_lines(letter, speak),
        threshold=threshold,
        sources=_sources(letter, speak),
        link=_link(letter),
        actions=tuple((speak.gettext(label), address) for label, address in letter.actions),
        reason=_why_you(letter, speak),
        contact=letter.contact,
        reference=f"{transition.rule} · {transition.area} · {transition.id}",
    )


def _told(write: Callable[[float, str], str], value: float | None, text: IndicatorText, speak: Voice) -> str:
    """Of persons who are told in batches, fewer than one batch: `< 5 persons`."""
    if value is None:
        return speak.gettext("no figure")
    if text.batch > 1 and value == 0:
        return _FEWER + write(text.batch, text.unit)
    return write(value, text.unit)


def _lines(letter: Letter, speak: Voice) -> tuple[Line, ...]:
    drawn = chart(letter.history, letter.rule.condition, letter.transition)
    return tuple(
        Line(
            day=speak.short_day(row.day),
            figure="–" if row.value is None else _told(speak.figure, row.value, letter.indicator, speak),
            beyond=row.beyond,
            segments=segments(row, drawn.threshold),
            bar=text_bar(row, drawn.threshold),
        )
        for row in drawn.rows
    )


def _severity(speak: Voice, severity: Severity) -> str:
    words: Mapping[Severity, str] = {
        "info": speak.gettext("for information"),
        "warning": speak.gettext("warning"),
        "critical": speak.gettext("critical"),
    }
    return words[severity]


def _certainty(speak: Voice, provisional: bool) -> str:
    if provisional:
        return speak.gettext("Provisional figure: data about this period may still arrive and change it.")
    return speak.gettext(
        "Data about this period are complete, as far as is known; only later corrections can still change the figure."
    )


def _after_the_alert(speak: Voice) -> str:
    return speak.gettext(
        "Nothing further is asked of you because of this alert. "
        "You decide whether measures that you took stay in place."
    )


def _sources(letter: Letter, speak: Voice) -> tuple[tuple[str, str], ...]:
    """Each agency and how fresh its data are."""
    return tuple(
        (
            publisher.names[letter.language],
            speak.gettext("latest data: %(moment)s", moment=speak.moment(letter.last_heard[publisher.code]))
            if publisher.code in letter.last_heard
            else speak.gettext("no data received yet"),
        )
        for publisher in letter.indicator.publishers
    )


def _why_you(letter: Letter, speak: Voice) -> str:
    covering = responsible_for(letter.coordinator, letter.transition.area) or letter.transition.area
    return speak.gettext(
        "You receive this message as coordinator for: %(area)s. "
        "One message is sent when an alert begins and one when it is over.",
        area=area(covering).name(letter.language),
    )


def _link(letter: Letter) -> str:
    transition = letter.transition
    query = {
        "area": transition.area,
        "indicator": transition.indicator,
        "lang": letter.language,
        "day": transition.day.isoformat(),
    }
    return f"{letter.board}/?{urlencode(query)}"
