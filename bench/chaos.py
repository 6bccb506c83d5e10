"""Failures at random moments for as long as you like, and the promises checked at the end.

The worker, Apache Kafka and ClickHouse are killed, workers come and go, and a proxy tells workers that ClickHouse
failed when it had stored. Agencies publish throughout. tests/chaos does the work; `make test` runs a short campaign.
"""

from __future__ import annotations

import argparse
import logging
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import SystemRandom
from typing import Any

from rich.console import Console, Group, RenderableType
from rich.table import Table

from bench.errors import ContenderError, PartMissing
from bench.parts import PART_IS_MISSING
from tests.chaos.campaign import Campaign, Findings
from tests.chaos.stage import stage

SUMMARY = "kill and cut everything at random moments: nothing lost, nothing double, no offset too early"


@dataclass(frozen=True, slots=True)
class Survival:
    """A campaign's findings as a benchmark's result."""

    minutes: float
    findings: Findings

    @property
    def broken(self) -> Sequence[str]:
        return self.findings.broken

    def to_json(self) -> Mapping[str, Any]:
        return {
            "bench": "chaos",
            "seed": self.findings.seed,
            "minutes": self.minutes,
            "injected": dict(self.findings.injected),
            "checked": dict(self.findings.checked),
            "ours": dict(self.findings.figures),
            "ratios": {},
            "broken": list(self.broken),
        }

    def rendered(self) -> RenderableType:
        verdict = "every promise held" if not self.broken else f"{len(self.broken)} promises are broken"
        return Group(
            _counts(f"seed {self.findings.seed}: injected", self.findings.injected),
            _counts(f"checked: {verdict}", self.findings.checked),
        )


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--minutes", type=float, default=5.0, help="of failures; default: %(default)s")
    parser.add_argument(
        "--seed", type=int, help="to break the same things again; default: a new one, printed"
    )
    parser.add_argument("--rate", type=float, default=120, help="events per second; default: %(default)s")
    parser.add_argument("--keep", type=Path, metavar="FOLDER", help="keep logs and data in a new folder")


def run(arguments: argparse.Namespace, console: Console) -> Survival:
    """Raises `ContenderError` when the platform does not come back after everything was mended."""
    seed = SystemRandom().randrange(2**31) if arguments.seed is None else arguments.seed
    console.print(f"seed {seed}")
    # The watcher asks a store that is killed again and again, and its client logs each time.
    logging.getLogger("clickhouse_connect").setLevel(logging.CRITICAL)
    with (
        tempfile.TemporaryDirectory(prefix="bewithu-chaos-") as name,
        console.status("starting") as status,
    ):
        folder = arguments.keep or Path(name) / "stage"
        try:
            with stage(folder, seed) as made:
                campaign = Campaign(made, seed, status.update, arguments.rate)
                findings = campaign.run(arguments.minutes * 60)
        except PART_IS_MISSING as missing:
            raise PartMissing(str(missing)) from missing
        except AssertionError as error:
            raise ContenderError(f"seed {seed}: {error}") from error
    return Survival(arguments.minutes, findings)


def _counts(title: str, counts: Mapping[str, int]) -> Table:
    table = Table(title=title, title_justify="left", show_header=False)
    table.add_column(no_wrap=True)
    table.add_column(justify="right")
    for name, count in counts.items():
        table.add_row(name, f"{count:,}")
    return table
