"""The metrics of a worker that leads, in this process, of made-up parts that have something to tell."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path

from faust.types import TP
from prometheus_client import generate_latest
from prometheus_client.parser import text_string_to_metric_families

from bewithu.board import Readiness
from bewithu.clock import SystemClock
from bewithu.fitting.leader import Leader
from bewithu.fitting.metrics import Metrics
from bewithu.fitting.metrics.ingest import TimedFactStore
from bewithu.fitting.metrics.readings import Agency, Observation, Reader, Readings
from sinks.clickhouse.disks import Disk
from sinks.clickhouse.watched_database import WatchedDatabase
from streams.worker import Progress

ROOT = Path(__file__).resolve().parents[2]
TOPIC = "bewithu.registration.v1"


@dataclass
class App:
    rebalancing_count: int = 2


@dataclass
class Worker:
    """As `bewithu.fitting.worker.Worker`."""

    leading: bool = True
    ready: bool = True
    app: App = field(default_factory=App)
    progress: Progress = field(default_factory=Progress)

    def readiness(self) -> Readiness:
        return Readiness(live=True, ready=self.ready)

    def leads(self) -> bool:
        return self.leading


class Stage:
    """Metrics with one sample at least of each kind while the worker leads."""

    def __init__(self, leading: bool = True, leader: Leader | None = None) -> None:
        self.worker = Worker(leading)
        self.leader = leader or Leader(_refuse, _refuse, SystemClock())
        self.leader.mails_waiting = 3
        self.database = WatchedDatabase(_refuse, "nowhere")
        self.observation = Observation(_refuse, every=30)
        self.metrics = Metrics(
            self.worker.progress, self.leader, TimedFactStore(_refuse), [self.database],  # type: ignore[arg-type]
            self.observation, SystemClock(), "1.2.3",
        )  # fmt: skip
        self.metrics.of(self.worker)
        self.metrics.lag.records, self.metrics.lag.kafka_answers = {TP(TOPIC, 0): 7}, True

    def text(self) -> str:
        return generate_latest(self.metrics.registry).decode()

    def samples(self) -> Mapping[str, float]:
        return samples(self.text())


def _refuse(*_: object, **__: object) -> Reader:
    raise AssertionError("nobody asks for it here")


def readings(at: float, quarantined: int = 4, heard: datetime | None = None) -> Readings:
    now = datetime.now(UTC)
    return Readings(
        at=at,
        open_records={(TOPIC, "bad_format"): quarantined},
        open_by_agency={"dvz": quarantined},
        agencies={
            "dvz": Agency(120, heard or now - timedelta(hours=1), 1, 0),
            "cpas": Agency(9, None, 40, 3),
        },
        firing={"warning": 2},
        disks=[Disk("default", 10, 100)],
    )


def samples(text: str) -> Mapping[str, float]:
    """By name and labels, as they are written."""
    return {
        each.name + _written(each.labels): each.value
        for family in text_string_to_metric_families(text)
        for each in family.samples
    }


def _written(labels: Mapping[str, str]) -> str:
    return "{" + ",".join(f'{name}="{labels[name]}"' for name in sorted(labels)) + "}" if labels else ""


@dataclass(frozen=True, slots=True)
class Described:
    """A metric: what kind it is and which labels it has."""

    kind: str
    labels: frozenset[str]


def exported(text: str) -> Mapping[str, Described]:
    """The metrics in an answer of /metrics, by the names that PromQL asks for."""
    found = {}
    for family in text_string_to_metric_families(text):
        name = f"{family.name}_total" if family.type == "counter" else family.name
        labels = {label for sample in family.samples for label in sample.labels} - {"le"}
        found[name] = Described(family.type, frozenset(labels))
    return found


_ROW = re.compile(
    r"^\| `(?P<name>[a-z_]+)` \| (?P<kind>counter|gauge|histogram) \| (?P<labels>[^|]*)\|", re.M
)


def documented() -> Mapping[str, Described]:
    """The metrics in docs/metrics.md."""
    page = (ROOT / "docs" / "metrics.md").read_text("utf-8")
    return {
        row["name"]: Described(
            row["kind"], frozenset(re.findall(r"`([a-z_]+)`", row["labels"].split(":")[0]))
        )
        for row in _ROW.finditer(page)
    }


_TEXT = re.compile(r""""[^"]*"|'[^']*'|`[^`]*`""")
_GROUPING = re.compile(r"\b(?:by|without|on|ignoring|group_left|group_right)\s*\([^)]*\)")
_WORD = re.compile(r"(?<![\w:.$])[a-zA-Z_:][\w:]*(?!\s*\()(?![\w:])")
_OPERATORS = frozenset(
    ("and", "or", "unless", "bool", "offset", "inf", "nan", "by", "on", "without", "ignoring")
)


def metric_names(expression: str) -> frozenset[str]:
    """The names that PromQL is asked for, those of histograms without their ends."""
    bare = _TEXT.sub("", expression)
    bare = re.sub(r"\[[^\]]*\]", "", re.sub(r"\{[^}]*\}", "", bare))
    bare = re.sub(r"\b\d[\w.]*", "", _GROUPING.sub("", bare))
    words = {word for word in _WORD.findall(bare) if word.lower() not in _OPERATORS}
    return frozenset(re.sub(r"_(bucket|count|sum)$", "", word) for word in words)


def functions_aside(names: Sequence[str]) -> frozenset[str]:
    """Prometheus' own names."""
    return frozenset(names) - {
        "up",
        "ALERTS",
        "ALERTS_FOR_STATE",
        "scrape_duration_seconds",
        "scrape_samples_scraped",
    }
