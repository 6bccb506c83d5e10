"""A published value as people read it: number and unit, or why there is none; and its change in words."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from bewithu.board.data import IndicatorInfo, Value
from bewithu.board.labels import unit_label
from bewithu.board.words import MINUS, Words

State = Literal["shown", "suppressed", "missing"]
Direction = Literal["up", "down", "same", "unknown"]

#: Kinds that count something; a small number can then be written as "less than the minimum cell".
COUNTS = frozenset({"flow", "stock", "gap"})


@dataclass(frozen=True, slots=True)
class Figure:
    """`text` is short, `spoken` is what a screen reader says instead where the two differ."""

    state: State
    text: str
    unit: str
    spoken: str
    provisional: bool


@dataclass(frozen=True, slots=True)
class Change:
    """Against seven days before: a sentence, and a short form with its sign. Neither relies on colour."""

    direction: Direction
    sentence: str
    short: str


def figure(value: Value | None, info: IndicatorInfo, words: Words) -> Figure:
    """How to write a value; `None` is a value that was never stored."""
    unit = unit_label(info.unit, words)
    if value is not None and value.suppressed:
        return Figure("suppressed", suppressed_mark(info, words), unit, suppressed_note(info, words), False)
    if value is None or value.value is None:
        return Figure("missing", "–", unit, words.gettext("no figure"), False)
    return Figure("shown", number_text(value.value, info, words), unit, "", value.provisional)


def number_text(number: float, info: IndicatorInfo, words: Words, decimals: int | None = None) -> str:
    """A number of that indicator, without a unit unless the unit is a sign."""
    digits = info.decimals if decimals is None else decimals
    if info.percent:
        return words.percentage(number, digits)
    if info.unit == "%":
        return words.percentage(number / 100, digits)
    if info.unit == "EUR":
        return words.euros(number, digits)
    return words.number(number, digits)


def suppressed_mark(info: IndicatorInfo, words: Words) -> str:
    """The star leads to the note: of what is no count, the persons behind it are few."""
    if info.kind in COUNTS:
        return words.fewer_than(info.minimum_cell) + "*"
    return words.gettext("hidden") + "*"


def suppressed_note(info: IndicatorInfo, words: Words) -> str:
    """Why a number is hidden."""
    return words.gettext(
        "hidden: it rests on fewer than %(minimum)s",
        minimum=words.number(info.minimum_cell),
    )


def change(value: Value | None, info: IndicatorInfo, words: Words) -> Change:
    """The move since seven days before. Differences smaller than what is shown count as none."""
    moved = value.change_7d if value is not None and not value.suppressed else None
    if value is None or moved is None:
        return Change("unknown", words.gettext("no comparison with a week before"), "–")
    in_points = info.percent or info.unit == "%"
    scale = 100 if info.percent else 1
    if round(abs(moved) * scale, info.decimals) == 0:
        return Change("same", words.gettext("the same as a week before"), words.number(0))
    amount = (
        words.number(abs(moved) * scale, info.decimals) if in_points else number_text(abs(moved), info, words)
    )
    sign = "+" if moved > 0 else MINUS
    part = "" if in_points else relative(value.value, moved, words)
    return Change(
        "up" if moved > 0 else "down",
        _sentence(amount, moved > 0, in_points, words) + part,
        f"{sign}{amount}",
    )


def _sentence(amount: str, up: bool, in_points: bool, words: Words) -> str:
    if in_points:
        if up:
            return words.gettext("%(amount)s percentage points higher than a week before", amount=amount)
        return words.gettext("%(amount)s percentage points lower than a week before", amount=amount)
    if up:
        return words.gettext("%(amount)s higher than a week before", amount=amount)
    return words.gettext("%(amount)s lower than a week before", amount=amount)


def relative(value: float | None, moved: float, words: Words) -> str:
    """` (+2.1 %)`: a move as a part of what there was; empty where that would say nothing."""
    before = (value or 0) - moved
    if value is None or before <= 0 or value < 0:
        return ""
    share = moved / before
    # Less than 0.1 % would read as no change, and a small week before makes a huge percentage that says nothing.
    if not 0.0005 <= abs(share) < 10:
        return ""
    return f" ({'+' if share > 0 else MINUS}{words.percentage(abs(share), 1)})"
