"""What moved in a month, in words that the published numbers carry: against the month before and the year before."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Final, Literal

from bewithu.board.data import IndicatorInfo, Value
from bewithu.board.figures import COUNTS, Change, figure, number_text, relative
from bewithu.board.news import LEAST, size_of
from bewithu.board.words import MINUS, Words, mark

Span = Literal["month", "year"]

#: So many moves are told, after the first of the headline indicators.
LISTED: Final = 5

_TEXTS: Final[Mapping[Span, Mapping[str, str]]] = MappingProxyType(
    {
        "month": {
            "none": mark("no comparison with a month before"),
            "same": mark("the same as a month before"),
            "up": mark("%(amount)s higher than a month before"),
            "down": mark("%(amount)s lower than a month before"),
            "points up": mark("%(amount)s percentage points higher than a month before"),
            "points down": mark("%(amount)s percentage points lower than a month before"),
            "from few": mark("fewer than %(minimum)s a month before"),
            "to few": mark("%(number)s a month before"),
        },
        "year": {
            "none": mark("no comparison with a year before"),
            "same": mark("the same as a year before"),
            "up": mark("%(amount)s higher than a year before"),
            "down": mark("%(amount)s lower than a year before"),
            "points up": mark("%(amount)s percentage points higher than a year before"),
            "points down": mark("%(amount)s percentage points lower than a year before"),
            "from few": mark("fewer than %(minimum)s a year before"),
            "to few": mark("%(number)s a year before"),
        },
    }
)


@dataclass(frozen=True, slots=True)
class Moves:
    """A total at the end of a month, of the month before and of the same month a year before; a value of None is one
    that there is not, or that is suppressed."""

    now: Value
    month_before: Value
    year_before: Value

    def before(self, span: Span) -> Value:
        return self.month_before if span == "month" else self.year_before


@dataclass(frozen=True, slots=True)
class Message:
    """One key message. `id`: of its indicator, empty where it is about none."""

    id: str
    text: str


def key_messages(
    found: Sequence[Moves],
    infos: Mapping[str, IndicatorInfo],
    words: Words,
    counted: Mapping[str, str] = MappingProxyType({}),
) -> tuple[Message, ...]:
    """The first headline figure, then the largest moves; each indicator once. Nothing is told that no number says.

    `counted`: what an indicator counts; of those that count the same over different windows only one is told.
    """
    if not any(_has_figure(each.now) for each in found):
        return (Message("", words.gettext("No figures have been published for this month.")),)
    headlines = [each for each in found if infos[each.now.indicator].headline and _has_figure(each.now)]
    first = headlines[:1]
    named = {each.now.indicator for each in first}
    by_size = sorted(
        (
            (size, each)
            for each in found
            if each.now.indicator not in named and (size := _size(each, infos)) >= LEAST
        ),
        key=lambda pair: (-pair[0], pair[1].now.indicator),
    )
    ranked: dict[str, Moves] = {}
    for _, each in by_size:
        ranked.setdefault(counted.get(each.now.indicator, each.now.indicator), each)
    told = tuple(
        _message(each, infos[each.now.indicator], words) for each in (*first, *list(ranked.values())[:LISTED])
    )
    if ranked:
        return told
    least = words.percentage(LEAST)
    calm = words.gettext("No other figure moved by %(least)s or more.", least=least)
    return (*told, Message("", calm))


def moved(now: Value, before: Value, span: Span, info: IndicatorInfo, words: Words) -> Change:
    """From one to the other, as a sentence and in short. Differences smaller than what is shown count as none."""
    texts = _TEXTS[span]
    if now.value is None or before.value is None:
        return Change("unknown", _one_sided(now, before, span, info, words), "–")
    difference = now.value - before.value
    in_points = info.percent or info.unit == "%"
    scale = 100 if info.percent else 1
    if round(abs(difference) * scale, info.decimals) == 0:
        same = texts["same"]
        return Change("same", words.gettext(same), words.number(0))
    amount = (
        words.number(abs(difference) * scale, info.decimals)
        if in_points
        else number_text(abs(difference), info, words)
    )
    is_up = difference > 0
    text = texts[("points " if in_points else "") + ("up" if is_up else "down")]
    part = "" if in_points else relative(now.value, difference, words)
    points = words.gettext("pp")
    unit = f"\N{NO-BREAK SPACE}{points}" if in_points else ""
    return Change(
        "up" if is_up else "down",
        words.gettext(text, amount=amount) + part,
        f"{'+' if is_up else MINUS}{amount}{unit}{part}",
    )


def _one_sided(now: Value, before: Value, span: Span, info: IndicatorInfo, words: Words) -> str:
    """Of a count, fewer than a group on one side still says which way it went."""
    texts = _TEXTS[span]
    none = texts["none"]
    if info.kind in COUNTS and before.suppressed and now.value is not None:
        from_few = texts["from few"]
        return words.gettext(from_few, minimum=words.number(info.minimum_cell))
    if info.kind in COUNTS and now.suppressed and before.value is not None:
        to_few = texts["to few"]
        return words.gettext(to_few, number=figure(before, info, words).text)
    return words.gettext(none)


def _message(each: Moves, info: IndicatorInfo, words: Words) -> Message:
    """Name, number with its unit, and both comparisons where there are any."""
    it = figure(each.now, info, words)
    number = f"{it.text}\N{NO-BREAK SPACE}{it.unit}".strip()
    if each.now.suppressed:
        number = it.spoken
        if info.kind in COUNTS:
            few = words.gettext("fewer than %(minimum)s", minimum=words.number(info.minimum_cell))
            number = f"{few}\N{NO-BREAK SPACE}{it.unit}"
    parts = [
        number,
        *(
            moved(each.now, each.before(span), span, info, words).sentence
            for span in ("month", "year")
            if _has_figure(each.before(span))
        ),
    ]
    if it.provisional:
        provisional = words.gettext("provisional")
        parts[0] += f" ({provisional})"
    text = words.gettext("%(what)s: %(which)s", what=words.named(info.names, info.id), which=", ".join(parts))
    return Message(info.id, text + ".")


def _size(each: Moves, infos: Mapping[str, IndicatorInfo]) -> float:
    """Of the larger of both moves; a value that there is not is no move."""
    info = infos[each.now.indicator]
    return max(
        size_of(each.now, each.month_before, info),
        size_of(each.now, each.year_before, info),
    )


def _has_figure(value: Value) -> bool:
    return value.suppressed or value.value is not None


def unheard(value: Value) -> Value:
    """The same, of a day on which nothing had been heard: a zero would be wrong."""
    return replace(value, value=None, suppressed=False, provisional=False)
