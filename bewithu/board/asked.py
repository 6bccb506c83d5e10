"""What a page was asked for, and all that decides whether it looks as it did before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from bewithu.board.data import BoardData, IndicatorInfo, Status
from bewithu.board.view import View, read_view
from bewithu.board.words import Words, words
from bewithu.clock import Clock


@dataclass(frozen=True, slots=True)
class Asked:
    """One request with what it takes to answer it."""

    view: View
    infos: tuple[IndicatorInfo, ...]
    latest: date
    status: Status
    now: datetime

    @property
    def words(self) -> Words:
        return words(self.view.language)

    @property
    def by_id(self) -> Mapping[str, IndicatorInfo]:
        return {info.id: info for info in self.infos}

    @property
    def seen(self) -> tuple[object, ...]:
        """Changes with the view and what it shows; and with the minute, as ages and silence grow by themselves."""
        view, status = self.view, self.status
        return (
            *(view.language, view.area.code, view.indicator.id, view.day, sorted(view.chosen), self.latest),
            *(
                status.published,
                status.accepted,
                status.quarantined,
                status.duplicates,
                status.last_refresh_at,
            ),
            int(self.now.timestamp() // 60),
        )


def read_asked(
    data: BoardData, clock: Clock, query: Mapping[str, str], accepted: str, indicator: str | None = None
) -> Asked:
    """`accepted`: the languages of the browser; `indicator`: that the path names. Raises `RequestProblem`."""
    infos = tuple(data.indicators())
    latest = data.latest_day()
    view = read_view(query, accepted, infos, latest, indicator)
    return Asked(view, infos, latest, data.status(), clock.now())
