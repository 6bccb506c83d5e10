"""How long the steps of the pipeline take, and how long an event is on its way: histograms, filled as it happens."""

from __future__ import annotations

from typing import Final

from prometheus_client import CollectorRegistry, Histogram

STAGES: Final = ("wait", "parse", "insert", "refresh", "evaluate", "mail", "announce", "audit", "forget")

#: From a small insert to a long catching up.
_SECONDS: Final = (0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
LATENCIES: Final = (0.1, 0.25, 0.5, 1, 2, 5, 10, 30, 60, 300, 900, 3_600, 14_400, 86_400)
#: What a wrong clock of a producer may add to a sum at the most.
_LONGEST_LATENCY: Final = 7 * 86_400.0


class Timings:
    """One worker's. Safe to call from any thread."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._stages = Histogram(
            "bewithu_stage_duration_seconds", "How long a step of the pipeline took.", ["stage"],
            registry=registry, buckets=_SECONDS,
        )  # fmt: skip
        for stage in STAGES:
            self._stages.labels(stage)
        self._readable = Histogram(
            "bewithu_end_to_end_latency_seconds",
            "From Kafka's time of a batch's first record until a value with it could be read.",
            registry=registry, buckets=LATENCIES,
        )  # fmt: skip

    def took(self, stage: str, seconds: float) -> None:
        assert stage in STAGES
        self._stages.labels(stage).observe(seconds)

    def readable_after(self, seconds: float) -> None:
        self._readable.observe(within_reason(seconds))


def within_reason(seconds: float) -> float:
    """Producers' clocks may be wrong by years, either way; one of them must not spoil everybody's mean."""
    return min(max(seconds, 0.0), _LONGEST_LATENCY)
