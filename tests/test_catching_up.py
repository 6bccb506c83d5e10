"""Rules wait until the store has what Kafka had; not for what comes later, and not for ever."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime

from alerts.teller import StepReport
from bewithu.clock import SystemClock
from bewithu.errors import Unavailable
from bewithu.fitting.catching_up import PATIENCE_SECONDS, CatchingUp
from bewithu.fitting.leader import Leader
from schemas.offsets import Ends, Place

ONE, TWO = ("bewithu.registration.v1", 0), ("bewithu.registration.v1", 1)


@dataclass
class World:
    """Kafka and the store, as a test sets them."""

    kafka: dict[Place, Ends] = field(default_factory=dict)
    stored: dict[Place, int] = field(default_factory=dict)
    seconds: float = 0.0
    away: Exception | None = None
    answers: threading.Event = field(default_factory=threading.Event)

    def __post_init__(self) -> None:
        self.answers.set()

    def in_kafka(self) -> Mapping[Place, Ends]:
        assert self.answers.wait(30)
        if self.away:
            raise self.away
        return dict(self.kafka)

    def reached(self) -> Mapping[Place, int]:
        return self.stored

    async def asked(self, catching_up: CatchingUp) -> bool:
        """What it answers once it has looked."""
        self.seconds += 10
        catching_up.is_done()
        await looked()
        return catching_up.is_done()


async def looked() -> None:
    await asyncio.gather(*asyncio.all_tasks() - {asyncio.current_task()})


def catching_up_in(world: World) -> CatchingUp:
    return CatchingUp(world.in_kafka, world.reached, lambda: world.seconds)


async def test_what_kafka_had_at_first_is_waited_for_and_what_comes_later_is_not() -> None:
    world = World({ONE: Ends(0, 100), TWO: Ends(40, 40)}, {ONE: 60})
    catching_up = catching_up_in(world)
    assert not await world.asked(catching_up)
    world.kafka[ONE], world.stored[ONE] = Ends(0, 900), 99
    assert not await world.asked(catching_up)
    world.stored[ONE] = 100
    assert await world.asked(catching_up)
    # Another process led meanwhile, and nobody stored.
    catching_up.begin_anew()
    assert not await world.asked(catching_up)
    world.stored[ONE] = 900
    assert await world.asked(catching_up)


async def test_what_kafka_deleted_is_not_waited_for() -> None:
    world = World({ONE: Ends(80, 100)}, {})
    catching_up = catching_up_in(world)
    assert not await world.asked(catching_up)
    world.stored[ONE] = 100
    assert await world.asked(catching_up)
    empty = World({ONE: Ends(100, 100)})
    assert await empty.asked(catching_up_in(empty))


async def test_a_partition_that_is_stuck_and_a_broker_that_is_away_do_not_silence_alerts_for_ever() -> None:
    away = Unavailable("Kafka", "connection refused")
    for world in (World({ONE: Ends(0, 100)}, {ONE: 60}), World(away=away), World(away=KeyError("a fault"))):
        catching_up = catching_up_in(world)
        assert not await world.asked(catching_up)
        world.seconds += PATIENCE_SECONDS
        assert await world.asked(catching_up)


async def test_the_leader_refreshes_but_judges_no_rule_until_then() -> None:
    world, done = World({ONE: Ends(0, 100)}, {ONE: 60}), list[str]()

    def refresh(now: datetime, on_values: Callable[[], object], leads: Callable[[], bool]) -> None:
        done.append("refreshed")

    async def tell(now: datetime) -> StepReport:
        done.append("evaluated")
        return StepReport()

    leader = Leader(refresh, tell, SystemClock(), catching_up=catching_up_in(world))

    async def step() -> list[str]:
        """What is done once Kafka was looked at."""
        world.seconds += 10
        await leader.step()
        await looked()
        done.clear()
        await leader.step()
        return done

    assert await step() == ["refreshed"]
    world.stored[ONE] = 100
    assert await step() == ["refreshed", "evaluated"]
    # Out of the lead and back.
    leader.stood_back()
    world.kafka[ONE] = Ends(0, 200)
    assert await step() == ["refreshed"]


async def test_while_kafka_does_not_answer_values_go_on_and_what_is_found_then_is_of_that_term_alone() -> (
    None
):
    world = World({ONE: Ends(0, 0)})
    world.answers.clear()
    catching_up = catching_up_in(world)
    assert not catching_up.is_done()
    world.seconds += 10
    assert not catching_up.is_done(), "one look at a time, and nobody waits for it"
    assert len(asyncio.all_tasks()) == 2
    catching_up.begin_anew()
    world.answers.set()
    await looked()
    world.kafka[ONE] = Ends(0, 100)
    assert not await world.asked(catching_up)
