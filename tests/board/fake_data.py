"""A `BoardData` in memory: the same numbers each time, and small cells hidden as the store would."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from math import sin
from zlib import crc32

from bewithu.board import AgencyInfo, AlertInfo, IndicatorInfo, Point, Refusal, Status, Value
from bewithu.board.alert_data import GOES_ON, AlertStory, AlertsWanted
from bewithu.board.data import Contributor, Moved, Origin, Revision, WeekApart
from bewithu.clock import brussels_day
from bewithu.errors import Unavailable
from schemas.areas import COUNTRY, Level, area, areas, areas_of_level, is_within
from schemas.indicators import Indicator
from tests.board.fake_alerts import story_of
from tests.board.fake_catalogue import ALERTS, LOCAL, NATIONAL, NOW, REFUSALS, SHAPES, Shape
from tests.board.fake_definitions import definition_of, shipped
from tests.board.fake_notes import FakeNotes

SHARES = {
    "sex=female": 0.553, "sex=male": 0.441, "sex=unknown": 0.006,
    "age_group=a00_05": 0.07, "age_group=a06_17": 0.19, "age_group=a18_34": 0.33,
    "age_group=a35_64": 0.34, "age_group=a65_plus": 0.07,
}  # fmt: skip
STATUS = Status(
    published=1_284_932,
    accepted=1_284_512,
    quarantined=420,
    duplicates=3_811,
    last_refresh_at=NOW - timedelta(seconds=2),
    lag=0,
    versions={"bewithu": "0.1.0", "clickhouse": "26.2.1"},
)
COUNTED = {"stock", "flow", "gap", "sum", "change"}


@dataclass
class FakeClock:
    """Stands still unless a test moves it."""

    moment: datetime = NOW

    def now(self) -> datetime:
        return self.moment


@dataclass
class FakeBoardData:
    """What it says can be changed between two requests; `away` makes every question fail; `asked` counts them."""

    shapes: Mapping[str, Shape] = field(default_factory=lambda: {shape.info.id: shape for shape in SHAPES})
    listed: Sequence[AlertInfo] = ALERTS
    feeds: Sequence[AgencyInfo] = (*NATIONAL, *LOCAL)
    state: Status = field(default_factory=lambda: STATUS)
    away: bool = False
    asked: list[str] = field(default_factory=list)

    def indicators(self) -> Sequence[IndicatorInfo]:
        return [shape.info for shape in self.shapes.values()]

    def definition(self, indicator: str) -> Indicator:
        shape = self.shapes.get(indicator)
        # What a shipped definition is worked out from is shipped, too.
        return definition_of(shape.info) if shape else shipped()[indicator]

    def latest_day(self) -> date:
        self._ask("latest_day")
        return brussels_day(NOW)

    def value(self, indicator: str, area: str, day: date, as_of: datetime | None = None) -> Value:
        self._ask("value")
        return self._value(indicator, area, day, as_of=as_of)

    def headline(self, area: str, day: date) -> Sequence[Value]:
        self._ask("headline")
        return [self._value(info.id, area, day) for info in self.indicators() if info.headline]

    def trend(
        self, indicator: str, area: str, since: date, until: date, as_of: datetime | None = None
    ) -> Sequence[Point]:
        self._ask("trend")
        values = [self._value(indicator, area, day, as_of=as_of) for day in _days(since, until)]
        return [Point(each.day, each.value, each.suppressed, _is_new(each)) for each in values]

    def trends(self, area: str, since: date, until: date) -> Mapping[str, Sequence[Point]]:
        headlines = [info.id for info in self.indicators() if info.headline]
        return {id_: self.trend(id_, area, since, until) for id_ in headlines}

    def by_area(
        self, indicator: str, level: str, day: date, as_of: datetime | None = None
    ) -> Sequence[Value]:
        self._ask("by_area")
        return [
            self._value(indicator, place.code, day, as_of=as_of) for place in areas_of_level(Level(level))
        ]

    def in_areas(self, indicator: str, areas: Sequence[str], day: date) -> Sequence[Value]:
        self._ask("in_areas")
        return [self._value(indicator, code, day) for code in areas]

    def news(self, area: str, day: date) -> Sequence[WeekApart]:
        self._ask("news")
        week = timedelta(days=7)
        quick = [info.id for info in self.indicators() if info.kind != "change"]
        return [
            WeekApart(self._value(each, area, day), self._value(each, area, day - week)) for each in quick
        ]

    def breakdown(
        self, indicator: str, area: str, day: date, as_of: datetime | None = None
    ) -> Sequence[Value]:
        self._ask("breakdown")
        kind = self.shapes[indicator].info.kind
        if kind not in COUNTED:
            return []
        return [self._value(indicator, area, day, breakdown, as_of) for breakdown in SHARES]

    def origins(self, indicator: str, area: str, day: date) -> tuple[Origin, ...]:
        self._ask("origins")
        number = self._value(indicator, area, day).value
        if number is None:
            return ()
        told = [
            Revision(day, None),
            Revision(day + timedelta(days=3), number - 5, (Moved("dvz", late=True, corrected=True),)),
            Revision(day + timedelta(days=9), number),
        ]
        agencies = [Contributor("dvz", 85, 5), Contributor("cpas-62063", 15, None)]
        return (Origin(indicator, told, agencies),)

    def open_alerts(self, area: str | None, limit: int) -> Sequence[AlertInfo]:
        return self.alerts(AlertsWanted(area, GOES_ON), limit)

    def alerts(self, wanted: AlertsWanted, limit: int) -> Sequence[AlertInfo]:
        self._ask("alerts")
        return [
            each
            for each in self.listed
            if (wanted.area is None or is_within(each.area, wanted.area))
            and each.state in wanted.states
            and wanted.severity in {None, each.severity}
        ][:limit]

    def alert(self, fingerprint: str) -> AlertStory | None:
        self._ask("alert")
        return next((story_of(each) for each in self.listed if each.fingerprint == fingerprint), None)

    def notes(self) -> FakeNotes:
        return FakeNotes(self)

    def agencies(self) -> Sequence[AgencyInfo]:
        self._ask("agencies")
        return self.feeds

    def quarantined(self, limit: int, agency: str | None, reason: str | None) -> Sequence[Refusal]:
        self._ask("quarantined")
        fitting = [
            each for each in REFUSALS if agency in {None, each.agency} and reason in {None, each.reason}
        ]
        return fitting[:limit]

    def status(self) -> Status:
        self._ask("status")
        return self.state

    def more_events(self, count: int) -> None:
        """As if a batch had been stored and the indicators refreshed."""
        self.state = replace(
            self.state,
            published=self.state.published + count,
            accepted=self.state.accepted + count,
            last_refresh_at=NOW + timedelta(seconds=count),
        )

    def _ask(self, question: str) -> None:
        self.asked.append(question)
        if self.away:
            raise Unavailable("ClickHouse", "connection refused")

    def _value(
        self, indicator: str, area: str, day: date, breakdown: str = "", as_of: datetime | None = None
    ) -> Value:
        """Of what was known before now, nothing is known any more."""
        if as_of is not None and as_of < NOW:
            return Value(indicator, area, breakdown, day, 0.0, False, True, None, None)
        number = self._number(indicator, area, day, breakdown)
        before = self._number(indicator, area, day - timedelta(days=7), breakdown)
        return Value(
            indicator=indicator,
            area=area,
            breakdown=breakdown,
            day=day,
            value=number,
            suppressed=number is None,
            provisional=indicator in {"living_wage_recipients", "certificates_7d"},
            known_at=datetime(day.year, day.month, day.day, 21, tzinfo=UTC),
            change_7d=None if number is None or before is None else number - before,
        )

    def _number(self, indicator: str, code: str, day: date, breakdown: str) -> float | None:
        """The number, or None where it must not be published."""
        shape = self.shapes[indicator]
        age = (brussels_day(NOW) - day).days
        national = (shape.size - shape.drift * age) * (1 + shape.wave * sin(age * 0.9))
        accident = crc32(f"{indicator}{code}".encode()) / 2**32 - 0.5
        if shape.info.kind not in COUNTED:
            return national * (1 + (0.0 if code == COUNTRY else 0.3) * accident)
        share = area(code).population / areas()[COUNTRY].population
        local = 1.0 if code == COUNTRY else (0.55 + share * 14) * (1 + accident)
        number = float(round(national * share * local * SHARES.get(breakdown, 1.0)))
        small = shape.info.kind != "change" and 0 < number < shape.info.minimum_cell
        return None if small else number


def _is_new(value: Value) -> bool:
    """The three newest days are provisional."""
    return value.provisional and (brussels_day(NOW) - value.day).days < 3


def _days(since: date, until: date) -> Iterator[date]:
    for number in range((until - since).days + 1):
        yield since + timedelta(days=number)
