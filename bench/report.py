"""What a benchmark found: one JSON object for programs, a table for people."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from typing import Any

from rich.table import Table

from bench.protocol import Measured


@dataclass(frozen=True, slots=True)
class Figures:
    """One contender's throughput from the broker to the store, with its unit in each name."""

    events: int
    events_per_cpu_s: float
    events_per_s: float
    seconds: float
    cpu_seconds: float
    peak_rss_mib: float

    @classmethod
    def of(cls, measured: Measured) -> Figures:
        return cls(
            events=measured.rows,
            events_per_cpu_s=round(measured.rows / measured.cpu_seconds, 1),
            events_per_s=round(measured.rows / measured.seconds, 1),
            seconds=round(measured.seconds, 3),
            cpu_seconds=round(measured.cpu_seconds, 3),
            peak_rss_mib=round(measured.peak_rss_mib, 1),
        )


@dataclass(frozen=True, slots=True)
class Comparison:
    """One run. What was left out of it is None, or missing among the peers.

    `broken` names the promises that ours did not keep; `title` and `note` stand around the table.
    """

    bench: str
    ours: Figures | None
    peers: Mapping[str, Figures]
    limit: Figures | None
    broken: tuple[str, ...]
    title: str = ""
    note: str = ""

    @property
    def ratios(self) -> Mapping[str, float]:
        """Ours divided by each other, in events per CPU second."""
        others = {**self.peers, **({"limit": self.limit} if self.limit else {})}
        if self.ours is None:
            return {}
        return {
            name: round(self.ours.events_per_cpu_s / other.events_per_cpu_s, 3)
            for name, other in others.items()
        }

    def to_json(self) -> Mapping[str, Any]:
        return {
            "bench": self.bench,
            "ours": asdict(self.ours) if self.ours else None,
            "peers": {name: asdict(figures) for name, figures in self.peers.items()},
            "limit": asdict(self.limit) if self.limit else None,
            "ratios": dict(self.ratios),
        }

    def rendered(self) -> Table:
        return _table_of(self)


def _table_of(comparison: Comparison) -> Table:
    """One row each; the ratio is ours divided by that row, in events per CPU second."""
    table = Table(
        title=comparison.title, caption=comparison.note, caption_justify="left", title_justify="left"
    )
    table.add_column("", no_wrap=True)
    for heading in ("per CPU s", "ratio", "per s", "seconds", "CPU s", "peak MiB"):
        table.add_column(heading, justify="right", no_wrap=True)
    ratios = comparison.ratios
    for name, figures in _rows(comparison):
        ratio = ratios.get(name)
        table.add_row(
            name.replace("_", " "),
            f"{figures.events_per_cpu_s:,.0f}",
            "" if ratio is None else f"{ratio:.2f}",
            f"{figures.events_per_s:,.0f}",
            f"{figures.seconds:.1f}",
            f"{figures.cpu_seconds:.1f}",
            f"{figures.peak_rss_mib:,.0f}",
        )
    return table


def _rows(comparison: Comparison) -> Iterator[tuple[str, Figures]]:
    if comparison.ours:
        yield "ours", comparison.ours
    yield from comparison.peers.items()
    if comparison.limit:
        yield "limit", comparison.limit
