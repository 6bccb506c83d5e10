"""What a monthly note asks of the store, as a Protocol: published values as they were known at one moment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import TYPE_CHECKING, Protocol

from bewithu.board.alert_data import AlertInfo

if TYPE_CHECKING:
    from bewithu.board.data import Point, Value


class NoteData(Protocol):
    """Methods block; each may raise `bewithu.errors.Unavailable`. Every answer is as known at `as_of`, and the same
    whenever it is asked for."""

    def series(
        self, indicators: Sequence[str], area: str, since: date, until: date, as_of: datetime
    ) -> Mapping[str, Sequence[Point]]:
        """The totals of each indicator on each day, both ends included, in one query."""

    def on_day(
        self, indicators: Sequence[str], areas: Sequence[str], day: date, as_of: datetime
    ) -> Sequence[Value]:
        """The total of each indicator in each area on a day, in one query."""

    def fed_since(
        self, indicators: Sequence[str], since: date, until: date, as_of: datetime
    ) -> Mapping[str, date]:
        """For each indicator the first of these days by which anything had been heard of it anywhere in the country;
        those of which nothing had are left out. Before that day there is no figure, and a zero would be wrong."""

    def alerts_told(
        self, area: str | None, since: datetime, until: datetime, as_of: datetime
    ) -> Sequence[AlertInfo]:
        """Alerts in `area` and within it (everywhere when None) of which people were told anything from `since` up to
        `until`, as they stood at `as_of`, the first begun first."""
