"""Rules wait until the store has what Kafka had; not for what comes later, and not for ever."""

from __future__ import annotations

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
    away: bool = False

    def in_kafka(self) -> Mapping[Place, Ends]:
        if self.away:
            raise Unavailable("Kafka", "connection refused")
        return dict(self.kafka)

    def reached(self) -> Mapping[Place, int]:
        return self.stored

    def asked(self, catching_up: CatchingUp) -> bool:
        self.seconds += 10
        return catching_up.is_done()


def catching_up_in(world: World) -> CatchingUp:
    return CatchingUp(world.in_kafka, world.reached, lambda: world.seconds)


def test_what_kafka_had_at_first_is_waited_for_and_what_comes_later_is_not() -> None:
    world = World({ONE: Ends(0, 100), TWO: Ends(40, 40)}, {ONE: 60})
    catching_up = catching_up_in(world)
    assert not world.asked(catching_up)
    world.kafka[ONE], world.stored[ONE] = Ends(0, 900), 99
    assert not world.asked(catching_up)
    world.stored[ONE] = 100
    assert world.asked(catching_up)
    # Another process led meanwhile, and nobody stored.
    catching_up.begin_anew()
    assert not world.asked(catching_up)
    world.stored[ONE] = 900
    assert world.asked(catching_up)


def test_what_kafka_deleted_is_not_waited_for() -> None:
    world = World({ONE: Ends(80, 100)}, {})
    catching_up = catching_up_in(world)
    assert not world.asked(catching_up)
    world.stored[ONE] = 100
    assert world.asked(catching_up)
    assert catching_up_in(World({ONE: Ends(100, 100)})).is_done()


def test_a_partition_that_is_stuck_and_a_broker_that_is_away_do_not_silence_alerts_for_ever() -> None:
    for world in (World({ONE: Ends(0, 100)}, {ONE: 60}), World(away=True)):
        catching_up = catching_up_in(world)
        assert not world.asked(catching_up)
        world.seconds += PATIENCE_SECONDS
        assert world.asked(catching_up)


async def test_the_leader_refreshes_but_judges_no_rule_until_then() -> None:
    world, done = World({ONE: Ends(0, 100)}, {ONE: 60}), list[str]()

    def refresh(now: datetime, on_values: Callable[[], object], leads: Callable[[], bool]) -> None:
        done.append("refreshed")

    async def tell(now: datetime) -> StepReport:
        done.append("evaluated")
        return StepReport()

    leader = Leader(refresh, tell, SystemClock(), catching_up=catching_up_in(world))
    await leader.step()
    assert done == ["refreshed"]
    world.stored[ONE], world.seconds = 100, 10
    await leader.step()
    assert done == ["refreshed", "refreshed", "evaluated"]
    # Out of the lead and back.
    leader.stood_back()
    world.kafka[ONE] = Ends(0, 200)
    await leader.step()
    assert done[3:] == ["refreshed"]
