"""The worker's metrics, read from what it counts anyway when Prometheus asks."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Protocol

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector


class Counts(Protocol):
    """What `streams.worker.Progress` counts."""

    records: int
    refused: int
    batches: int
    away: str


class LeaderCounts(Protocol):
    """What `bewithu.wiring.Leader` counts."""

    refreshes: int
    changed_values: int
    last_seconds: float
    mails_sent: int
    mails_put_off: int
    mails_given_up: int
    mails_waiting: int
    transitions: int
    alert_events: int
    audits: int
    differences: int
    forgotten: int


class WorkerCollector(Collector):
    """Counters of one worker process; Prometheus sums them over workers."""

    def __init__(self, progress: Counts, leader: LeaderCounts) -> None:
        self._progress = progress
        self._leader = leader

    def collect(self) -> Iterator[Metric]:
        records = CounterMetricFamily(
            "bewithu_records", "Records taken from Kafka and stored, by outcome.", labels=["outcome"]
        )
        records.add_metric(["accepted"], self._progress.records - self._progress.refused)
        records.add_metric(["quarantined"], self._progress.refused)
        yield records
        yield CounterMetricFamily("bewithu_batches", "Batches stored.", value=self._progress.batches)
        yield GaugeMetricFamily(
            "bewithu_store_up", "1 when the last batch was stored, 0 while the store does not take it.",
            value=float(not self._progress.away),
        )  # fmt: skip
        yield CounterMetricFamily(
            "bewithu_indicator_refreshes", "Refreshes of indicators.", value=self._leader.refreshes
        )
        yield CounterMetricFamily(
            "bewithu_indicator_values_changed",
            "Revisions of values stored.",
            value=self._leader.changed_values,
        )
        yield GaugeMetricFamily(
            "bewithu_indicator_refresh_seconds",
            "Duration of the last refresh.",
            value=self._leader.last_seconds,
        )
        yield CounterMetricFamily(
            "bewithu_audits",
            "Samples of what is stored that were held against the facts.",
            value=self._leader.audits,
        )
        yield CounterMetricFamily(
            "bewithu_audit_differences",
            "Steps and days of values that did not follow from the facts, and were put right.",
            value=self._leader.differences,
        )
        yield CounterMetricFamily(
            "bewithu_events_forgotten",
            "Events taken out as they were older than their contract says they are kept.",
            value=self._leader.forgotten,
        )
        yield CounterMetricFamily(
            "bewithu_alert_transitions", "Steps of alerts written down.", value=self._leader.transitions
        )
        yield CounterMetricFamily(
            "bewithu_alert_events",
            "Steps of alerts published for other systems.",
            value=self._leader.alert_events,
        )
        yield CounterMetricFamily(
            "bewithu_mails_sent", "Mails and posts taken by the server.", value=self._leader.mails_sent
        )
        yield CounterMetricFamily(
            "bewithu_mails_put_off",
            "Attempts to hand a mail or post over that failed for now.",
            value=self._leader.mails_put_off,
        )
        yield CounterMetricFamily(
            "bewithu_mails_given_up",
            "Mails and posts that nobody will get: see bewithu alerts undelivered.",
            value=self._leader.mails_given_up,
        )
        yield GaugeMetricFamily(
            "bewithu_mails_waiting",
            "Mails and posts that have not left after the leader's last step.",
            value=self._leader.mails_waiting,
        )


def metrics_registry(progress: Counts, leader: LeaderCounts) -> CollectorRegistry:
    registry = CollectorRegistry()
    registry.register(WorkerCollector(progress, leader))
    return registry
