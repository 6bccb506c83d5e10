"""What the leader reads of the store: right, in its own rhythm, and only while it leads."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from time import monotonic, sleep

import pytest

from bewithu.errors import Unavailable
from bewithu.fitting.metrics import readings as module
from bewithu.fitting.metrics.readings import LONGEST_AGE_SECONDS, Agency, Observation, Reader, Readings
from schemas.alerting import Transition
from schemas.quarantine import Place, Step
from sinks.clickhouse.database import Database
from sinks.clickhouse.disks import Disk
from sinks.clickhouse.quarantine import Quarantine
from sinks.clickhouse.store_state import Arrivals, OpenRefusals, StoreState
from tests.events import Platform, person, registration
from tests.metrics.stage import Stage, readings
from tests.parts.deadlines import wait_until_async

MOMENT = datetime(2025, 3, 3, 9, 30, tzinfo=UTC)


@dataclass
class Clock:
    moment: datetime = MOMENT

    def now(self) -> datetime:
        return self.moment


@dataclass
class Store:
    arrived: Sequence[Arrivals] = ()
    refused: Sequence[OpenRefusals] = ()
    away: bool = False
    asked: int = 0

    def open_refusals(self) -> Sequence[OpenRefusals]:
        self.asked += 1
        if self.away:
            raise Unavailable("ClickHouse", "connection refused")
        return self.refused

    def arrivals(self) -> Sequence[Arrivals]:
        return self.arrived

    def disks(self) -> Sequence[Disk]:
        return [Disk("default", 1, 2)]


class NoAlerts:
    def states(self) -> Sequence[Transition]:
        return ()


def reader(store: Store, clock: Clock | None = None) -> Reader:
    return Reader(store, NoAlerts(), (), clock or Clock())


def test_the_store_tells_who_arrived_what_waits_and_how_full_it_is(database: Database) -> None:
    platform = Platform(database)
    platform.clock.moment = MOMENT
    platform.send(*(registration(person(n), MOMENT) for n in range(1, 4)))
    platform.clock.moment += timedelta(hours=1)
    platform.send(registration(person(4), MOMENT).changed(agency="cpas-62063"))
    # Two refused, of which one is dropped.
    wrong = [registration(person(n), MOMENT).changed(municipality="99999", agency="fedasil") for n in (5, 6)]
    platform.send(*wrong)
    refused = database.rows("SELECT topic, partition, offset FROM quarantine ORDER BY offset LIMIT 1")
    Quarantine(database).write([Step(Place(*refused[0]), "dropped", MOMENT, "a test", "no use")])

    state = StoreState(database)
    (mine,) = {registration(person(1), MOMENT).event["agency"]}
    assert {each.agency: (each.events, each.last) for each in state.arrivals()} == {
        mine: (3, MOMENT),
        "cpas-62063": (1, MOMENT + timedelta(hours=1)),
        "fedasil": (0, MOMENT + timedelta(hours=1)),
    }
    topic = registration(person(1), MOMENT).topic
    assert list(state.open_refusals()) == [OpenRefusals(topic, "fedasil", "unknown_municipality", 1)]
    (disk,) = state.disks()
    assert 0 < disk.free <= disk.size


def test_local_agencies_are_put_together_and_the_silent_ones_counted() -> None:
    long_ago = MOMENT - timedelta(days=3)
    store = Store(
        arrived=[
            Arrivals("cpas-62063", 5, MOMENT),
            Arrivals("cpas-21004", 7, long_ago),
            Arrivals("dvz", 9, long_ago),
            Arrivals("evil-1", 1, MOMENT),
            Arrivals("", 0, MOMENT),
        ],
        refused=[OpenRefusals("gone.v1", "evil-2", "a new reason", 3), OpenRefusals("x", "", "empty", 2)],
    )
    found = reader(store).read()
    assert found.agencies == {
        "cpas": Agency(12, MOMENT, 2, 1),
        "dvz": Agency(9, long_ago, 1, 1),
        "other": Agency(1, MOMENT, 2, 0),
    }
    assert found.open_records == {("other", "other"): 3, ("other", "empty"): 2}
    assert found.open_by_agency == {"other": 5}


def test_a_user_who_may_not_look_at_disks_reads_the_rest() -> None:
    class Shy(Store):
        def disks(self) -> Sequence[Disk]:
            raise Unavailable("ClickHouse", "Not enough privileges: SELECT(name) ON system.disks")

    found = reader(Shy(arrived=[Arrivals("dvz", 5, MOMENT)])).read()
    assert (found.disks, found.agencies["dvz"].events) == ((), 5)


def test_a_count_of_events_never_falls_when_doubles_are_merged() -> None:
    store = Store(arrived=[Arrivals("dvz", 10, MOMENT)])
    mine = reader(store)
    told = []
    for events in (10, 8, 9, 12):
        store.arrived = [Arrivals("dvz", events, MOMENT)]
        told.append(mine.read().agencies["dvz"].events)
    assert told == [10, 10, 10, 12]


@dataclass
class Lead:
    leads: bool = True
    lost: int = 0
    made: list[Store] = field(default_factory=list)
    store: Store = field(default_factory=Store)

    def reader(self) -> Reader:
        self.made.append(self.store)
        return reader(self.store)

    def on_lost(self) -> None:
        self.lost += 1


@pytest.fixture
def often(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_LOOK_SECONDS", 0.005)


@pytest.mark.usefixtures("often")
async def test_readings_are_dropped_with_the_lead_and_taken_anew_with_the_next() -> None:
    lead = Lead()
    observation = Observation(lead.reader, every=0.01)
    keeping = asyncio.create_task(observation.keep(lambda: lead.leads, lead.on_lost))
    try:
        await wait_until_async(lambda: observation.readings, 10, "readings", every=0.01)
        lead.leads = False
        await wait_until_async(lambda: observation.readings is None, 10, "no readings", every=0.01)
        assert lead.lost
        asked = lead.store.asked
        await asyncio.sleep(0.05)
        assert lead.store.asked == asked, "who does not lead asks the store for nothing"
        lead.leads = True
        await wait_until_async(lambda: observation.readings, 10, "new readings", every=0.01)
        assert len(lead.made) == 2
    finally:
        keeping.cancel()


@pytest.mark.usefixtures("often")
async def test_a_store_that_is_away_leaves_the_readings_to_grow_old(caplog: pytest.LogCaptureFixture) -> None:
    lead = Lead()
    observation = Observation(lead.reader, every=0.01)
    keeping = asyncio.create_task(observation.keep(lambda: lead.leads, lead.on_lost))
    try:
        first = await wait_until_async(lambda: observation.readings, 10, "readings", every=0.01)
        lead.store.away = True
        asked = lead.store.asked
        await wait_until_async(lambda: lead.store.asked > asked + 3, 10, "several tries", every=0.01)
        kept = observation.readings
        assert kept is not None
        assert kept.at >= first.at
        assert caplog.text.count("ClickHouse is away") == 1
        lead.store.away = False
        await wait_until_async(
            lambda: observation.readings and observation.readings.at > kept.at, 10, "fresh ones", every=0.01
        )
    finally:
        keeping.cancel()


async def test_much_to_read_is_read_seldom(monkeypatch: pytest.MonkeyPatch) -> None:
    """However often it is to be: a reading that takes 20 ms is not taken again for a second."""
    monkeypatch.setattr(module, "_LOOK_SECONDS", 0.005)

    class Slow(Store):
        def arrivals(self) -> Sequence[Arrivals]:
            until = monotonic() + 0.02
            while monotonic() < until:
                pass
            return ()

    lead = Lead(store=Slow())
    observation = Observation(lead.reader, every=0.01)
    keeping = asyncio.create_task(observation.keep(lambda: True, lead.on_lost))
    await wait_until_async(lambda: observation.readings, 10, "readings", every=0.01)
    await asyncio.sleep(0.3)
    keeping.cancel()
    assert lead.store.asked == 1


@pytest.mark.usefixtures("often")
async def test_a_try_that_failed_slowly_is_soon_followed_by_the_next() -> None:
    """A store that lets us wait for five minutes and then says nothing would else have no readings for hours."""

    class SlowlyAway(Store):
        def open_refusals(self) -> Sequence[OpenRefusals]:
            sleep(0.2)
            return super().open_refusals()

    lead = Lead(store=SlowlyAway(away=True))
    observation = Observation(lead.reader, every=0.01)
    keeping = asyncio.create_task(observation.keep(lambda: True, lead.on_lost))
    try:
        # By what it took, the second would come after ten seconds.
        await wait_until_async(lambda: lead.store.asked > 2, 8, "three tries", every=0.01)
    finally:
        keeping.cancel()


@pytest.mark.parametrize(
    ("took", "rest"), [(0.1, 29.9), (1, 49), (20, LONGEST_AGE_SECONDS / 2), (400, LONGEST_AGE_SECONDS / 2)]
)
def test_readings_are_taken_again_before_they_are_too_old(took: float, rest: float) -> None:
    assert Observation(Lead().reader, every=30)._rest(took, failed=False) == pytest.approx(rest)


LEADERS_OWN = (
    "bewithu_agency_", "bewithu_agencies_", "bewithu_quarantine_", "bewithu_alerts_firing", "bewithu_mails_waiting",
    "bewithu_clickhouse_disk_", "bewithu_readings_",
)  # fmt: skip


def leaders_own(stage: Stage) -> dict[str, float]:
    return {name: value for name, value in stage.samples().items() if name.startswith(LEADERS_OWN)}


def test_only_the_leader_tells_of_the_store_so_that_sums_over_workers_are_right() -> None:
    first, second = Stage(leading=True), Stage(leading=False)
    # Also where it still has readings from when it led.
    for stage in (first, second):
        stage.observation.readings = readings(monotonic())
    assert leaders_own(first)['bewithu_agency_events_total{agency="dvz"}'] == 120
    assert len(leaders_own(first)) > 12
    assert leaders_own(second) == {}
    assert (first.samples()["bewithu_leader"], second.samples()["bewithu_leader"]) == (1, 0)


def test_readings_that_nobody_could_take_again_are_left_out_and_their_age_told() -> None:
    stage = Stage()
    stage.observation.readings = readings(monotonic() - LONGEST_AGE_SECONDS - 1)
    stage.leader.stood_back()
    assert leaders_own(stage).keys() == {"bewithu_readings_age_seconds"}
    assert leaders_own(stage)["bewithu_readings_age_seconds"] > LONGEST_AGE_SECONDS


def test_a_leader_without_readings_tells_none() -> None:
    stage = Stage()
    stage.leader.stood_back()
    assert leaders_own(stage) == {}


def test_an_agency_is_the_longer_silent_the_later_one_asks() -> None:
    stage = Stage()
    stage.observation.readings = readings(monotonic(), heard=datetime.now(UTC) - timedelta(hours=5))
    told = leaders_own(stage)
    assert told['bewithu_agency_silence_seconds{agency="dvz"}'] == pytest.approx(5 * 3600, abs=60)
    # Of some nothing is known but that they were heard.
    assert 'bewithu_agency_silence_seconds{agency="cpas"}' not in told
    assert isinstance(stage.observation.readings, Readings)
