"""What a run found: figures of both halves, the verdict, and the law."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from rich.console import RenderableType
from rich.table import Table

from bench.soaking.pattern import Pattern
from bench.soaking.sampling import Measured, Sample, quantiles_of
from bench.soaking.tally import Tally
from bench.soaking.verdict import (
    LEAST_JUDGED_SECONDS,
    LIMITS,
    Drift,
    drifts,
    is_long_enough,
    judged_since,
    mean_of,
)

#: Told as means of the time before the judged one and of that itself, beside what has a limit. CPU time has none: a
#: worker that has more of the machine refreshes oftener.
_ALSO = (
    "cpu_ms_per_event",
    "lag", "most_parts", "store_mib", "old_parts_mib", "broker_mib",
    "broker_rss_mib", "bench_rss_mib", "machine_load",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Soaked:
    """A run. `law` names what is otherwise in the store than it was sent; empty when the law held."""

    seconds: float
    pattern: Pattern
    embedded: bool
    samples: Sequence[Sample]
    measured: Measured
    tally: Tally
    false_alarms: int
    law: Sequence[str]

    @property
    def since(self) -> float:
        return judged_since(self.seconds, self.pattern.day_seconds)

    @property
    def is_judged(self) -> bool:
        """A short run is too short to tell a leak from a start; its law is checked all the same."""
        return is_long_enough(self.seconds, self.pattern.day_seconds)

    @property
    def verdict(self) -> Mapping[str, Drift | None]:
        judged = [sample for sample in self.samples if sample.seconds >= self.since]
        if not self.is_judged or not judged:
            return {}
        series = {limit.series: [getattr(sample, limit.series) for sample in judged] for limit in LIMITS}
        return drifts(series, [sample.seconds for sample in judged])

    @property
    def broken(self) -> Sequence[str]:
        found = [*self.law]
        if self.is_judged and not self.verdict:
            found.append("nothing was measured in the judged time")
        for series, drift in self.verdict.items():
            if drift is None:
                found.append(f"{series} was measured too seldom to be judged")
            elif not drift.is_level:
                found.append(drift.told)
        return found

    def to_json(self) -> Mapping[str, Any]:
        sent = self.tally.books
        return {
            "bench": "soak",
            "hours": round(self.seconds / 3600, 4),
            "events_per_s": self.pattern.rate,
            "store": "embedded" if self.embedded else "beside the worker",
            "day_seconds": self.pattern.day_seconds,
            "judged_seconds": round(self.seconds - self.since, 1) if self.is_judged else 0,
            "ours": {
                "sent": sent.published,
                "accepted": sent.accepted,
                "refused": sent.quarantined,
                "doubles": sent.duplicates,
                "false_alarms": self.false_alarms,
                "mails": self.samples[-1].mails if self.samples else 0,
                "unanswered_looks": self.measured.unanswered,
                "before": dict(self._figures(judged=False)),
                "judged": dict(self._figures(judged=True)),
                "parts_by_table": dict(sorted(self.measured.parts.items())),
            },
            "drifts": {name: drift.to_json() if drift else None for name, drift in self.verdict.items()},
            "limit": {limit.series: {"share": limit.share, "least": limit.least} for limit in LIMITS},
            "peers": {},
            "ratios": {},
            "broken": list(self.broken),
        }

    def rendered(self) -> RenderableType:
        sent = self.tally.books
        table = Table(
            title=f"{timedelta(seconds=round(self.seconds))} at {self.pattern.rate:,} events a second: "
            f"{sent.published:,} sent, {sent.accepted:,} accepted, {sent.quarantined:,} refused, "
            f"{sent.duplicates:,} doubles, {self.false_alarms} false alarms",
            caption=self._told,
            caption_justify="left",
            title_justify="left",
        )
        table.add_column("mean", no_wrap=True)
        for heading in ("first", "then", "growth", "allowed"):
            table.add_column(heading, justify="right", no_wrap=True)
        before, judged, verdict = self._figures(judged=False), self._figures(judged=True), self.verdict
        for name, value in judged.items():
            drift = verdict.get(name)
            growth = (f"{drift.growth:+,.4g}", f"{drift.allowed:,.4g}") if drift else ("", "")
            table.add_row(name.replace("_", " "), _number(before[name]), _number(value), *growth)
        return table

    @property
    def _told(self) -> str:
        if not self.is_judged:
            least = f"{LEAST_JUDGED_SECONDS / 60:.0f} minutes"
            return f"Too short to be judged: that takes {least} of whole days in the second half. The law was checked."
        judged = timedelta(seconds=round(self.seconds - self.since))
        return f"judged: the last {judged}; " + ("something is broken" if self.broken else "all is level")

    def _figures(self, judged: bool) -> Mapping[str, float | None]:
        """Means over the judged time, or over the time before it; None for what was not measured."""
        places = [
            place for place, sample in enumerate(self.samples) if (sample.seconds >= self.since) is judged
        ]
        names = (*(limit.series for limit in LIMITS), *_ALSO)
        means: dict[str, float | None] = {
            name: mean_of([getattr(self.samples[place], name) for place in places]) for name in names
        }
        shares = quantiles_of([self.measured.latencies[place] for place in places])
        return {**means, **{f"latency_{share}_seconds": value for share, value in shares.items()}}


def _number(value: float | None) -> str:
    return "" if value is None else f"{value:,.4g}" if value < 1000 else f"{value:,.0f}"
