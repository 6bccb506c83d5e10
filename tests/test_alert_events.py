"""Each step of an alert arrives on `bewithu.alerts.v1` of a real Kafka, in order, also after a crash."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from datetime import datetime, timedelta
from typing import Any

import pytest
from confluent_kafka.admin import AdminClient, ConfigResource

from alerts.announce import Announcer, event
from alerts.evaluate import transition_id
from bewithu.errors import Unavailable
from bewithu.settings import Kafka, Registry
from schemas.alerting import KINDS, Kind, Transition
from sinks.clickhouse.alert_log import ClickHouseAlertLog
from sinks.clickhouse.database import Database
from sinks.clickhouse.event_log import ClickHouseEventLog
from streams.alert_events import KafkaAlertEvents
from streams.registry import SchemaRegistry as RegistryClient
from tests.alert_topic import TOPIC, AlertTopic, alert_topic
from tests.alerts.samples import LIEGE, NOON, rule, transition
from tests.alerts.stage import RealTime
from tests.parts.deadlines import wait_until_async
from tests.parts.kafka import ApacheKafka
from tests.parts.processes import free_port
from tests.parts.registry import SchemaRegistry

RULE = rule(labels={"domain": "housing"}, overrides={"63023": {"severity": "critical"}})
EUPEN = "63023"


class CrashError(Exception):
    """Stands for the process being killed: nothing of it goes on."""


class Fragile:
    """Breaks before or after the note with the chosen number."""

    def __init__(
        self, log: ClickHouseEventLog, breaks_at: int, after: bool, error: Callable[[], Exception]
    ) -> None:
        self._log, self._breaks_at, self._after, self._error = log, breaks_at, after, error
        self.unpublished = log.unpublished
        self.notes = 0

    def note_published(self, ids: Sequence[str], at: datetime) -> None:
        self.notes += 1
        if self.notes != self._breaks_at or self._after:
            self._log.note_published(ids, at)
        if self.notes == self._breaks_at:
            raise self._error()


def step(number: int, kind: Kind, area: str = LIEGE, **changes: Any) -> Transition:
    at = NOON + timedelta(minutes=number)
    return transition(kind, number, area, id=transition_id(RULE.id, area, number, kind), at=at, **changes)


#: In Liège one of each kind, in Eupen two, in Flanders one.
STORY = (
    *(step(number, kind) for number, kind in enumerate(KINDS, start=1)),
    step(1, "pending", EUPEN),
    step(2, "firing", EUPEN, value=None, threshold=None, provisional=False, reason="Ägypten ‘’"),
    step(1, "firing", "02000"),
)
#: Liège has the most steps, and of each alert one goes at a time.
WAVES = len(KINDS)


@pytest.fixture
def log(database: Database) -> ClickHouseEventLog:
    ClickHouseAlertLog(database).append(STORY)
    return ClickHouseEventLog(database)


@pytest.fixture
def topic(apache_kafka: ApacheKafka, schema_registry: SchemaRegistry) -> Iterator[AlertTopic]:
    with alert_topic(apache_kafka.bootstrap_servers, schema_registry.url) as opened:
        yield opened


@pytest.fixture
def events(apache_kafka: ApacheKafka, schema_registry: SchemaRegistry) -> Iterator[KafkaAlertEvents]:
    with closing(RegistryClient(Registry(url=schema_registry.url))) as client:
        yield KafkaAlertEvents(Kafka(bootstrap_servers=apache_kafka.bootstrap_servers), client)


def announcer(events: KafkaAlertEvents, log: Any, real: RealTime | None = None) -> Announcer:
    return Announcer(events, log, [RULE], real or RealTime())


def firsts(topic: AlertTopic, area: str) -> list[int]:
    """The numbers of an alert's steps as a consumer counts them that drops what it has seen."""
    seen = dict.fromkeys(
        (each.id, each.event["number"]) for each in topic.messages if each.event["area"] == area
    )
    return [number for _, number in seen]


async def test_each_step_arrives_once_in_its_alerts_order_and_says_all_of_it(
    topic: AlertTopic, events: KafkaAlertEvents, log: ClickHouseEventLog
) -> None:
    leader = announcer(events, log)
    assert (await leader.step()).published == len(STORY)
    assert (await leader.step()).published == 0
    read = topic.read()
    assert sorted(topic.ids) == sorted(each.id for each in STORY)
    assert {area: firsts(topic, area) for area in (LIEGE, EUPEN, "02000")} == {
        LIEGE: list(range(1, WAVES + 1)),
        EUPEN: [1, 2],
        "02000": [1],
    }
    assert {each.key for each in read} == {f"arrivals_high|{area}" for area in (LIEGE, EUPEN, "02000")}
    assert all(
        len({each.partition for each in read if each.key == key}) == 1 for key in {e.key for e in read}
    )
    (in_eupen,) = (each.event for each in read if each.id == STORY[-2].id)
    assert in_eupen == {
        "id": STORY[-2].id,
        "rule": "arrivals_high",
        "area": EUPEN,
        "level": "municipality",
        "number": 2,
        "kind": "firing",
        "severity": "critical",
        "labels": {"domain": "housing"},
        "at": NOON + timedelta(minutes=2),
        "since": NOON - timedelta(days=2),
        "indicator": "arrivals_emergency_housing_7d",
        "day": NOON.date(),
        "value": None,
        "threshold": None,
        "provisional": False,
        "reason": "Ägypten ‘’",
    }


