"""A steady load with daily patterns on the whole platform, for hours: does everything stay level?

Apache Kafka with a small retention, a real `bewithu worker`, ClickHouse beside it or in it, and a mail server that
counts.
Events of all types come at a day's pace (quiet nights, a peak at nine, a dip at lunch), a day passing in ten minutes:
some are late, corrected, taken back, doubled, damaged or against a rule, and each day has a false alarm. Memory, open
files, threads, parts, disk for each event, and how long refreshes and events take must be level over the second half;
at the end everything that was sent must be in the facts or the quarantine, once.
"""

from __future__ import annotations

import argparse
import csv
import tempfile
import time
from collections.abc import Callable, Sequence
from contextlib import ExitStack
from dataclasses import asdict, fields
from datetime import timedelta
from pathlib import Path

from rich.console import Console

from bench.arguments import positive
from bench.errors import ContenderError, PublishError
from bench.soaking.ending import end
from bench.soaking.pattern import Pattern
from bench.soaking.platform import Platform, soaked_platform
from bench.soaking.result import Soaked
from bench.soaking.sampling import Sample, Sampler
from bench.soaking.sender import Sender
from bewithu.errors import Unavailable

SUMMARY = "hours of steady load: memory, files, parts and disk stay level, and nothing is lost"
DAY_SECONDS = 600.0
#: A short run has six days all the same, and more looks than one each ten seconds.
_DAYS, _LOOKS = 6, 60
_LEAST_LOOK_SECONDS, _LOOK_SECONDS = 1.0, 10.0
#: So often in a row may the worker leave /metrics unanswered, which takes it at least ten seconds each time.
_MOST_UNANSWERED = 12


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--hours", type=_hours, default=1.0, help="of load; default: %(default)s")
    parser.add_argument(
        "--rate", type=positive, default=300, help="events a second, the mean of a day; default: %(default)s"
    )
    parser.add_argument("--seed", type=int, default=1, help="of the events; default: %(default)s")
    parser.add_argument(
        "--embedded", action="store_true", help="ClickHouse in the worker, as in the demo, not beside it"
    )
    parser.add_argument("--csv", type=Path, metavar="FILE", help="write every sample there as it is taken")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep logs and data in a new folder")


def _hours(text: str) -> float:
    hours = float(text)
    if not 0 < hours <= 24 * 31:
        raise argparse.ArgumentTypeError(f"{text} given, expected more than 0 and at most 744")
    return hours


def run(arguments: argparse.Namespace, console: Console) -> Soaked:
    """Raises `ContenderError` when the worker ends or goes silent, `PublishError` when Kafka takes no events."""
    seconds = arguments.hours * 3600
    pattern = Pattern(arguments.rate, min(DAY_SECONDS, seconds / _DAYS))
    with ExitStack() as stack:
        name = stack.enter_context(tempfile.TemporaryDirectory(prefix="bewithu-soak-"))
        folder = arguments.keep or Path(name) / "platform"
        folder.mkdir(parents=True)
        status = stack.enter_context(console.status("starting"))
        try:
            platform = stack.enter_context(soaked_platform(folder, arguments.rate, arguments.embedded))
            sender = Sender(stack.enter_context(platform.publisher()), pattern, arguments.seed)
            sampler = Sampler(platform)
            note = _noted(arguments.csv, stack)
            sender.start()
            samples = _watched(platform, sender, sampler, seconds, note, lambda line: status.update(line))
            status.update("the last events are taken in")
            sender.stop()
            broken = end(platform, sender.tally)
        except Unavailable as error:
            raise PublishError(str(error)) from error
        except AssertionError as error:
            raise ContenderError(str(error)) from error
    return Soaked(
        seconds,
        pattern,
        arguments.embedded,
        samples,
        sampler.measured,
        sender.tally,
        sender.false_alarms,
        broken,
    )


def _watched(
    platform: Platform,
    sender: Sender,
    sampler: Sampler,
    seconds: float,
    note: Callable[[Sample], None],
    tell: Callable[[str], None],
) -> Sequence[Sample]:
    samples: list[Sample] = []
    every = max(_LEAST_LOOK_SECONDS, min(_LOOK_SECONDS, seconds / _LOOKS))
    begun, unanswered = time.monotonic(), 0
    for look in range(round(seconds / every) + 1):
        time.sleep(max(0.0, begun + look * every - time.monotonic()))
        sender.check()
        assert platform.worker.process.alive, (
            f"the worker ended by itself\n{_end_of(platform.worker.process.log)}"
        )
        passed = time.monotonic() - begun
        if passed > seconds + every:
            break  # looks took longer than the time between them
        sample = sampler.take(passed, sender.tally.sent)
        unanswered = 0 if sample else unanswered + 1
        assert unanswered < _MOST_UNANSWERED, "the worker does not answer any more"
        if sample:
            samples.append(sample)
            note(sample)
            tell(_line(sample, seconds))
    return samples


def _noted(path: Path | None, stack: ExitStack) -> Callable[[Sample], None]:
    if path is None:
        return lambda sample: None
    file = stack.enter_context(path.open("w", newline="", buffering=1))
    table = csv.DictWriter(file, [field.name for field in fields(Sample)])
    table.writeheader()
    return lambda sample: table.writerow(asdict(sample))


def _end_of(log: Path) -> str:
    return "\n".join(log.read_text(errors="replace").splitlines()[-30:])


def _line(sample: Sample, seconds: float) -> str:
    passed, whole = timedelta(seconds=int(sample.seconds)), timedelta(seconds=int(seconds))
    return (
        f"{passed} of {whole}: {sample.sent:,} sent, lag {sample.lag:,.0f}, {sample.quarantined:,} refused, "
        f"{sample.mails} mails, worker {sample.rss_mib:,.0f} and store {sample.store_rss_mib:,.0f} MiB, "
        f"{sample.handles} files, {sample.threads} threads, {sample.parts} parts, "
        f"{sample.store_mib:,.0f} MiB stored, events take {sample.latency_seconds:.2f} s"
    )
