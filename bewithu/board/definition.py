"""How an indicator is counted, in words: from its definition, so that it cannot say anything else than what is done."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from bewithu.board.agencies import agency_names
from bewithu.board.data import IndicatorInfo
from bewithu.board.labels import EVENTS, label, unit_label
from bewithu.board.words import Words, mark
from schemas.indicators import (
    Change,
    Completeness,
    Divergence,
    Duration,
    Flow,
    Freshness,
    Gap,
    Indicator,
    Stock,
    Sum,
    counts_persons,
    span_of,
)
from schemas.symbols import field_name, symbol_name

KINDS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "flow": mark("A count of events in a window of time that ends with the day"),
        "sum": mark("A sum of amounts in a window of time that ends with the day"),
        "stock": mark("How many there are at the end of the day"),
        "gap": mark("How many still wait for a step, at the end of the day"),
        "duration": mark("How long it took from one step to another"),
        "completeness": mark("The share of the agencies that have closed the period"),
        "freshness": mark("How long ago an agency was last heard of"),
        "ratio": mark("One indicator divided by another"),
        "occupancy": mark("Persons divided by the places that there are for them"),
        "change": mark("An indicator against what it was some days before"),
        "divergence": mark("How far two publishers’ counts of one thing lie apart"),
    }
)


@dataclass(frozen=True, slots=True)
class Fact:
    """A line of the definition. `indicators`: (id, name) of those that it names; `own`: text in the words of whoever
    wrote the definition, in English."""

    term: str
    text: str
    indicators: tuple[tuple[str, str], ...] = ()
    own: bool = False


def definition_facts(
    definition: Indicator, info: IndicatorInfo, infos: Mapping[str, IndicatorInfo], words: Words
) -> tuple[Fact, ...]:
    """What it is, what is counted, over which time, in which unit, by whom, and what is not told of it."""
    kind = words.gettext(KINDS[definition.kind])
    return (
        Fact(words.gettext("Kind"), kind),
        *_counted(definition, words),
        *_worked_out(definition, infos, words),
        *_window(definition, words),
        *_unit(definition, info, words),
        Fact(words.gettext("Breakdown"), _breakdowns(definition, words)),
        Fact(words.gettext("Published by"), agency_names(info.publishers, words)),
        Fact(words.gettext("Source"), definition.source, own=True),
        Fact(words.gettext("Small numbers"), _small_numbers(definition, words)),
        Fact(words.gettext("Provisional"), _provisional(definition, words)),
    )


def _counted(definition: Indicator, words: Words) -> Iterator[Fact]:
    """The events, in the roles that they have."""
    match definition:
        case Flow() | Sum():
            yield _events(mark("Events"), definition.event, definition.filter, words)
        case Stock():
            yield _events(mark("Counts from"), definition.event, definition.enter, words)
            yield _events(mark("Counts until"), definition.event, definition.leave, words)
        case Gap():
            yield _events(mark("Counts from"), definition.start.event, definition.start.filter, words)
            yield _events(mark("Counts until"), definition.end.event, definition.end.filter, words)
            if definition.leave:
                yield _events(mark("Or until"), definition.leave.event, definition.leave.filter, words)
            days = words.ngettext("%(count)s day", "%(count)s days", definition.days)
            yield Fact(words.gettext("Waits for at least"), days)
        case Duration():
            yield _events(mark("First step"), definition.start.event, definition.start.filter, words)
            yield _events(mark("Last step"), definition.end.event, definition.end.filter, words)
            share = words.percentage(definition.quantile)
            text = words.gettext(
                "the number of days that %(share)s of the persons did not exceed", share=share
            )
            yield Fact(words.gettext("What is told"), text)
        case Completeness() | Freshness() if definition.feed:
            yield Fact(words.gettext("Events"), label(EVENTS, definition.feed, words))
        case _:
            return


def _events(term: str, event: str, fields: Mapping[str, Sequence[str]], words: Words) -> Fact:
    parts = [_field(field, symbols, words) for field, symbols in fields.items()]
    text = words.gettext("%(what)s: %(which)s", what=label(EVENTS, event, words), which="; ".join(parts))
    return Fact(words.gettext(term), text if parts else label(EVENTS, event, words))


def _field(field: str, symbols: Sequence[str], words: Words) -> str:
    """Of a status its name says enough."""
    names = words.either([symbol_name(field, symbol, words.language) for symbol in symbols])
    if field == "status":
        return names
    return words.gettext("%(what)s: %(which)s", what=field_name(field, words.language), which=names)


def _worked_out(definition: Indicator, infos: Mapping[str, IndicatorInfo], words: Words) -> Iterator[Fact]:
    def fact(term: str, id_: str) -> Fact:
        if id_ not in infos:
            return Fact(words.gettext(term), id_)
        return Fact(words.gettext(term), "", ((id_, words.named(infos[id_].names, id_)),))

    match definition:
        case Change():
            yield fact(mark("Indicator"), definition.of)
            days = words.ngettext("%(count)s day before", "%(count)s days before", definition.days)
            yield Fact(words.gettext("Compared with"), days)
        case Divergence():
            yield fact(mark("One count"), definition.first)
            yield fact(mark("The other count"), definition.second)
        case Flow() | Sum() | Stock() | Gap() | Duration() | Completeness() | Freshness():
            return
        case _:
            yield fact(mark("Numerator"), definition.numerator)
            yield fact(mark("Denominator"), definition.denominator)


def _window(definition: Indicator, words: Words) -> Iterator[Fact]:
    if not isinstance(definition, Flow | Sum | Duration):
        return
    span = span_of(definition.window)
    match span.unit:
        case "day":
            text = words.ngettext("%(count)s day", "%(count)s days", span.length)
        case "hour":
            text = words.ngettext("%(count)s hour", "%(count)s hours", span.length)
        case "week":
            text = words.gettext("the week so far, from Monday on")
        case "month":
            text = words.gettext("the month so far, from the first on")
    yield Fact(words.gettext("Window"), text)


def _unit(definition: Indicator, info: IndicatorInfo, words: Words) -> Iterator[Fact]:
    yield Fact(words.gettext("Unit"), unit_label(info.unit, words) or definition.unit)


def _breakdowns(definition: Indicator, words: Words) -> str:
    families = [
        " × ".join(field_name(field, words.language) for field in family) for family in definition.breakdowns
    ]
    return ", ".join(families) or words.gettext("none")


def _small_numbers(definition: Indicator, words: Words) -> str:
    if definition.minimum_cell <= 1:
        return words.gettext("told as they are: no persons are counted")
    group = words.number(definition.minimum_cell)
    if isinstance(definition, Stock | Sum) and definition.round_to:
        amount = words.euros(definition.round_to)
        return words.gettext(
            "not told when fewer than %(minimum)s persons are behind it; told in multiples of %(amount)s",
            minimum=group,
            amount=amount,
        )
    if counts_persons(definition):
        return words.gettext("persons are told in groups of %(minimum)s; fewer are not told", minimum=group)
    return words.gettext("not told when fewer than %(minimum)s persons are behind it", minimum=group)


def _provisional(definition: Indicator, words: Words) -> str:
    return words.ngettext(
        "for %(count)s day, as events still come in",
        "for %(count)s days, as events still come in",
        definition.usual_delay_days,
    )
