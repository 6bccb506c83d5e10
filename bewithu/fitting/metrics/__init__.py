"""The worker's metrics (docs/metrics.md): counted as things happen, told from memory when Prometheus asks."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

import prometheus_client
from prometheus_client import CollectorRegistry, PlatformCollector, ProcessCollector

from bewithu.clock import Clock
from bewithu.fitting.leader import Leader
from bewithu.fitting.metrics.ingest import IngestMetrics, TimedFactStore
from bewithu.fitting.metrics.leader_readings import LeaderReadingsCollector
from bewithu.fitting.metrics.leader_work import LeaderWorkCollector
from bewithu.fitting.metrics.readings import Observation
from bewithu.fitting.metrics.timings import Timings
from bewithu.fitting.metrics.worker_state import Process, WorkerCollector
from sinks.clickhouse.watched_database import WatchedDatabase
from streams.lag import Lag, watch_lag
from streams.worker import Progress

_LAG_SECONDS = 5.0

# When each counter began is a series beside it in the text format, and nobody asks for it.
prometheus_client.disable_created_metrics()  # type: ignore[no-untyped-call] # theirs


class Metrics:
    """One worker's, in a registry of its own."""

    def __init__(
        self,
        progress: Progress,
        leader: Leader,
        store: TimedFactStore,
        databases: Sequence[WatchedDatabase],
        observation: Observation,
        clock: Clock,
        version: str,
    ) -> None:
        self.registry = CollectorRegistry()
        self.lag = Lag()
        self._leader = leader
        self._observation = observation
        self._databases = databases
        self._clock = clock
        self._version = version
        self._leads: Callable[[], bool] = lambda: False
        timings = Timings(self.registry)
        leader.watch = timings
        progress.on_stored = IngestMetrics(self.registry, timings, store, clock).stored
        self.registry.register(LeaderWorkCollector(leader))
        ProcessCollector(registry=self.registry)
        PlatformCollector(registry=self.registry)

    def of(self, worker: Process) -> None:
        """Once, before anybody asks: what only the whole worker knows."""
        self.registry.register(WorkerCollector(worker, self.lag, self._databases, self._version))
        self.registry.register(
            LeaderReadingsCollector(
                self._observation, worker.leads, lambda: self._leader.mails_waiting, self._clock
            )
        )
        self._leads = worker.leads

    async def keep_up(self, consumer: Any) -> None:
        """Looks at Kafka's ends, and on the leader at the store, from time to time. Never returns."""
        await asyncio.gather(
            watch_lag(self.lag, consumer.lag, _LAG_SECONDS),
            self._observation.keep(self._leads, self._leader.stood_back),
        )
