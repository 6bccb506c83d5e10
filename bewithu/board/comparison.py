"""An indicator in the areas around an area, inside it and beside it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from bewithu.board.data import IndicatorInfo, Value
from bewithu.board.places import Row, has_rate, place_row
from bewithu.board.words import Words, mark, plain
from schemas.areas import Area, Level, ancestors, area, areas_of_level, around, children

LEVELS: Final[Mapping[Level, str]] = MappingProxyType(
    {
        Level.COUNTRY: mark("country"),
        Level.REGION: mark("region"),
        Level.PROVINCE: mark("province"),
        Level.ARRONDISSEMENT: mark("arrondissement"),
        Level.MUNICIPALITY: mark("municipality"),
    }
)


@dataclass(frozen=True, slots=True)
class Group:
    """Areas that stand to the chosen one in the same way; `rows`: each with the name of its level."""

    name: str
    rows: tuple[tuple[str, Row], ...]


@dataclass(frozen=True, slots=True)
class Comparison:
    """`changes`, `per_thousand`: whether the table has these columns."""

    groups: tuple[Group, ...]
    changes: bool
    per_thousand: bool

    @property
    def rows(self) -> tuple[Row, ...]:
        return tuple(row for group in self.groups for _, row in group.rows)


def compared_areas(chosen: Area) -> tuple[str, ...]:
    """The codes of all areas that `comparison` needs values of, each once; the chosen one is among them."""
    return tuple(dict.fromkeys(code for codes in _codes(chosen).values() for code in codes))


def comparison(values: Sequence[Value], info: IndicatorInfo, chosen: Area, words: Words) -> Comparison:
    """`values`: of `compared_areas`, or of some of them: the others are left out."""
    by_code = {value.area: place_row(area(value.area), value, info, chosen, words) for value in values}
    groups = tuple(
        Group(words.gettext(name), tuple((_level(code, words), by_code[code]) for code in told))
        for name, codes in _codes(chosen).items()
        if (told := [code for code in codes if code in by_code])
    )
    return Comparison(
        groups=_by_name(groups),
        changes=any(row.change.direction != "unknown" for row in by_code.values()),
        per_thousand=has_rate(info),
    )


def _codes(chosen: Area) -> Mapping[str, Sequence[str]]:
    beside = [code for code in children(around(chosen.code)) if chosen.level is not Level.COUNTRY]
    inside = children(chosen.code)
    if chosen.level is Level.COUNTRY:
        inside = (*inside, *(each.code for each in areas_of_level(Level.PROVINCE)))
    return {
        mark("Around it"): ancestors(chosen.code)[1:][::-1],
        mark("Beside it"): beside if len(beside) > 1 else [chosen.code],
        mark("Inside it"): inside,
    }


def _by_name(groups: tuple[Group, ...]) -> tuple[Group, ...]:
    """The largest areas first, then by name."""
    sizes = list(Level)
    return tuple(
        Group(
            group.name,
            tuple(
                sorted(
                    group.rows, key=lambda row: (-sizes.index(area(row[1].code).level), plain(row[1].name))
                )
            ),
        )
        for group in groups
    )


def _level(code: str, words: Words) -> str:
    return words.gettext(LEVELS[area(code).level])
