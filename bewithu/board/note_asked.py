"""Which month's note was asked for, and the moment that it is fixed to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from bewithu.board.asked import Asked, read_asked
from bewithu.board.data import BoardData
from bewithu.board.problems import RequestProblem
from bewithu.board.view import EARLIEST, check_parameters, read_moment
from bewithu.clock import BRUSSELS, Clock, brussels_day

#: Of a note's address.
PARAMETERS = ("lang", "area", "month", "as_of")


@dataclass(frozen=True, slots=True)
class Month:
    """A calendar month in Brussels, by its first day."""

    first: date

    @property
    def last(self) -> date:
        return (self.first + timedelta(days=31)).replace(day=1) - timedelta(days=1)

    @property
    def before(self) -> Month:
        return Month((self.first - timedelta(days=1)).replace(day=1))

    @property
    def year_before(self) -> Month:
        return Month(self.first.replace(year=self.first.year - 1))

    @property
    def begins(self) -> datetime:
        return datetime.combine(self.first, time(), BRUSSELS).astimezone(UTC)

    @property
    def ends(self) -> datetime:
        """The first moment after it."""
        return datetime.combine(self.last + timedelta(days=1), time(), BRUSSELS).astimezone(UTC)

    def __str__(self) -> str:
        return f"{self.first:%Y-%m}"


@dataclass(frozen=True, slots=True)
class NoteAsked:
    """`as_of`: what was known then makes the note, whenever it is asked for. `names_month`: the address does."""

    asked: Asked
    month: Month
    as_of: datetime
    names_month: bool

    @property
    def newest(self) -> Month:
        """The last that was over."""
        return _newest(self.as_of)

    @property
    def stamp(self) -> str:
        width = "milliseconds" if self.as_of.microsecond else "seconds"
        return self.as_of.isoformat(timespec=width).replace("+00:00", "Z")

    @property
    def seen(self) -> tuple[object, ...]:
        view = self.asked.view
        return (
            "note",
            view.language,
            view.area.code,
            self.month,
            self.as_of,
            self.names_month,
            sorted(view.chosen),
        )

    def parameters(self) -> dict[str, str]:
        """That name this very note in an address."""
        view = self.asked.view
        return {"lang": view.language, "area": view.area.code, "month": str(self.month), "as_of": self.stamp}


def read_note_asked(data: BoardData, clock: Clock, query: Mapping[str, str], accepted: str) -> NoteAsked:
    """`query`: `PARAMETERS`. Raises `RequestProblem`."""
    check_parameters(query.keys(), PARAMETERS)
    shown = {name: query[name] for name in ("lang", "area") if name in query}
    asked = read_asked(data, clock, shown, accepted)
    given = read_moment(query.get("as_of"), asked.now, "as_of")
    as_of = in_milliseconds(given or _settled(asked))
    month = read_month(query.get("month"), as_of)
    return NoteAsked(asked, month, as_of, bool(query.get("month")))


def read_month(text: str | None, as_of: datetime) -> Month:
    """A month that was over at that moment; the last one when empty."""
    newest = _newest(as_of)
    if not text:
        return newest
    try:
        first = date.fromisoformat(f"{text}-01")
    except ValueError:
        first = None
    if first is None or text != f"{first:%Y-%m}" or not EARLIEST.replace(year=EARLIEST.year + 1) <= first:
        raise RequestProblem(
            400, "month", text, f"a month as YYYY-MM from {EARLIEST.year + 1}-01 to {newest}"
        )
    if first > newest.first:
        raise RequestProblem(400, "month", text, f"a month that is over, up to {newest}", (str(newest),))
    return Month(first)


def _newest(as_of: datetime) -> Month:
    return Month(brussels_day(as_of).replace(day=1)).before


def in_milliseconds(moment: datetime) -> datetime:
    """In UTC, as the store keeps moments."""
    return moment.astimezone(UTC).replace(microsecond=moment.microsecond // 1000 * 1000)


def _settled(asked: Asked) -> datetime:
    """Up to which values are brought up to date, or the last whole minute where that is earlier: what was known then
    does not change any more, and all who ask within a minute get the same note."""
    minute = asked.now.replace(second=0, microsecond=0)
    refreshed = asked.status.last_refresh_at
    return min(refreshed, minute) if refreshed else minute
