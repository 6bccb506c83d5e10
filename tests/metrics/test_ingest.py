"""What the ingest stores is counted by topic and outcome, and timed, once it is stored and once only."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from importlib.resources import files

import pytest
from prometheus_client import CollectorRegistry, generate_latest

from bewithu.errors import Unavailable
from bewithu.fitting.metrics.ingest import IngestMetrics, TimedFactStore
from bewithu.fitting.metrics.timings import Timings, within_reason
from schemas.indicators import load_indicators
from schemas.quarantine import Earlier, Span
from sinks.clickhouse.database import Database
from sinks.clickhouse.fact_store import ClickHouseFactStore
from sinks.clickhouse.indicator_store import ClickHouseIndicators
from streams import worker
from streams.batches import RecordBatch, moment_of
from streams.intake import Intake
from streams.record_batches import read_batch
from streams.worker import Progress, store
from streams.writer_schemas import WriterSchemas
from tests.intake_samples import NOW, REGISTRATION, Registry, batch, encoded, sample
from tests.kafka_batches import Written, with_client
from tests.metrics.stage import samples
from tests.test_storing import Flaky

KAFKA_TIME = datetime.fromtimestamp(NOW / 1000, UTC)
TOPIC = REGISTRATION.topic


@dataclass(frozen=True)
class Clock:
    moment: datetime

    def now(self) -> datetime:
        return self.moment


class Stage:
    """A worker's ingest with its metrics, `late` seconds after Kafka's time of the records."""

    def __init__(self, fact_store: ClickHouseFactStore, late: float = 3.0) -> None:
        self.clock = Clock(KAFKA_TIME + timedelta(seconds=late))
        self.registry = CollectorRegistry()
        self.progress = Progress()
        timed = TimedFactStore(fact_store)
        self.intake = Intake(timed, WriterSchemas(Registry()), self.clock, 1 << 16)
        metrics = IngestMetrics(self.registry, Timings(self.registry), timed, self.clock)
        self.progress.on_stored = metrics.stored

    async def store(self, *batches: RecordBatch) -> None:
        await store(batches, self.intake, self.progress, lambda: False)

    def samples(self) -> Mapping[str, float]:
        return samples(generate_latest(self.registry).decode())


def from_log(*values: bytes, base: int = 0, partition: int = 0, time: int = NOW) -> RecordBatch:
    """As the transport hands it over."""
    raw = memoryview(with_client([Written(value, time=time) for value in values], base))
    log, _ = read_batch(raw, base)
    assert log is not None
    return RecordBatch(TOPIC, partition, log=[log])


def event(**changes: object) -> bytes:
    return encoded(sample(**changes))


async def test_records_are_counted_by_topic_and_outcome_and_by_what_is_stored_together(
    database: Database,
) -> None:
    stage = Stage(ClickHouseFactStore(database))
    first = from_log(event(), event(person=None), event())
    second = from_log(event(), b"junk", partition=1)
    await stage.store(first, second)
    told = stage.samples()
    assert told[f'bewithu_records_total{{outcome="accepted",topic="{TOPIC}"}}'] == 3
    assert told[f'bewithu_records_total{{outcome="quarantined",topic="{TOPIC}"}}'] == 2
    assert (told["bewithu_batch_records_count"], told["bewithu_batch_records_sum"]) == (1, 5)
    assert told["bewithu_batch_bytes_sum"] == first.size + second.size
    for each in ("wait", "parse", "insert"):
        assert told[f'bewithu_stage_duration_seconds_count{{stage="{each}"}}'] == 1
    # Each of the two batches was three seconds on its way.
    assert told["bewithu_stored_latency_seconds_count"] == 2
    assert told["bewithu_stored_latency_seconds_sum"] == pytest.approx(6)
    # Of the others there is a nought to rise from.
    assert told['bewithu_records_total{outcome="accepted",topic="bewithu.employment.v1"}'] == 0


async def test_what_is_tried_again_is_counted_once(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(worker, "_FIRST_PAUSE", 0.001)
    stage = Stage(Flaky(database, failing_call=0, before=True))
    await stage.store(from_log(event(), event()))
    told = stage.samples()
    assert told[f'bewithu_records_total{{outcome="accepted",topic="{TOPIC}"}}'] == 2
    assert told['bewithu_stage_duration_seconds_count{stage="insert"}'] == 1


async def test_records_that_are_searched_one_by_one_are_counted_by_topic_too(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An error that nobody thought of: the third record cannot be taken, and is set aside."""
    monkeypatch.setattr(worker, "_FIRST_PAUSE", 0.001)

    class Stumbling(ClickHouseFactStore):
        def earlier(self, spans: Sequence[Span]) -> list[Earlier]:
            if any(span.first <= 2 <= span.last for span in spans):
                raise RuntimeError("a bug")
            return list(super().earlier(spans))

    stage = Stage(Stumbling(database))
    await stage.store(from_log(event(), event(), event(), event()))
    told = stage.samples()
    assert told[f'bewithu_records_total{{outcome="accepted",topic="{TOPIC}"}}'] == 3
    assert told[f'bewithu_records_total{{outcome="quarantined",topic="{TOPIC}"}}'] == 1


def test_a_store_s_time_is_told_from_a_moment_on_and_then_forgotten(database: Database) -> None:
    timed = TimedFactStore(Flaky(database, failing_call=0, before=True))
    with pytest.raises(Unavailable):
        timed.quarantine([])
    timed.note([])
    assert timed.seconds_since(0) > 0
    assert timed.seconds_since(0) == 0


@pytest.mark.parametrize(
    ("seconds", "told"), [(-5, 0), (0, 0), (12.5, 12.5), (86_400, 86_400), (1.7e9, 604_800)]
)
def test_a_clock_of_a_producer_that_is_wrong_by_years_spoils_no_mean(seconds: float, told: float) -> None:
    assert within_reason(seconds) == told


@pytest.mark.parametrize("timestamp", [0, -1, -(1 << 62), 1 << 62])
def test_times_of_kafka_that_no_calendar_has_are_none(timestamp: int) -> None:
    assert moment_of(timestamp) is None


async def test_a_hostile_time_stops_no_batch_and_counts_as_none(database: Database) -> None:
    stage = Stage(ClickHouseFactStore(database))
    await stage.store(from_log(event(), time=1 << 61))
    told = stage.samples()
    assert told["bewithu_stored_latency_seconds_count"] == 0
    assert told["bewithu_batch_records_sum"] == 1


async def test_a_refresh_tells_kafkas_time_of_each_batch_that_it_took_in(database: Database) -> None:
    stage = Stage(ClickHouseFactStore(database))
    await stage.store(from_log(event(), event(), time=NOW - 5_000), from_log(event(), partition=1))
    indicators = ClickHouseIndicators(database, load_indicators(files("streams.indicators")))
    done = indicators.refresh(stage.clock.now())
    assert done is not None
    assert sorted(done.kafka_times) == [NOW - 5_000, NOW]
    # Records that are given one by one are a replay's: Kafka's time says nothing about how long they took.
    await stage.store(batch([event()], first_offset=90))
    done = indicators.refresh(stage.clock.now() + timedelta(minutes=1))
    assert done is not None
    assert (done.batches, list(done.kafka_times)) == (1, [])
