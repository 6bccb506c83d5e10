"""What the board needs to know, as a Protocol: published values, alerts, feeds and refusals.

Every value here is already published: what is too small to show arrives with `suppressed` and without a number,
and so does what a small number could be worked out from. The board never sees a person, an event or raw bytes.
All moments are UTC and aware; all days are calendar days in Brussels.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Protocol

from bewithu.board.alert_data import AlertInfo, AlertStory, AlertsWanted
from bewithu.board.note_data import NoteData
from schemas.indicators import Indicator


@dataclass(frozen=True, slots=True)
class IndicatorInfo:
    """What an indicator is. `names` and `explanations` are keyed by `nl`, `fr`, `de` and `en`.

    `unit`: persons, files, households, certificates, places, EUR, days or %. `publishers`: agency codes.
    `percent`: values are fractions (0.25) that people read as a percentage. `headline`: has a card on the board.
    `delay_days`: a value is provisional until its day is so long ago. `round_to`: amounts are told in multiples of it.
    """

    id: str
    names: Mapping[str, str]
    explanations: Mapping[str, str]
    unit: str
    kind: str
    publishers: tuple[str, ...]
    minimum_cell: int
    decimals: int = 0
    percent: bool = False
    headline: bool = False
    delay_days: int = 0
    round_to: int | None = None


@dataclass(frozen=True, slots=True)
class Value:
    """An indicator on a day in an area. `breakdown`: empty for the total, else like `sex=female`.

    `value`: None when suppressed, or when there is none yet. `change_7d`: the value less that of seven days
    before, in the value's own unit; None when either is missing or suppressed.
    """

    indicator: str
    area: str
    breakdown: str
    day: date
    value: float | None
    suppressed: bool = False
    provisional: bool = False
    known_at: datetime | None = None
    change_7d: float | None = None


@dataclass(frozen=True, slots=True)
class WeekApart:
    """A total on a day that is complete, and seven days before."""

    now: Value
    before: Value


@dataclass(frozen=True, slots=True)
class Point:
    """A day of a trend; `value` is None where there is none to show, or where it is suppressed."""

    day: date
    value: float | None
    suppressed: bool = False
    provisional: bool = False


#: So many events of an agency are told together.
BATCH = 5


@dataclass(frozen=True, slots=True)
class AgencyInfo:
    """How an agency's feed does. `agency` is empty for records whose publisher is unknown.

    `last_event_at`: when the agency recorded its newest event; `last_seen_at`: when anything of it last arrived; both
    to the hour, rounded down.
    `accepted`: events, in whole batches of `BATCH`; 0 stands for fewer. `refusals`: refused records by reason.
    `promised_every`: the rhythm that it promised, None when it did not. `exact`: refused records are told one by one;
    else in whole batches of `BATCH`, too, and a reason with fewer is left out.
    """

    agency: str
    last_event_at: datetime | None
    last_seen_at: datetime | None
    accepted: int
    refused: int
    refusals: Mapping[str, int] = field(default_factory=dict)
    promised_every: timedelta | None = None
    exact: bool = True


@dataclass(frozen=True, slots=True)
class Refusal:
    """A record in quarantine, by its place in Kafka. `detail` has the digits of identities masked."""

    topic: str
    partition: int
    offset: int
    agency: str
    reason: str
    detail: str
    known_at: datetime


@dataclass(frozen=True, slots=True)
class Status:
    """How the platform does.

    `published`: records taken from Kafka; `accepted` + `quarantined` = `published` when nothing is lost;
    `duplicates`: accepted records that repeat an event. `lag`: records in Kafka that are not stored yet, None when
    the broker was not asked. `versions`: of bewithu, of the database's migrations and of the parts in use.
    """

    published: int
    accepted: int
    quarantined: int
    duplicates: int
    last_refresh_at: datetime | None
    lag: int | None
    versions: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Moved:
    """An agency that made a value move: by events that came late, by corrections of earlier ones, or by both.

    Told only where at least a batch of them came.
    """

    agency: str
    late: bool
    corrected: bool


@dataclass(frozen=True, slots=True)
class Revision:
    """What was told of a value from `known_on` on; None where it was suppressed. `moved_by`: why, as far as is told."""

    known_on: date
    value: float | None
    moved_by: tuple[Moved, ...] = ()


@dataclass(frozen=True, slots=True)
class Contributor:
    """An agency with events of the time that a value is about, and how many of them were corrected; None where few.

    An agency with few events is left out. Of which days they are is not told: it would count them one by one.
    """

    agency: str
    events: int
    corrected: int | None


@dataclass(frozen=True, slots=True)
class Origin:
    """How a value of `indicator` came about: what was told at the end of its day, and each change after that; of a
    duration the revisions tell how many persons."""

    indicator: str
    revisions: Sequence[Revision]
    contributors: Sequence[Contributor]


class BoardData(Protocol):
    """Read access to what is published. Methods block; the board calls them from threads, several at once.

    Indicator ids, area codes and days come checked: ids from `indicators()`, codes from `schemas.areas`, days from
    2000-01-01 to `latest_day()`. Any method may raise `bewithu.errors.Unavailable`.
    """

    def indicators(self) -> Sequence[IndicatorInfo]:
        """All indicators in the order in which people should see them; from memory, as every request asks."""

    def definition(self, indicator: str) -> Indicator:
        """How it is counted; from memory."""

    def latest_day(self) -> date:
        """The newest day that has values; today, where nothing has been published yet."""

    def value(self, indicator: str, area: str, day: date, as_of: datetime | None = None) -> Value:
        """The total of one indicator, as known now or at a moment."""

    def headline(self, area: str, day: date) -> Sequence[Value]:
        """The totals of all headline indicators, in one query."""

    def trend(
        self, indicator: str, area: str, since: date, until: date, as_of: datetime | None = None
    ) -> Sequence[Point]:
        """One point for each day, both ends included, in order; as known now or at a moment."""

    def trends(self, area: str, since: date, until: date) -> Mapping[str, Sequence[Point]]:
        """`trend` of all headline indicators by id, in one query."""

    def by_area(
        self, indicator: str, level: str, day: date, as_of: datetime | None = None
    ) -> Sequence[Value]:
        """The totals of all areas of a level (`schemas.areas.Level`); areas without a value may be left out."""

    def in_areas(self, indicator: str, areas: Sequence[str], day: date) -> Sequence[Value]:
        """The totals of these areas, in their order, in one query."""

    def news(self, area: str, day: date) -> Sequence[WeekApart]:
        """What may have moved in a week: of indicators whose data come in within a week the totals of their last
        complete day up to `day`, in one query."""

    def breakdown(
        self, indicator: str, area: str, day: date, as_of: datetime | None = None
    ) -> Sequence[Value]:
        """The values of every breakdown of an area; the total is left out."""

    def origins(self, indicator: str, area: str, day: date) -> tuple[Origin, ...]:
        """Of the indicator, or of those that it is worked out from; none where the value is suppressed."""

    def open_alerts(self, area: str | None, limit: int) -> Sequence[AlertInfo]:
        """Open alerts in `area` and within it (everywhere when None), worst first, then newest first."""

    def alerts(self, wanted: AlertsWanted, limit: int) -> Sequence[AlertInfo]:
        """Those wanted: what goes on first, worst first, then what is over, newest first."""

    def alert(self, fingerprint: str) -> AlertStory | None:
        """Its story; None where there never was such an alert, or its rule is gone."""

    def notes(self) -> NoteData:
        """What a monthly note asks."""

    def agencies(self) -> Sequence[AgencyInfo]:
        """Every agency that was ever heard."""

    def quarantined(self, limit: int, agency: str | None, reason: str | None) -> Sequence[Refusal]:
        """The newest refusals first, of one agency and for one reason where these are given."""

    def status(self) -> Status:
        """Asked by every poll of every open board, every two seconds: it must be cheap."""
