"""What a contender is told, and what it tells: command line in, JSON lines on standard output.

A contender is a program started as `python -m bench.<module>` with the arguments of a `Task`. It

1. starts up at its leisure (connections, tables, joining the consumer group, imports, also those that a first
   insert brings about): none of this counts;
2. calls `Stopwatch.start()` when its partitions are assigned, before the first fetch; where its library has
   no hook for that, at its first record;
3. takes `Task.events` records from the topic, from the earliest offset, and stores them;
4. calls `Stopwatch.stop()` as soon as the store has acknowledged the last one;
5. calls `report_rows()` with the number of rows that it then counts in the store, and exits with 0.

Each of these is one line, `{"mark": "start", "span": "ingest", "clock": 5.1, "cpu_seconds": 1.2}`. Others
are ignored, and the end of standard error is shown if the contender fails.
Only the standard library is used here, because contenders run in different environments.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

GROUP_SESSION_SECONDS = 6  # the embedded broker waits half of this when a group forms


@dataclass(frozen=True, slots=True)
class Task:
    """One contender's work.

    `bootstrap`: host:port of the broker. `topic`: all of its records are to be stored. `group`: a consumer
    group that nobody used before. `registry`: URL of the schema registry that knows the writer's schema.
    `path`: a folder for ClickHouse, not there yet. `events`: how many records the topic holds. `avro`: the
    same events as an Avro container file.
    """

    bootstrap: str
    topic: str
    group: str
    registry: str
    path: Path
    events: int
    avro: Path

    def arguments(self) -> list[str]:
        return [word for name, value in asdict(self).items() for word in (f"--{name}", str(value))]

    @classmethod
    def from_arguments(cls, arguments: Sequence[str] | None = None) -> Task:
        """From the process' own command line unless `arguments` are given; exits with 2 if they are wrong."""
        parser = argparse.ArgumentParser()
        for name in ("bootstrap", "topic", "group", "registry"):
            parser.add_argument(f"--{name}", required=True)
        parser.add_argument("--path", type=Path, required=True)
        parser.add_argument("--events", type=int, required=True)
        parser.add_argument("--avro", type=Path, required=True)
        return cls(**vars(parser.parse_args(arguments)))


@dataclass(frozen=True, slots=True)
class Measured:
    """What one contender used between its marks, summed over its spans; memory is its whole life's peak."""

    rows: int
    seconds: float
    cpu_seconds: float
    peak_rss_mib: float


class Stopwatch:
    """Prints what this process had used when a span of the work began and when it ended."""

    def __init__(self, span: str = "ingest") -> None:
        self._span = span
        self._started = False

    def start(self) -> None:
        """Only the first call counts: a group may assign partitions more than once."""
        if not self._started:
            self._started = True
            self._mark("start")

    def stop(self) -> None:
        self._mark("stop")

    def _mark(self, mark: str) -> None:
        _print({"mark": mark, "span": self._span, "clock": time.monotonic(), "cpu_seconds": _cpu_seconds()})


def report_rows(rows: int) -> None:
    """The last line: how many rows are in the store, as counted there."""
    _print({"mark": "rows", "rows": rows, "peak_rss_mib": _peak_rss_mib()})


def read_marks(output: str) -> Measured:
    """Raises ValueError naming the mark that is missing from a contender's standard output."""
    marks = list(_marks(output.splitlines()))
    starts = {mark["span"]: mark for mark in marks if mark["mark"] == "start"}
    stops = {mark["span"]: mark for mark in marks if mark["mark"] == "stop"}
    rows = next((mark for mark in marks if mark["mark"] == "rows"), None)
    if not starts or starts.keys() != stops.keys() or rows is None:
        seen = ", ".join(mark["mark"] for mark in marks) or "none"
        raise ValueError(f"it printed the marks {seen}; expected start and stop of each span, then rows")
    return Measured(
        rows=rows["rows"],
        seconds=sum(stop["clock"] - starts[span]["clock"] for span, stop in stops.items()),
        cpu_seconds=sum(stop["cpu_seconds"] - starts[span]["cpu_seconds"] for span, stop in stops.items()),
        peak_rss_mib=rows["peak_rss_mib"],
    )


def _marks(lines: Iterable[str]) -> Iterator[Mapping[str, Any]]:
    for line in lines:
        if line.startswith('{"mark":'):
            yield json.loads(line)


def _print(mark: Mapping[str, Any]) -> None:
    # The process' own standard output: Faust turns sys.stdout into log lines.
    assert sys.__stdout__ is not None
    # A library may have left half a line: the mark begins one of its own.
    sys.__stdout__.write(f"\n{json.dumps(mark)}\n")
    sys.__stdout__.flush()


def _cpu_seconds() -> float:
    """User and system time of all threads of this process, and of the children that it has waited for."""
    used = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in used)


def _peak_rss_mib() -> float:
    # Linux's ru_maxrss would do, were it not for the peak of the process that started us, which it inherits.
    try:
        status = Path("/proc/self/status").read_text()
    except OSError:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        return peak / (1 << 20 if sys.platform == "darwin" else 1 << 10)
    (peak_kib,) = (line.split()[1] for line in status.splitlines() if line.startswith("VmHWM:"))
    return int(peak_kib) / 1024