async def test_the_topic_keeps_all_steps(apache_kafka: ApacheKafka, topic: AlertTopic) -> None:
    admin = AdminClient({"bootstrap.servers": apache_kafka.bootstrap_servers})
    (asked,) = admin.describe_configs([ConfigResource(ConfigResource.Type.TOPIC, TOPIC)]).values()
    settings = {name: entry.value for name, entry in asked.result().items()}
    assert (settings["retention.ms"], settings["cleanup.policy"]) == ("-1", "delete")


@pytest.mark.parametrize("after", [False, True], ids=["before the note", "after the note"])
@pytest.mark.parametrize("wave", [1, 2, WAVES])
async def test_a_crash_beside_any_note_loses_nothing_and_repeats_what_was_not_noted_under_its_id(
    topic: AlertTopic, events: KafkaAlertEvents, log: ClickHouseEventLog, wave: int, after: bool
) -> None:
    with pytest.raises(CrashError):
        await announcer(events, Fragile(log, wave, after, CrashError)).step()
    assert (await announcer(events, log).step()).trouble == ""
    assert log.unpublished(100) == ()
    # Of the first wave three alerts have a step, of the second two, then one.
    repeated = 0 if after else {1: 3, 2: 2}.get(wave, 1)
    read = topic.read()
    assert len(read) == len(STORY) + repeated
    assert set(topic.ids) == {each.id for each in STORY}
    assert len({each.wire for each in read}) == len(STORY), "a step that comes again is the same bytes"
    assert firsts(topic, LIEGE) == list(range(1, WAVES + 1))
    assert firsts(topic, EUPEN) == [1, 2]


@pytest.mark.parametrize("after", [False, True], ids=["refused", "taken but not confirmed"])
async def test_a_store_that_goes_away_at_a_note_doubles_nothing(
    topic: AlertTopic, events: KafkaAlertEvents, log: ClickHouseEventLog, after: bool
) -> None:
    real = RealTime()
    broken = Fragile(log, 2, after, lambda: Unavailable("ClickHouse", "connection reset"))
    leader = announcer(events, broken, real)
    done = await leader.step()
    assert (done.published, done.trouble) == (5, "ClickHouse is away: connection reset")
    real.moment += timedelta(seconds=1)
    assert (await leader.step()).trouble == ""
    assert sorted(each.id for each in topic.read()) == sorted(each.id for each in STORY)
    assert log.unpublished(100) == ()


async def test_a_broker_that_is_away_is_left_alone_for_a_while_and_gets_everything_afterwards(
    own_apache_kafka: ApacheKafka, schema_registry: SchemaRegistry, log: ClickHouseEventLog
) -> None:
    real = RealTime()
    kafka = Kafka(bootstrap_servers=own_apache_kafka.bootstrap_servers)
    with (
        alert_topic(own_apache_kafka.bootstrap_servers, schema_registry.url) as topic,
        closing(RegistryClient(Registry(url=schema_registry.url))) as client,
    ):
        leader = announcer(KafkaAlertEvents(kafka, client, patience_seconds=1), log, real)
        own_apache_kafka.kill()
        done = await leader.step()
        assert done.published == 0
        assert done.trouble.startswith("Kafka is away: ")
        own_apache_kafka.restart()
        assert await leader.step() == done, "not tried again at once"
        assert len(log.unpublished(100)) == len(STORY)

        async def is_published() -> bool:
            real.moment += timedelta(minutes=1)
            return (await leader.step()).trouble == ""

        await wait_until_async(
            is_published, 60, "the steps to be published", process=own_apache_kafka.process
        )
        assert {each.id for each in topic.read()} == {each.id for each in STORY}
        assert log.unpublished(100) == ()
        assert firsts(topic, LIEGE) == list(range(1, WAVES + 1))


async def test_a_registry_that_is_away_is_told(apache_kafka: ApacheKafka, log: ClickHouseEventLog) -> None:
    kafka = Kafka(bootstrap_servers=apache_kafka.bootstrap_servers)
    with closing(RegistryClient(Registry(url=f"http://127.0.0.1:{free_port()}"))) as client:
        done = await announcer(KafkaAlertEvents(kafka, client), log).step()
    assert (done.published, done.trouble[:28]) == (0, "the schema registry is away:")
    assert len(log.unpublished(100)) == len(STORY)


def test_two_events_of_one_alert_are_not_sent_at_once(events: KafkaAlertEvents) -> None:
    with pytest.raises(AssertionError, match="in any order"):
        events.publish([event(STORY[0], RULE), event(STORY[1], RULE)])


def test_what_is_not_noted_comes_in_each_alerts_order_without_doubles(
    log: ClickHouseEventLog, database: Database
) -> None:
    ClickHouseAlertLog(database).append(STORY[:3])
    assert [(each.area, each.number) for each in log.unpublished(4)] == [
        ("02000", 1),
        *((LIEGE, n) for n in (1, 2, 3)),
    ]
    log.note_published([STORY[-1].id, STORY[0].id], NOON)
    log.note_published([STORY[0].id], NOON)
    assert [(each.area, each.number) for each in log.unpublished(2)] == [(LIEGE, 2), (LIEGE, 3)]
    assert len(log.unpublished(100)) == len(STORY) - 2
