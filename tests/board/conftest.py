"""The board with made-up data behind it, and a client that asks it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field

import pytest
from aiohttp import web
from aiohttp.test_utils import TestClient, TestServer
from prometheus_client import CollectorRegistry

from bewithu.board import Readiness, make_app
from bewithu.board.access import Login
from sinks.clickhouse.database import Database
from tests.board.access.logins import OPERATOR, AlwaysBy
from tests.board.acting_stage import ActingStage
from tests.board.fake_data import FakeBoardData, FakeClock

Client = TestClient[web.Request, web.Application]


@dataclass
class World:
    """Everything that a test can change about the board's surroundings. Whoever asks may see everything."""

    data: FakeBoardData = field(default_factory=FakeBoardData)
    clock: FakeClock = field(default_factory=FakeClock)
    readiness: Readiness = field(default_factory=lambda: Readiness(live=True, ready=True))
    registry: CollectorRegistry = field(default_factory=CollectorRegistry)

    login: Login = field(default_factory=lambda: AlwaysBy(OPERATOR))

    def app(self, poll_seconds: float = 2.0) -> web.Application:
        return make_app(
            self.data,
            self.clock,
            lambda: self.readiness,
            self.registry,
            poll_seconds=poll_seconds,
            login=self.login,
        )


@pytest.fixture
def world() -> World:
    return World()


@pytest.fixture
async def client(world: World) -> AsyncIterator[Client]:
    async with TestClient(TestServer(world.app())) as started:
        yield started


@pytest.fixture
def stage(database: Database) -> ActingStage:
    """An alert that fires in Liège."""
    stage = ActingStage(database)
    stage.step("pending", 1)
    stage.step("firing", 2)
    return stage
