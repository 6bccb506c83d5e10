"""How each agency's feed did, noted now and then: to count all facts takes too long for a dashboard."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime

from sinks.clickhouse.bookkeeping import Bookkeeping, Feed
from sinks.clickhouse.database import Database
from sinks.indicators.disclosure import told_count, told_moment

#: So many events of an agency are told together, as on the board.
BATCH = 5
_COLUMNS = ("agency", "at", "recorded_at", "seen_at", "accepted", "refused")
#: Rows are dropped after 90 days; one that is older than this is written again although nothing changed.
_KEPT_DAYS = 30


@dataclass(frozen=True, slots=True)
class _Noted:
    """Of an agency, without the moment. A small agency's events are single persons', so they are told in batches, and
    moments to the hour."""

    recorded_at: datetime | None
    seen_at: datetime | None
    accepted: int
    refused: int


class FeedLog:
    """Writes down the feeds that changed since they were written down."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._bookkeeping = Bookkeeping(database)

    def note(self, now: datetime, leads: Callable[[], bool] = lambda: True) -> int:
        """How many feeds had changed. Nothing is written once `leads` says no."""
        stored = self._stored()
        changed = [
            [feed.agency, now, found.recorded_at, found.seen_at, found.accepted, found.refused]
            for feed in self._bookkeeping.feeds()
            if (found := _noted(feed)) != stored.get(feed.agency)
        ]
        if not leads():
            return 0
        self._database.insert("feeds", _COLUMNS, changed)
        return len(changed)

    def _stored(self) -> Mapping[str, _Noted]:
        """The last of each agency."""
        rows = self._database.rows(
            f"SELECT {', '.join(_COLUMNS)} FROM feeds WHERE stored_at > now() - INTERVAL {_KEPT_DAYS} DAY"
            " ORDER BY agency, at DESC, stored_at DESC LIMIT 1 BY agency"
        )
        return {
            agency: _noted(Feed(agency, recorded_at, seen_at, accepted, refused, {}))
            for agency, _, recorded_at, seen_at, accepted, refused in rows
        }


def _noted(feed: Feed) -> _Noted:
    return _Noted(
        _without_zone(told_moment(feed.recorded_at)),
        _without_zone(told_moment(feed.seen_at)),
        told_count(feed.accepted, BATCH) or 0,
        feed.refused,
    )


def _without_zone(moment: datetime | None) -> datetime | None:
    """UTC, which drivers hand out with or without its zone."""
    return moment.replace(tzinfo=None) if moment else None
