"""The words of a mail: from the facts of one transition to sentences in the reader's language."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from alerts.address_book import Coordinator, responsible_for
from alerts.chart import Segment, chart, segments, text_bar
from alerts.lead import lead
from alerts.picture import DAYS as MOST_DAYS
from alerts.picture import Labels, picture
from alerts.ports import IndicatorText
from alerts.rules import Rule
from alerts.voice import Voice, voice
from alerts.wording import (
    ACCENTS,
    RESOLVED_ACCENT,
    after_the_alert,
    board_link,
    facts_of,
    figure_told,
    severity_word,
    sources,
    state_word,
    why_you,
)
from schemas.alerting import CALLS, Reading, Transition
from schemas.areas import Language


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

    @property
    def firing(self) -> bool:
        return self.transition.kind in CALLS

    @property
    def covering(self) -> str:
        """For which area its reader is a coordinator."""
        return responsible_for(self.coordinator, self.transition.area) or self.transition.area


@dataclass(frozen=True, slots=True)
class Line:
    """One day of the chart: as pixels for HTML, as characters for text."""

    day: str
    figure: str
    beyond: bool
    segments: tuple[Segment, ...]
    bar: str


@dataclass(frozen=True, slots=True)
class Picture:
    """`id`: by which the HTML names it; `words`: what it shows, for whoever does not see it."""

    id: str
    png: bytes
    words: str


@dataclass(frozen=True, slots=True)
class Page:
    """What the templates show, in the reader's language. `accent` and `beyond`: colours of the mail and of the bars.

    `threshold`: empty where there is none.
    """

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
    picture: Picture | None
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
    facts = facts_of(transition, text, speak)
    place, amount, indicator, threshold = (
        facts[name] for name in ("place", "value", "indicator", "threshold")
    )
    state = state_word(speak, transition.kind)
    return Page(
        language=letter.language,
        subject=speak.gettext(
            "%(place)s: %(amount)s – %(state)s: %(indicator)s",
            place=place,
            amount=amount,
            state=state,
            indicator=indicator,
        ),
        accent=ACCENTS[rule.severity] if letter.firing else RESOLVED_ACCENT,
        beyond=ACCENTS[rule.severity],
        firing=letter.firing,
        state=state,
        severity=severity_word(speak, rule.severity),
        place=place,
        amount=amount,
        indicator=indicator,
        day=speak.day(transition.day),
        lead=lead(transition, rule.condition, threshold, speak),
        certainty=" ".join([_certainty(speak, transition.provisional), *_minimum(letter, speak)]),
        summary=rule.summary.filled(letter.language, facts),
        explanation=text.explanations[letter.language],
        action=rule.action.filled(letter.language, facts) if letter.firing else after_the_alert(speak),
        picture=_picture(letter, speak),
        lines=_lines(letter, speak),
        threshold="" if transition.threshold is None else threshold,
        sources=tuple(sources(text, letter.last_heard, speak)),
        link=board_link(letter.board, transition, speak),
        actions=tuple((speak.gettext(label), address) for label, address in letter.actions),
        reason=why_you([letter.covering], speak),
        contact=letter.contact,
        reference=f"{transition.rule} · {transition.area} · {transition.id}",
    )


def _lines(letter: Letter, speak: Voice) -> tuple[Line, ...]:
    drawn = chart(letter.history, letter.rule.condition, letter.transition)
    return tuple(
        Line(
            day=speak.short_day(row.day),
            figure="–"
            if row.value is None
            else figure_told(speak.figure, row.value, letter.indicator, speak),
            beyond=row.beyond,
            segments=segments(row, drawn.threshold),
            bar=text_bar(row, drawn.threshold),
        )
        for row in drawn.rows
    )


def _picture(letter: Letter, speak: Voice) -> Picture | None:
    """Of the last weeks; none where there are not even two figures."""
    about = letter.transition
    drawn = chart(letter.history, letter.rule.condition, about, MOST_DAYS)
    values = [row.value for row in drawn.rows if row.value is not None]
    if len(values) < 2:
        return None

    def told(value: float | None) -> str:
        return figure_told(speak.figure, value, letter.indicator, speak)

    threshold = "" if about.threshold is None else told(about.threshold)
    highest = max([*values, about.threshold or 0.0])
    labels = Labels(
        told(highest), threshold, speak.short_day(drawn.rows[0].day), speak.short_day(drawn.rows[-1].day)
    )
    return Picture(
        id=f"chart-{about.id}@bewithu",
        png=picture(drawn, labels, ACCENTS[letter.rule.severity]),
        words=speak.gettext(
            "%(first)s to %(last)s: lowest %(low)s, highest %(high)s, last %(now)s; threshold %(threshold)s.",
            first=speak.day(drawn.rows[0].day),
            last=speak.day(drawn.rows[-1].day),
            low=told(min(values)),
            high=told(max(values)),
            now=told(values[-1]),
            threshold=threshold or "–",
        ),
    )


def _certainty(speak: Voice, provisional: bool) -> str:
    if provisional:
        return speak.gettext("Provisional figure: data about this period may still arrive and change it.")
    return speak.gettext(
        "Data about this period are complete, as far as is known; only later corrections can still change the figure."
    )


def _minimum(letter: Letter, speak: Voice) -> Iterator[str]:
    """Which numbers the rule takes for too small to say anything."""
    least, text = letter.rule.minimum, letter.indicator
    if least.value is not None:
        figure = figure_told(speak.amount, least.value, text, speak)
        yield speak.gettext("Figures below %(figure)s raise no alert.", figure=figure)
    behind = [number for number in (least.numerator, least.denominator) if number is not None]
    if behind:
        number = speak.figure(max(behind), "")
        yield speak.gettext("Shares that rest on fewer than %(number)s raise no alert.", number=number)
