"""A teller on a stage: settable readings and clocks, the real log in ClickHouse, a real mail server."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta

from alerts.address_book import AddressBook
from alerts.given import Definitions, HookSender, Post, Sources
from alerts.hook_post import HookPost
from alerts.judging import Series
from alerts.ports import IndicatorText
from alerts.rules import Rule
from alerts.send import Sender
from alerts.teller import StepReport, Teller
from bewithu.errors import Unavailable
from bewithu.settings import Smtp
from schemas.alerting import Acknowledgement, Reading, Silence
from sinks.clickhouse.alert_log import ClickHouseAlertLog
from tests.alerts.samples import ARRIVALS, LIEGE, NOON, book, coordinator, rule, series

ANN, BO = "ann@x.be", "bo@x.be"
TWO = book(coordinator(ANN, LIEGE), coordinator(BO, "BE", language="fr"))


@dataclass
class Values:
    """Published values by area, for one indicator: `of` those of the newest day that was asked for, and of all before
    it that nobody asked for. `was`: those of earlier days, by area and day. `silent`: where and when nothing is told.
    """

    of: dict[str, float | None] = field(default_factory=dict)
    was: dict[tuple[str, date], float | None] = field(default_factory=dict)
    newest: date = date.min
    silent: set[tuple[str, date]] = field(default_factory=set)
    away: bool = False
    asked: int = 0

    def series(self, indicator: str, areas: Sequence[str], until: date, days: int) -> Series:
        self.asked += 1
        if self.away:
            raise Unavailable("ClickHouse", "connection refused")
        if until >= self.newest:
            self.newest = until
            self.was |= {(code, until): self.of.get(code) for code in areas}
        return series(
            [[self.was.get((code, until), self.of.get(code))] * days for code in areas],
            silent=[(code, until) in self.silent for code in areas],
        )

    def history(self, indicator: str, area: str, until: date, days: int) -> Sequence[Reading]:
        return [] if (area, until) in self.silent else [Reading(indicator, area, until, self.of.get(area))]

    def last_heard(self, agencies: Sequence[str]) -> Mapping[str, datetime]:
        return {"fedasil": NOON}


@dataclass
class Wishes:
    """Silences in memory."""

    all: list[Silence] = field(default_factory=list)

    def written(self, since: datetime) -> Sequence[Silence]:
        return self.all


@dataclass
class Promises:
    """Acknowledgements in memory."""

    all: list[Acknowledgement] = field(default_factory=list)

    def written(self, since: datetime) -> Sequence[Acknowledgement]:
        return [each for each in self.all if each.since >= since]


@dataclass
class RealTime:
    """The clock of the mail server's patience."""

    moment: datetime = NOON + timedelta(days=1000)

    def now(self) -> datetime:
        return self.moment


class Stage:
    """`step` lets rule time and real time pass and takes one step."""

    def __init__(
        self,
        log: ClickHouseAlertLog,
        port: int,
        rules: Sequence[Rule] = (rule(),),
        people: AddressBook = TWO,
        indicators: Sequence[IndicatorText] = (ARRIVALS,),
    ) -> None:
        self.log = log
        self.values = Values()
        self.real = RealTime()
        self.silences = Wishes()
        self.acknowledged = Promises()
        self.now = NOON
        self.post: Post = Sender(Smtp(port=port))
        self.hooks: HookSender = HookPost()
        self.definitions = Definitions(
            rules,
            people,
            {each.id: each for each in indicators},
            "http://board/",
            "bewithu <alerts@bewithu.invalid>",
        )
        self.teller = self.new_teller()

    def new_teller(self, leads: Callable[[], bool] = lambda: True) -> Teller:
        """As after a restart: with an empty memory."""
        sources = Sources(
            self.values, self.log, self.log, self.silences, self.acknowledged, self.post, self.hooks
        )
        return Teller(sources, self.definitions, self.real, leads)

    async def step(self, value: float | None = None, days: float = 0, seconds: float = 0) -> StepReport:
        """Sets Liège's value, when one is given, then lets `days` of rule time and `seconds` of real time pass."""
        if value is not None:
            self.values.of[LIEGE] = value
        self.now += timedelta(days=days)
        self.real.moment += timedelta(seconds=seconds)
        return await self.teller.step(self.now)
