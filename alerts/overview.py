"""The words of the weekly overview: what began, went on and ended, and which agencies are silent."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from alerts.address_book import Coordinator, responsible_for
from alerts.ports import IndicatorText, Publisher
from alerts.voice import Voice, mark_plural, voice
from alerts.week import Week
from alerts.wording import board_link, figure_told, state_word
from schemas.alerting import FIRING, Transition
from schemas.areas import Language, area

#: An agency is silent when nothing was heard of it for so long.
SILENT_AFTER: Final = timedelta(days=7)

_STEPS: Final = mark_plural("%(number)s message about alerts", "%(number)s messages about alerts")
_STILL: Final = mark_plural("%(number)s alert goes on", "%(number)s alerts go on")
_SILENT: Final = mark_plural("%(number)s silent agency", "%(number)s silent agencies")


@dataclass(frozen=True, slots=True)
class Overview:
    """All that an overview is made of. `told`: the steps of the week that people heard of, in the reader's areas;
    `going_on`: the last step of each alert there that fires at its end. `publishers`: every agency that there is.
    """

    week: Week
    coordinator: Coordinator
    told: Sequence[Transition]
    going_on: Sequence[Transition]
    indicators: Mapping[str, IndicatorText]
    publishers: Sequence[Publisher]
    last_heard: Mapping[str, datetime]
    board: str
    contact: str


@dataclass(frozen=True, slots=True)
class Entry:
    """A step, or an alert that goes on."""

    state: str
    place: str
    indicator: str
    amount: str
    time: str
    link: str


@dataclass(frozen=True, slots=True)
class OverviewPage:
    """What the templates show, in the reader's language."""

    language: Language
    subject: str
    accent: str
    title: str
    quiet: str
    told: tuple[Entry, ...]
    going_on: tuple[Entry, ...]
    silent: tuple[tuple[str, str], ...]
    heard: str
    board: str
    reason: str
    contact: str
    reference: str


def overview(found: Overview) -> OverviewPage:
    """In the language of its coordinator."""
    language = found.coordinator.language
    speak = voice(language)
    silent = _silent(found, speak)
    counts = [(_STEPS, len(found.told)), (_STILL, len(found.going_on)), (_SILENT, len(silent))]
    told = ", ".join(speak.counted(words, number) for words, number in counts if number)
    news = told or speak.gettext("all quiet")
    is_quiet = not found.told and not found.going_on
    quiet = speak.gettext("All quiet: no alert began, went on or ended in your areas this week.")
    title = speak.gettext(
        "Week of %(first)s to %(last)s",
        first=speak.day(found.week.begins.date()),
        last=speak.day(found.week.sent_on - timedelta(days=1)),
    )
    return OverviewPage(
        language=language,
        subject=f"{title} – {news}",
        accent="#1c6b48" if is_quiet else "#1d4e89",
        title=title,
        quiet=quiet if is_quiet else "",
        told=tuple(_entry(step, found, speak) for step in found.told),
        going_on=tuple(_entry(step, found, speak) for step in found.going_on),
        silent=silent,
        heard="" if silent else speak.gettext("Data were received from every agency."),
        board=found.board,
        reason=speak.gettext(
            "You receive this overview every week as coordinator for: %(area)s.",
            area=", ".join(area(code).name(language) for code in found.coordinator.areas),
        ),
        contact=found.contact,
        reference=found.week.id,
    )


def is_of(coordinator: Coordinator, step: Transition, severity: str) -> bool:
    """Whether the step is one that the coordinator hears of."""
    is_theirs = responsible_for(coordinator, step.area) is not None
    return is_theirs and severity in coordinator.severities


def _entry(step: Transition, found: Overview, speak: Voice) -> Entry:
    text = found.indicators[step.indicator]
    return Entry(
        state=state_word(speak, "reminded" if step.kind in FIRING - {"firing"} else step.kind),
        place=area(step.area).name(speak.language),
        indicator=text.names[speak.language],
        amount=figure_told(speak.amount, step.value, text, speak),
        time=speak.gettext("since %(day)s", day=speak.day(step.since)),
        link=board_link(found.board, step, speak),
    )


def _silent(found: Overview, speak: Voice) -> tuple[tuple[str, str], ...]:
    """Each agency that nothing was heard of lately, and since when."""
    return tuple(
        (
            each.names[speak.language],
            speak.gettext("latest data: %(moment)s", moment=speak.moment(found.last_heard[each.code]))
            if each.code in found.last_heard
            else speak.gettext("no data received yet"),
        )
        for each in found.publishers
        if each.code not in found.last_heard or found.week.ends - found.last_heard[each.code] > SILENT_AFTER
    )
