"""A member of the group goes on after every answer of the broker, and shares out no partitions it does not know."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.client import AIOKafkaClient
from aiokafka.consumer import consumer as consumers
from aiokafka.consumer.group_coordinator import GroupCoordinator
from aiokafka.consumer.subscription_state import SubscriptionState
from aiokafka.errors import KafkaError
from aiokafka.protocol.metadata import MetadataResponse_v1

from streams import coordinator as module
from streams import transport  # noqa: F401 - installs the coordinator
from streams.coordinator import SteadyCoordinator

TOPICS = {"bewithu.registration.v1", "bewithu.benefit_grant.v1"}
SECONDS = 10


@pytest.fixture
async def coordinator(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[SteadyCoordinator]:
    """Of a group with `TOPICS`, and a broker that is never asked."""
    monkeypatch.setattr(module, "_PAUSE_SECONDS", 0.01)
    monkeypatch.setattr(module, "_LOOK_SECONDS", 0.01)
    made = SteadyCoordinator(AIOKafkaClient(bootstrap_servers="127.0.0.1:1"), SubscriptionState())
    yield made
    made._closing.set_result(None)
    await asyncio.wait_for(made._coordination_task, SECONDS)


def know(coordinator: SteadyCoordinator, topics: set[str]) -> None:
    """The broker's answer to a look at its topics."""
    partitions = [(0, partition, 1, [1], [1]) for partition in range(4)]
    answer = MetadataResponse_v1(
        [(1, "127.0.0.1", 1, None)], 1, [(0, topic, False, partitions) for topic in topics]
    )
    coordinator._cluster.update_metadata(answer)


def answering(looks: list[Callable[[], None]]) -> Any:
    """In place of the client's look at the topics: one of `looks` after the other."""

    async def look() -> bool:
        if looks:
            looks.pop(0)()
        return True

    return look


def await_group(coordinator: SteadyCoordinator, monkeypatch: pytest.MonkeyPatch) -> None:
    """Subscribed, and nothing happens by itself."""

    async def found() -> None:
        await coordinator._closing

    async def nothing(*_: Any) -> None: ...

    monkeypatch.setattr(coordinator, "ensure_coordinator_known", found)
    monkeypatch.setattr(coordinator, "ensure_active_group", nothing)
    coordinator._subscription.subscribe(TOPICS)


async def test_consumers_of_this_process_are_steady() -> None:
    assert consumers.GroupCoordinator is SteadyCoordinator


async def test_partitions_are_shared_out_once_their_topics_are_known(
    coordinator: SteadyCoordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    known: list[set[str]] = []

    async def share(self: Any, response: Any) -> None:
        known.append({topic for topic in TOPICS if self._cluster.partitions_for_topic(topic)})

    monkeypatch.setattr(GroupCoordinator, "_perform_assignment", share)
    await_group(coordinator, monkeypatch)
    looks = [lambda: None, lambda: know(coordinator, {min(TOPICS)}), lambda: know(coordinator, TOPICS)]
    monkeypatch.setattr(coordinator._client, "force_metadata_update", answering(looks))
    await asyncio.wait_for(coordinator._perform_assignment(SimpleNamespace()), SECONDS)
    assert known == [TOPICS]
    assert looks == []


async def test_a_topic_that_is_not_there_holds_the_others_up_for_a_moment_only(
    coordinator: SteadyCoordinator, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    shared: list[Any] = []

    async def share(self: Any, response: Any) -> None:
        shared.append(response)

    monkeypatch.setattr(GroupCoordinator, "_perform_assignment", share)
    monkeypatch.setattr(module, "_LONGEST_LOOK_SECONDS", 0.05)
    await_group(coordinator, monkeypatch)
    know(coordinator, {min(TOPICS)})
    monkeypatch.setattr(coordinator._client, "force_metadata_update", answering([]))
    await asyncio.wait_for(coordinator._perform_assignment("response"), SECONDS)
    assert shared == ["response"]
    assert f"the broker knows no topic {max(TOPICS)}" in caplog.text


@pytest.mark.parametrize("error", [KafkaError("no reason"), ValueError("nobody thought of it")])
async def test_after_an_error_that_nobody_takes_it_joins_again(
    coordinator: SteadyCoordinator,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    error: Exception,
) -> None:
    joined, errors = asyncio.Event(), [error]

    async def found() -> None: ...

    async def join(*_: Any) -> None:
        if errors:
            raise errors.pop()
        joined.set()
        await coordinator._closing

    monkeypatch.setattr(coordinator, "ensure_coordinator_known", found)
    monkeypatch.setattr(coordinator, "ensure_active_group", join)
    coordinator._subscription.subscribe(TOPICS)
    await asyncio.wait_for(joined.wait(), SECONDS)
    assert f"{error}; joining again" in caplog.text


async def test_a_heartbeat_that_failed_is_started_again_by_joining(
    coordinator: SteadyCoordinator, monkeypatch: pytest.MonkeyPatch
) -> None:
    joins: list[int] = []
    again = asyncio.Event()

    async def found() -> None: ...

    async def failing() -> None:
        raise KafkaError("unexpected")

    async def join(subscription: Any, _: Any) -> Any:
        joins.append(1)
        await coordinator._stop_heartbeat_task()
        coordinator._rejoin_needed_fut = asyncio.get_running_loop().create_future()
        if len(joins) == 2:
            again.set()
            await coordinator._closing
            return None
        coordinator._heartbeat_task = asyncio.ensure_future(failing())
        coordinator._subscription.assign_from_subscribed(set())
        return subscription.assignment

    monkeypatch.setattr(coordinator, "ensure_coordinator_known", found)
    monkeypatch.setattr(coordinator, "ensure_active_group", join)
    coordinator._subscription.subscribe(TOPICS)
    await asyncio.wait_for(again.wait(), SECONDS)
