"""What the ingest stores, counted when it is stored: by whole batches, whatever is in them."""

from __future__ import annotations

from collections import Counter as Counts
from collections import deque
from collections.abc import Sequence
from datetime import datetime
from time import monotonic
from typing import Final

from prometheus_client import CollectorRegistry, Counter, Histogram

from bewithu.clock import Clock
from bewithu.fitting.metrics.labels import topic_label
from bewithu.fitting.metrics.timings import LATENCIES, Timings, within_reason
from schemas.contracts import contracts
from schemas.intake import BatchNote, Frame, LogFrame, Refusal
from schemas.quarantine import Earlier, Span
from streams.batches import RecordBatch
from streams.intake import Outcome
from streams.ports import FactStore

_RECORDS: Final = (1, 10, 100, 1_000, 10_000, 50_000, 100_000, 250_000, 500_000, 1_000_000)
_BYTES: Final = tuple(4**power for power in range(5, 14))
OUTCOMES: Final = ("accepted", "quarantined")
#: Calls that are remembered: more than a take makes that is not one of halves.
_CALLS: Final = 10_000


class TimedFactStore:
    """A `FactStore` that remembers how long its calls took."""

    def __init__(self, store: FactStore) -> None:
        self._store = store
        self._calls = deque[tuple[float, float]](maxlen=_CALLS)

    def seconds_since(self, began: float) -> float:
        """Spent in calls since the monotonic time `began`; the earlier ones are forgotten."""
        seconds = sum(end - start for start, end in self._calls if start >= began)
        self._calls.clear()
        return seconds

    def insert(self, frame: Frame | LogFrame) -> Sequence[tuple[int, int]]:
        began = monotonic()
        try:
            return self._store.insert(frame)
        finally:
            self._took(began)

    def earlier(self, spans: Sequence[Span]) -> Sequence[Earlier]:
        began = monotonic()
        found = self._store.earlier(spans)
        self._took(began)
        return found

    def mark_accepted(self, refusals: Sequence[Refusal], now: datetime) -> None:
        began = monotonic()
        self._store.mark_accepted(refusals, now)
        self._took(began)

    def quarantine(self, refusals: Sequence[Refusal]) -> None:
        began = monotonic()
        self._store.quarantine(refusals)
        self._took(began)

    def note(self, notes: Sequence[BatchNote]) -> None:
        began = monotonic()
        self._store.note(notes)
        self._took(began)

    def _took(self, began: float) -> None:
        self._calls.append((began, monotonic()))


class IngestMetrics:
    """What the ingest stores: counted when it is stored."""

    def __init__(
        self, registry: CollectorRegistry, timings: Timings, store: TimedFactStore, clock: Clock
    ) -> None:
        self._timings = timings
        self._store = store
        self._clock = clock
        self._records = Counter(
            "bewithu_records", "Records taken from Kafka and stored.", ["topic", "outcome"], registry=registry
        )
        for topic in contracts():
            for result in OUTCOMES:
                self._records.labels(topic, result)
        self._batch_records = Histogram(
            "bewithu_batch_records", "Records that were stored together.", registry=registry, buckets=_RECORDS
        )
        self._batch_bytes = Histogram(
            "bewithu_batch_bytes", "Bytes that were stored together, as Kafka gave them.",
            registry=registry, buckets=_BYTES,
        )  # fmt: skip
        self._latency = Histogram(
            "bewithu_stored_latency_seconds",
            "From Kafka's time of a batch's first record until the batch was stored.",
            registry=registry, buckets=LATENCIES,
        )  # fmt: skip

    def stored(self, batches: Sequence[RecordBatch], outcome: Outcome, began: float, ended: float) -> None:
        """Fits `streams.worker.Progress.on_stored`."""
        refused = Counts(refusal.topic for refusal in outcome.refused)
        for topic, count in outcome.by_topic.items():
            label = topic_label(topic)
            self._records.labels(label, "accepted").inc(count - refused[topic])
            self._records.labels(label, "quarantined").inc(refused[topic])
        self._batch_records.observe(outcome.records)
        self._batch_bytes.observe(sum(batch.size for batch in batches))
        self._timings.took("wait", max(0.0, began - min(batch.fetched for batch in batches)))
        inserting = self._store.seconds_since(began)
        self._timings.took("insert", inserting)
        self._timings.took("parse", max(0.0, ended - began - inserting))
        now = self._clock.now()
        for batch in batches:
            if batch.kafka_time:
                self._latency.observe(within_reason((now - batch.kafka_time).total_seconds()))
