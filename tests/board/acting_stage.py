"""An alert that fires in Liège, coordinators with links in their mails, and the board on a real store."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import timedelta
from importlib.resources import files
from typing import Any
from urllib.parse import urlencode

from aiohttp import web
from aiohttp.test_utils import TestClient
from prometheus_client import CollectorRegistry
from pydantic import SecretStr

from alerts.links import VALID_FOR, Action, Verb, sign
from alerts.rules import Rule, load_rules
from bewithu.board import Readiness, make_app
from bewithu.board.access import Login
from bewithu.fitting.acknowledged import LookedAfter
from bewithu.fitting.acting import LinkedActions, Stores
from bewithu.fitting.alerting import indicator_texts
from bewithu.fitting.board import PublishedBoard
from bewithu.fitting.board_alerts import BoardAlerts
from bewithu.fitting.own_acting import OwnActions
from schemas.alerting import Acknowledgement, Silence
from schemas.indicators import load_indicators
from sinks.clickhouse.acknowledgements import ClickHouseAcknowledgements
from sinks.clickhouse.alert_log import ClickHouseAlertLog
from sinks.clickhouse.bookkeeping import Bookkeeping
from sinks.clickhouse.database import Database
from sinks.clickhouse.explanation import Explanations
from sinks.clickhouse.published import PublishedValues
from sinks.clickhouse.silences import ClickHouseSilences
from tests.alerts.samples import LIEGE, NOON, book, coordinator, transition
from tests.board.access.logins import OPERATOR, AlwaysBy
from tests.board.fake_data import FakeClock
from tests.board.markup import Element, parse

#: What was written, where nothing was.
NOTHING: tuple[list[Acknowledgement], list[Silence]] = ([], [])
KEY = SecretStr("0123456789abcdef" * 4)
RULE = "arrivals_emergency_housing_province"
SINCE = NOON - timedelta(days=2)
ANN = coordinator("ann@liege.example.invalid", LIEGE, name="Ann Peeters", language="nl")
BO = coordinator("bo@wallonie.example.invalid", "03000", name="Bo Dumont", language="fr")
CID = coordinator("cid@gent.example.invalid", "44021", name="Cid Maes")
INDICATORS = load_indicators(files("streams.indicators"))
RULES = load_rules(INDICATORS)


@dataclass
class ActingStage:
    """`real` is the clock that links expire by; the alert began in 2022, as in a demo."""

    database: Database
    real: FakeClock = field(default_factory=FakeClock)
    rules: Sequence[Rule] = RULES
    has_key: bool = True
    login: Login = field(default_factory=lambda: AlwaysBy(OPERATOR))

    def __post_init__(self) -> None:
        self.log = ClickHouseAlertLog(self.database)
        self.acknowledgements = ClickHouseAcknowledgements(self.database)
        self.silences = ClickHouseSilences(self.database)
        self.people = book(ANN, BO, CID)

    def step(self, kind: Any, number: int, **changes: Any) -> None:
        fields = {"rule": RULE, "id": f"{number:032}", "since": SINCE} | changes
        self.log.append([transition(kind, number, **fields)])

    def actions(self) -> LinkedActions:
        stores = Stores(self.log, self.acknowledgements, self.silences)
        return LinkedActions(KEY, stores, self.rules, indicator_texts(INDICATORS), self.people, self.real)

    def app(self) -> web.Application:
        rules_time = FakeClock(NOON)
        board = PublishedBoard(
            PublishedValues(self.database, INDICATORS, rules_time),
            Explanations(self.database),
            Bookkeeping(self.database),
            BoardAlerts(
                self.log,
                self.silences,
                LookedAfter(self.acknowledgements, self.people),
                self.rules,
                indicator_texts(INDICATORS),
                self.real,
            ),
            INDICATORS,
            rules_time,
            {},
        )
        ready = Readiness(live=True, ready=True)
        actions = self.actions() if self.has_key else None
        own = OwnActions(Stores(self.log, self.acknowledgements, self.silences), self.real)
        return make_app(
            board,
            rules_time,
            lambda: ready,
            CollectorRegistry(),
            actions=actions,
            login=self.login,
            alert_actions=own,
        )

    def token(self, verb: Verb, email: str = ANN.email, **changes: Any) -> str:
        action = Action(verb, RULE, LIEGE, SINCE, email, self.real.now() + VALID_FOR)
        return sign(replace(action, **changes), KEY)

    def written(self) -> tuple[Sequence[Acknowledgement], Sequence[Silence]]:
        """All that links may write, ever."""
        return self.acknowledgements.written(NOON - timedelta(days=1000)), self.silences.written(NOON)


def page(token: str, language: str = "en") -> str:
    return f"/act?{urlencode({'token': token, 'lang': language})}"


async def confirm(
    client: TestClient[web.Request, web.Application], token: str, language: str = "en", **more: Any
) -> tuple[int, Element]:
    """Sends the page's form as a browser does."""
    headers = more.pop("headers", {"Origin": "null", "Sec-Fetch-Site": "same-origin"})
    answer = await client.post(f"/act?lang={language}", data={"token": token, **more}, headers=headers)
    return answer.status, parse(await answer.text())


def heading(root: Element) -> str:
    (found,) = root.all("h1")
    return found.text()
