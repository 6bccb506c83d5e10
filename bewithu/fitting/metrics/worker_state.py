"""What a worker knows of itself when Prometheus asks, from memory."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Protocol

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bewithu.board import Readiness
from bewithu.fitting.metrics.labels import topic_label
from sinks.clickhouse.watched_database import ERROR_KINDS, WatchedDatabase, answers
from streams.lag import Lag


class Group(Protocol):
    """What Faust's app knows of the consumer group."""

    rebalancing_count: int


class Intake(Protocol):
    """As `streams.worker.Progress`."""

    away: str


class Process(Protocol):
    """As `bewithu.fitting.worker.Worker`."""

    @property
    def app(self) -> Group: ...

    @property
    def progress(self) -> Intake: ...

    def readiness(self) -> Readiness: ...

    def leads(self) -> bool: ...


class WorkerCollector(Collector):
    """One worker's state; each worker has its own, and none of it is another's too."""

    def __init__(self, worker: Process, lag: Lag, databases: Sequence[WatchedDatabase], version: str) -> None:
        self._worker = worker
        self._lag = lag
        self._databases = databases
        self._version = version

    def collect(self) -> Iterator[Metric]:
        build = GaugeMetricFamily("bewithu_build_info", "1; the version that runs.", labels=["version"])
        build.add_metric([self._version], 1)
        yield build
        readiness = self._worker.readiness()
        yield _yes_or_no(
            "bewithu_ready", "1 while /health/ready says yes.", readiness.live and readiness.ready
        )
        yield _yes_or_no(
            "bewithu_leader",
            "1 on the worker that refreshes indicators, evaluates rules and mails.",
            self._worker.leads(),
        )
        yield _yes_or_no(
            "bewithu_intake_up",
            "1 when the last batches were stored, 0 while they wait because a part is away.",
            not self._worker.progress.away,
        )
        yield from self._of_kafka()
        yield from self._of_clickhouse()

    def _of_kafka(self) -> Iterator[Metric]:
        records = self._lag.records
        lag = GaugeMetricFamily(
            "bewithu_consumer_lag_records",
            "Records in Kafka behind the last offset that this worker committed.",
            labels=["topic", "partition"],
        )
        for tp, behind in records.items():
            lag.add_metric([topic_label(tp.topic), str(tp.partition)], behind)
        yield lag
        yield GaugeMetricFamily(
            "bewithu_assigned_partitions",
            "Partitions that this worker takes records of.",
            value=len(records),
        )
        if self._lag.kafka_answers is not None:
            yield _yes_or_no(
                "bewithu_kafka_up",
                "1 when Kafka answered when it was last asked for the ends of the partitions.",
                self._lag.kafka_answers,
            )
        yield CounterMetricFamily(
            "bewithu_rebalances",
            "Times that the group shared its partitions out anew.",
            value=self._worker.app.rebalancing_count,
        )

    def _of_clickhouse(self) -> Iterator[Metric]:
        yield _yes_or_no(
            "bewithu_clickhouse_up",
            "1 while ClickHouse does what it is asked, as the newest call of all connections says.",
            answers(self._databases),
        )
        errors = CounterMetricFamily(
            "bewithu_clickhouse_errors", "Statements that failed, by kind of error.", labels=["kind"]
        )
        for kind in ERROR_KINDS:
            errors.add_metric([kind], sum(database.errors[kind] for database in self._databases))
        yield errors


def _yes_or_no(name: str, meaning: str, value: bool) -> Metric:
    return GaugeMetricFamily(name, meaning, value=float(value))
