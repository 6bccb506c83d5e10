"""What changed this week: the largest moves of published numbers against the week before, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from bewithu.board.data import IndicatorInfo, Value, WeekApart
from bewithu.board.figures import COUNTS, Direction, Figure, change, figure
from bewithu.board.words import Words

LISTED: Final = 5
#: A smaller part of what there was is no news.
LEAST: Final = 0.02
#: A number of few moves by a large part of itself for nothing: so many handfuls are added to what there was before.
_HANDFULS: Final = 10
#: A count moves by one group when one person comes: less than two is not told as a move.
_GROUPS: Final = 2


@dataclass(frozen=True, slots=True)
class NewsLine:
    """One move. `day`: the last of the week, which is complete; `sentence`: what it was a week before."""

    id: str
    name: str
    figure: Figure
    direction: Direction
    sentence: str
    day: str


def news(
    found: Sequence[WeekApart], infos: Mapping[str, IndicatorInfo], words: Words
) -> tuple[NewsLine, ...]:
    """The largest moves first. Where fewer than a group are told on one side of a count, they count as none."""
    ranked = sorted(
        (
            (size, each)
            for each in found
            if (size := size_of(each.now, each.before, infos[each.now.indicator])) >= LEAST
        ),
        key=lambda pair: (-pair[0], pair[1].now.indicator),
    )
    return tuple(_line(each, infos[each.now.indicator], words) for _, each in ranked[:LISTED])


def size_of(later: Value, earlier: Value, info: IndicatorInfo) -> float:
    """The move as a part of what there was; 0 where it says nothing."""
    now, before = _number(later, info), _number(earlier, info)
    if now is None or before is None:
        return 0.0
    handful = _handful(info)
    moved = abs(now - before)
    return moved / (abs(before) + _HANDFULS * handful) if moved >= _GROUPS * handful else 0.0


def _handful(info: IndicatorInfo) -> float:
    """What is little of this unit: a group of persons, a percentage point, half a day."""
    if info.percent:
        return 0.01
    if info.unit == "EUR":
        return float(info.round_to or 1)
    return float(max(info.minimum_cell, 1)) if info.kind in COUNTS else 0.5


def _number(value: Value, info: IndicatorInfo) -> float | None:
    if value.suppressed:
        return 0.0 if info.kind in COUNTS else None
    return value.value


def _line(each: WeekApart, info: IndicatorInfo, words: Words) -> NewsLine:
    moved = change(each.now, info, words)
    sentence, direction = moved.sentence, moved.direction
    if each.before.suppressed:
        few = words.number(info.minimum_cell)
        sentence, direction = words.gettext("fewer than %(minimum)s a week before", minimum=few), "up"
    elif each.now.suppressed:
        earlier = figure(each.before, info, words).text
        sentence, direction = words.gettext("%(number)s a week before", number=earlier), "down"
    return NewsLine(
        id=info.id,
        name=words.named(info.names, info.id),
        figure=figure(each.now, info, words),
        direction=direction,
        sentence=sentence,
        day=words.day(each.now.day, "d MMMM"),
    )
