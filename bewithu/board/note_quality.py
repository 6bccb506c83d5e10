"""What a note's figures rest on: how complete the data are, and what became of the figures of the note before."""

from __future__ import annotations

from dataclasses import dataclass

from bewithu.board.data import BoardData, Value
from bewithu.board.figures import Change, Figure, figure
from bewithu.board.note_asked import NoteAsked
from bewithu.board.note_moves import moved, unheard
from bewithu.board.note_reading import Reading
from bewithu.board.words import Words


@dataclass(frozen=True, slots=True)
class Measure:
    """Of the data themselves: at the end of the month, and against a month before."""

    name: str
    figure: Figure
    month: Change


@dataclass(frozen=True, slots=True)
class Revised:
    """A figure of the month before: as the note before had it, and as it is known now."""

    name: str
    then: Figure
    now: Figure


@dataclass(frozen=True, slots=True)
class Quality:
    """`then`: the moment of the note before, as written. `compared`: figures of the month before that both have."""

    measures: tuple[Measure, ...]
    then: str
    compared: str
    revised: tuple[Revised, ...]


def quality(data: BoardData, asked: NoteAsked, reading: Reading) -> Quality:
    """The note before is that of the month before, as known at the end of this month, in which it was the newest.

    Raises `Unavailable` when the store does not answer.
    """
    view, words, month, infos = asked.asked.view, asked.asked.words, asked.month, asked.asked.by_id
    day, then = month.before.last, month.ends
    fed = data.notes().fed_since(reading.told, day, day, then)
    earlier = {
        value.indicator: value if value.indicator in fed else unheard(value)
        for value in data.notes().on_day(reading.told, [view.area.code], day, then)
    }
    pairs = [(id_, earlier[id_], reading.moves[id_].month_before) for id_ in reading.told if id_ in earlier]
    known = [(id_, before, now) for id_, before, now in pairs if _has_figure(before)]
    return Quality(
        measures=tuple(_measure(asked, reading, id_, words) for id_ in reading.of_data),
        then=words.moment(then),
        compared=words.number(len(known)),
        revised=tuple(
            Revised(
                words.named(infos[id_].names, id_),
                figure(before, infos[id_], words),
                figure(now, infos[id_], words),
            )
            for id_, before, now in known
            if (before.value, before.suppressed) != (now.value, now.suppressed)
        ),
    )


def _measure(asked: NoteAsked, reading: Reading, indicator: str, words: Words) -> Measure:
    info, it = asked.asked.by_id[indicator], reading.moves[indicator]
    return Measure(
        words.named(info.names, indicator),
        figure(it.now, info, words),
        moved(it.now, it.month_before, "month", info, words),
    )


def _has_figure(value: Value) -> bool:
    return value.suppressed or value.value is not None
