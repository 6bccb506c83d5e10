"""Health and metrics, as an orchestrator and Prometheus ask for them."""

from __future__ import annotations

import pytest
from prometheus_client import Counter

from bewithu.board import Readiness
from tests.board.conftest import Client, World


@pytest.mark.parametrize(
    ("readiness", "live", "ready"),
    [
        (Readiness(live=True, ready=True), 200, 200),
        (Readiness(live=True, ready=False, reasons=("the broker is away",)), 200, 503),
        (Readiness(live=False, ready=True, reasons=("no progress for 90 s",)), 503, 503),
        (Readiness(live=False, ready=False, reasons=("no progress for 90 s",)), 503, 503),
    ],
)
async def test_health_tells_restart_me_from_wait_for_me(
    client: Client, world: World, readiness: Readiness, live: int, ready: int
) -> None:
    world.readiness = readiness
    answer = await client.get("/health/live")
    reasons = [] if readiness.live else list(readiness.reasons)
    assert (answer.status, await answer.json()) == (live, {"live": readiness.live, "reasons": reasons})
    answer = await client.get("/health/ready")
    expected = {"ready": ready == 200, "reasons": list(readiness.reasons)}
    assert (answer.status, await answer.json()) == (ready, expected)


async def test_health_does_not_need_the_store(client: Client, world: World) -> None:
    world.data.away = True
    assert (await client.get("/health/live")).status == 200
    assert (await client.get("/health/ready")).status == 200
    assert not world.data.asked


async def test_metrics_are_those_of_the_given_registry(client: Client, world: World) -> None:
    Counter("bewithu_tested", "Made by a test.", registry=world.registry).inc(3)
    answer = await client.get("/metrics")
    assert answer.headers["Content-Type"].startswith("text/plain; version=")
    assert "bewithu_tested_total 3.0" in await answer.text()
