"""What the platform uses, every few seconds: read from the worker's metrics, its process, and the folders on disk."""

from __future__ import annotations

import math
import os
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import psutil
from prometheus_client.parser import text_string_to_metric_families

from bench.soaking.platform import Platform
from bench.soaking.store_folder import disk_bytes, stored_in

_MIB = 1 << 20
_ANSWER_SECONDS = 10


@dataclass(frozen=True, slots=True)
class Sample:
    """One look. What is told for each step or event is a mean over what happened since the look before, or NaN.

    `store_rss_mib`: of ClickHouse as a process of its own; 0 where the worker has it in itself. `old_parts_share`: disk
    of parts that were merged into others and wait to be removed, for each byte of those in use.
    """

    seconds: float
    sent: int
    stored: int
    quarantined: int
    lag: float
    mails: int
    rss_mib: float
    store_rss_mib: float
    handles: int
    threads: int
    parts: int
    most_parts: int
    store_mib: float
    old_parts_mib: float
    old_parts_share: float
    store_bytes_per_event: float
    refresh_seconds: float
    latency_seconds: float
    cpu_ms_per_event: float
    broker_rss_mib: float
    broker_mib: float
    bench_rss_mib: float
    machine_load: float


class Metrics:
    """One answer of the worker's `/metrics`."""

    def __init__(self, text: str) -> None:
        self._values: dict[str, list[tuple[Mapping[str, str], float]]] = {}
        for family in text_string_to_metric_families(text):
            for sample in family.samples:
                self._values.setdefault(sample.name, []).append((sample.labels, sample.value))

    def sum(self, name: str, **labels: str) -> float:
        """Over all series of that name that have these labels; 0 where there is none."""
        return sum(value for found, value in self._values.get(name, ()) if labels.items() <= found.items())

    def buckets(self, name: str) -> Mapping[float, float]:
        """A histogram's counts up to each bound."""
        return {float(labels["le"]): value for labels, value in self._values.get(f"{name}_bucket", ())}


def scraped(port: int) -> Metrics | None:
    """None when the worker gave no answer in time."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/metrics", timeout=_ANSWER_SECONDS) as answer:
            return Metrics(answer.read().decode())
    except OSError:
        return None


def quantile(share: float, before: Mapping[float, float], after: Mapping[float, float]) -> float:
    """Of what a histogram took in between, as Prometheus works it out; NaN when that is nothing."""
    counts = {bound: after[bound] - before.get(bound, 0) for bound in sorted(after)}
    total = counts.get(math.inf, 0)
    if not total:
        return math.nan
    wanted, lower, below = share * total, 0.0, 0.0
    for bound, count in counts.items():
        if count >= wanted:
            return (
                lower if math.isinf(bound) else lower + (bound - lower) * (wanted - below) / (count - below)
            )
        lower, below = bound, count
    return lower


LATENCY, REFRESH = "bewithu_end_to_end_latency_seconds", "bewithu_stage_duration_seconds"


@dataclass(slots=True)
class Measured:
    """What samples do not tell.

    `unanswered`: looks to which the worker gave no answer in time. `parts`: active ones, by table, at the last look.
    `latencies`: the histogram of events' latency at each sample.
    """

    unanswered: int = 0
    parts: Mapping[str, int] = field(default_factory=dict)
    latencies: list[Mapping[float, float]] = field(default_factory=list)


@dataclass(slots=True)
class Sampler:
    """Takes samples of one platform."""

    platform: Platform
    measured: Measured = field(default_factory=Measured)
    _before: Mapping[str, float] = field(default_factory=dict)

    def take(self, seconds: float, sent: int) -> Sample | None:
        """None when the worker did not answer."""
        metrics = scraped(self.platform.worker.port)
        if metrics is None:
            self.measured.unanswered += 1
            return None
        worker = psutil.Process(self.platform.worker.process.pid)
        broker = psutil.Process(self.platform.kafka.process.pid)
        server = self.platform.server
        used = worker.cpu_times()
        stored = stored_in(self.platform.store)
        self.measured.parts = stored.parts
        self.measured.latencies.append(metrics.buckets(LATENCY))
        records = metrics.sum("bewithu_records_total")
        now = {
            "refreshes": metrics.sum(f"{REFRESH}_count", stage="refresh"),
            "refresh_seconds": metrics.sum(f"{REFRESH}_sum", stage="refresh"),
            "latencies": metrics.sum(f"{LATENCY}_count"),
            "latency_seconds": metrics.sum(f"{LATENCY}_sum"),
            "cpu_ms": 1000 * (used.user + used.system),
            "records": records,
        }
        before, self._before = self._before or now, now
        return Sample(
            seconds=round(seconds, 1),
            sent=sent,
            stored=int(records),
            quarantined=int(metrics.sum("bewithu_records_total", outcome="quarantined")),
            lag=metrics.sum("bewithu_consumer_lag_records"),
            mails=self.platform.mail.count,
            rss_mib=round(worker.memory_info().rss / _MIB, 1),
            store_rss_mib=round(psutil.Process(server.process.pid).memory_info().rss / _MIB, 1)
            if server
            else 0.0,
            handles=worker.num_fds(),
            threads=worker.num_threads(),
            parts=stored.active_parts,
            most_parts=max(stored.parts.values(), default=0),
            store_mib=round(stored.active_bytes / _MIB, 2),
            old_parts_mib=round(stored.old_bytes / _MIB, 2),
            old_parts_share=round(stored.old_bytes / stored.active_bytes, 3)
            if stored.active_bytes
            else math.nan,
            store_bytes_per_event=round(stored.active_bytes / records, 1) if records else math.nan,
            refresh_seconds=_mean(before, now, "refresh_seconds", "refreshes"),
            latency_seconds=_mean(before, now, "latency_seconds", "latencies"),
            cpu_ms_per_event=_mean(before, now, "cpu_ms", "records"),
            broker_rss_mib=round(broker.memory_info().rss / _MIB, 1),
            broker_mib=round(disk_bytes(self.platform.folder / "kafka" / "data") / _MIB, 2),
            bench_rss_mib=round(psutil.Process().memory_info().rss / _MIB, 1),
            machine_load=round(os.getloadavg()[0], 2),
        )


def _mean(before: Mapping[str, float], now: Mapping[str, float], what: str, count: str) -> float:
    happened = now[count] - before[count]
    return round((now[what] - before[what]) / happened, 4) if happened else math.nan


def quantiles_of(latencies: Sequence[Mapping[float, float]]) -> Mapping[str, float | None]:
    """Of all events between the first and the last of these histograms."""
    if not latencies:
        return {"p50": None, "p99": None}
    found = {f"p{share}": quantile(share / 100, latencies[0], latencies[-1]) for share in (50, 99)}
    return {name: None if math.isnan(value) else round(value, 3) for name, value in found.items()}
