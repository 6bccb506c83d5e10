"""What a monthly note is made of, less what its visitor may not see. A `NoteData` around another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime

from bewithu.board.access.guard import visitor
from bewithu.board.access.veiled_alerts import shown_alert
from bewithu.board.access.visitor import decide, own_areas
from bewithu.board.alert_data import AlertInfo
from bewithu.board.data import Point, Value
from bewithu.board.note_data import NoteData
from schemas.areas import COUNTRY


class VeiledNotes:
    """As in `VeiledData`: totals of other areas are refused by `require_totals`, lists are cut to what is theirs."""

    def __init__(self, data: NoteData, require_totals: Callable[[str], None]) -> None:
        self._data = data
        self._require_totals = require_totals

    def series(
        self, indicators: Sequence[str], area: str, since: date, until: date, as_of: datetime
    ) -> Mapping[str, Sequence[Point]]:
        self._require_totals(area)
        return self._data.series(indicators, area, since, until, as_of)

    def on_day(
        self, indicators: Sequence[str], areas: Sequence[str], day: date, as_of: datetime
    ) -> Sequence[Value]:
        """Of those that the visitor may see."""
        theirs = [area for area in areas if decide(visitor(), "totals", area).allowed]
        return self._data.on_day(indicators, theirs, day, as_of) if theirs else ()

    def fed_since(
        self, indicators: Sequence[str], since: date, until: date, as_of: datetime
    ) -> Mapping[str, date]:
        self._require_totals(COUNTRY)
        return self._data.fed_since(indicators, since, until, as_of)

    def alerts_told(
        self, area: str | None, since: datetime, until: datetime, as_of: datetime
    ) -> Sequence[AlertInfo]:
        wanted = area or COUNTRY
        own = own_areas(visitor(), wanted)
        asked = [area] if own == (wanted,) else own
        found = [alert for each in asked for alert in self._data.alerts_told(each, since, until, as_of)]
        return [shown_alert(each, visitor()) for each in sorted(found, key=lambda alert: alert.since)]
