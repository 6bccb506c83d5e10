"""The words of a mail about several alerts at once: a section for each rule, in each the worst places first."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from alerts.letter import Letter
from alerts.rules.model import SEVERITIES
from alerts.voice import Voice, mark_plural, voice
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
from schemas.alerting import Transition
from schemas.areas import Language, area

#: Of one section; what is left out is on the board.
MOST_ROWS: Final = 40
#: Places that the subject names before it counts the others.
_NAMED: Final = 2

_AND_MORE: Final = mark_plural("%(places)s and %(number)s more", "%(places)s and %(number)s more")
_BEGUN: Final = mark_plural("%(number)s alert", "%(number)s alerts")
_OVER: Final = mark_plural("%(number)s alert over", "%(number)s alerts over")
_NOT_SHOWN: Final = mark_plural(
    "%(number)s more area is on the board.", "%(number)s more areas are on the board."
)


@dataclass(frozen=True, slots=True)
class Row:
    """One place."""

    place: str
    amount: str
    threshold: str
    time: str
    link: str
    actions: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Section:
    """What one rule has to tell.

    `not_shown`: of how many places, in words; empty when all are there. `summary`: what it means, where there is more
    to say than that it is over. `explanation` and `sources` stand in the first section on their indicator.
    """

    firing: bool
    accent: str
    state: str
    severity: str
    indicator: str
    summary: str
    explanation: str
    action: str
    rows: tuple[Row, ...]
    not_shown: str
    sources: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class BulletinPage:
    """What the templates show, in the reader's language."""

    language: Language
    subject: str
    accent: str
    title: str
    sections: tuple[Section, ...]
    provisional: bool
    reason: str
    contact: str
    reference: str


def bulletin(letters: Sequence[Letter]) -> BulletinPage:
    """`letters`: at least two, to one reader; their histories are not looked at."""
    first = letters[0]
    speak = voice(first.language)
    by_section: Mapping[tuple[str, str], list[Letter]] = defaultdict(list)
    for letter in letters:
        by_section[letter.rule.id, letter.transition.kind].append(letter)
    found = sorted(
        (sorted(each, key=lambda letter: -how_far(letter.transition)) for each in by_section.values()),
        key=lambda each: (
            not each[0].firing,
            -SEVERITIES.index(each[0].rule.severity),
            each[0].rule.id,
            each[0].transition.kind,
        ),
    )
    title = _title(found, speak)
    return BulletinPage(
        language=first.language,
        subject=_subject(found, title, speak),
        accent=_accent(found[0][0]),
        title=title,
        sections=tuple(_section(each, number, found, speak) for number, each in enumerate(found)),
        provisional=any(letter.transition.provisional for letter in letters),
        reason=why_you(sorted({letter.covering for letter in letters}), speak),
        contact=first.contact,
        reference=" · ".join(sorted({letter.rule.id for letter in letters})),
    )


def how_far(transition: Transition) -> float:
    """How far a value is from what it is held against, as a share of that; -1 where there is none."""
    value, bound = transition.value, transition.threshold
    if value is None or bound is None or math.isnan(value) or math.isnan(bound):
        return -1.0
    return abs(value - bound) / max(abs(bound), 1e-9)


def _section(
    letters: Sequence[Letter], number: int, all_: Sequence[Sequence[Letter]], speak: Voice
) -> Section:
    first = letters[0]
    is_known = first.indicator.id in {each[0].indicator.id for each in all_[:number]}
    text, language = first.indicator, first.language
    left_out = len(letters) - MOST_ROWS
    severest = max((letter.rule.severity for letter in letters), key=SEVERITIES.index)
    return Section(
        firing=first.firing,
        accent=ACCENTS[severest] if first.firing else RESOLVED_ACCENT,
        state=state_word(speak, first.transition.kind),
        severity=severity_word(speak, severest),
        indicator=text.names[language],
        summary=_summary(first, speak),
        explanation="" if is_known else text.explanations[language],
        action=first.rule.action.filled(language, facts_of(first.transition, text, speak))
        if first.firing
        else after_the_alert(speak),
        rows=tuple(_row(letter, speak) for letter in letters[:MOST_ROWS]),
        not_shown=speak.counted(_NOT_SHOWN, left_out) if left_out > 0 else "",
        sources=() if is_known else tuple(sources(text, first.last_heard, speak)),
    )


def _summary(letter: Letter, speak: Voice) -> str:
    if letter.transition.kind == "retracted":
        return speak.gettext(
            "This was wrong: data have been added or corrected since. "
            "By today's data the figures gave no reason for an alert."
        )
    if not letter.firing:
        return ""
    # Of several places the worst stands for all.
    return letter.rule.summary.filled(letter.language, facts_of(letter.transition, letter.indicator, speak))


def _row(letter: Letter, speak: Voice) -> Row:
    about, text = letter.transition, letter.indicator
    since = speak.day(about.since)
    if letter.firing:
        time = speak.gettext("since %(day)s", day=since)
    else:
        length = speak.length(max(about.at - about.since, timedelta(0)))
        time = speak.gettext("%(length)s, from %(day)s", length=length, day=since)
    return Row(
        place=area(about.area).name(letter.language),
        amount=figure_told(speak.amount, about.value, text, speak),
        threshold=figure_told(speak.amount, about.threshold, text, speak),
        time=time,
        link=board_link(letter.board, about, speak),
        actions=tuple((speak.gettext(label), address) for label, address in letter.actions),
    )


def _title(sections: Sequence[Sequence[Letter]], speak: Voice) -> str:
    """`3 alerts`, `2 alerts, 1 alert over`."""
    begun = sum(len(each) for each in sections if each[0].firing)
    over = sum(len(each) for each in sections if not each[0].firing)
    told = [(_BEGUN, begun), (_OVER, over)]
    return ", ".join(speak.counted(words, number) for words, number in told if number)


def _subject(sections: Sequence[Sequence[Letter]], title: str, speak: Voice) -> str:
    """Places first, as a phone's list cuts the end off."""
    letters = [letter for each in sections for letter in each]
    places = list(dict.fromkeys(area(letter.transition.area).name(letter.language) for letter in letters))
    told = ", ".join(places[:_NAMED])
    if len(places) > _NAMED:
        told = speak.counted(_AND_MORE, len(places) - _NAMED, places=told)
    if len(sections) > 1:
        return speak.gettext("%(places)s – %(title)s", places=told, title=title)
    first = letters[0]
    return speak.gettext(
        "%(places)s – %(state)s: %(indicator)s",
        places=told,
        state=state_word(speak, first.transition.kind),
        indicator=first.indicator.names[first.language],
    )


def _accent(letter: Letter) -> str:
    return ACCENTS[letter.rule.severity] if letter.firing else RESOLVED_ACCENT
