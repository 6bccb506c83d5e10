"""The headline figures of the areas inside an area; of a municipality, of those beside it."""

from __future__ import annotations

from dataclasses import dataclass

from bewithu.board.data import BoardData
from bewithu.board.figures import Figure, figure, suppressed_note
from bewithu.board.note_asked import NoteAsked
from bewithu.board.note_moves import unheard
from bewithu.board.note_reading import Reading
from bewithu.board.words import plain
from schemas.areas import Area, Level, area, areas_of_level, around, children, mergers


@dataclass(frozen=True, slots=True)
class PlaceTable:
    """`columns`: names of the indicators; `rows`: name of the area, whether it is the note's own, and its figures.
    `notes`: why figures are hidden, each reason once."""

    beside: bool
    columns: tuple[str, ...]
    rows: tuple[tuple[str, bool, tuple[Figure, ...]], ...]
    notes: tuple[str, ...]


def place_table(data: BoardData, asked: NoteAsked, reading: Reading) -> PlaceTable:
    """Raises `Unavailable` when the store does not answer."""
    view, words, infos = asked.asked.view, asked.asked.words, asked.asked.by_id
    columns = [id_ for id_ in reading.told if infos[id_].headline]
    codes = _compared(view.area)
    day = asked.month.last
    values = {
        (value.indicator, value.area): value if reading.is_fed(value.indicator, day) else unheard(value)
        for value in data.notes().on_day(columns, codes, day, asked.as_of)
    }
    # What its reader may not see is not there, and "no figure" would be wrong of it.
    told = {place for _, place in values}
    rows = tuple(
        (
            area(code).name(words.language),
            code == view.area.code,
            tuple(figure(values.get((id_, code)), infos[id_], words) for id_ in columns),
        )
        for code in codes
        if code in told
    )
    hides = [
        id_
        for number, id_ in enumerate(columns)
        if any(figures[number].state == "suppressed" for _, _, figures in rows)
    ]
    return PlaceTable(
        beside=view.area.level is Level.MUNICIPALITY,
        columns=tuple(words.named(infos[id_].names, id_) for id_ in columns),
        rows=tuple(sorted(rows, key=lambda row: plain(row[0]))) if _by_name(view.area) else rows,
        notes=tuple(dict.fromkeys(suppressed_note(infos[id_], words) for id_ in hides)),
    )


def former_names(place: Area) -> str:
    """Municipalities that merged into this one, whose figures of before are its own; empty where there are none."""
    found = [each for each in mergers() if each.new_nis == place.code and each.old_nis != place.code]
    return ", ".join(each.old_name_nl for each in found)


def _compared(chosen: Area) -> tuple[str, ...]:
    if chosen.level is Level.MUNICIPALITY:
        return tuple(children(around(chosen.code)))
    inside = tuple(children(chosen.code))
    if chosen.level is Level.COUNTRY:
        return (*inside, *(each.code for each in areas_of_level(Level.PROVINCE)))
    return inside


def _by_name(chosen: Area) -> bool:
    """Of the country the regions come before the provinces."""
    return chosen.level is not Level.COUNTRY
