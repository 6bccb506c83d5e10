"""Whether the shipped rules notice what goes wrong: shocks injected into the simulator, seed by seed.

Each seed is a Belgium of the simulator from March 2022 on. Its agencies are listened to as they publish, late and with
corrections, and every morning of the period the shipped rules are evaluated on what was published by then, by the
product's own steps, disclosure control and evaluator. Then once more for each shock, which is the only difference. What
is raised without a shock is a false alarm. Beside them EARS C1 to C3, written independently, on the daily counts of
certificates and of arrivals in emergency housing in the country, its provinces and Brussels.

At scale 1 thresholds are those of the rules; a smaller Belgium has smaller thresholds, as in the demo, and more noise.
"""

from __future__ import annotations

import argparse
import multiprocessing
import os
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any, Final

from rich.console import Console, Group, RenderableType
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn
from rich.table import Table

from alerts.rules import Rule
from bench.arguments import positive
from bench.detection.choice import LEFT, SETTLED, Period
from bench.detection.series import FLOWS, ears_areas
from bench.detection.summary import IN_TIME_DAYS, Contender, Told, areas_of, contender, type_of
from bench.detection.trial import OURS, Outcome, Task, try_seed, written
from bench.errors import BenchError
from bewithu.simulator.plan import EARLIEST, LATEST

SUMMARY = "shocks injected into the simulator: share told, days until then, false alarms, beside EARS"
DEFAULT_SEEDS: Final = 10
#: Without an incident of the simulator's own; the crisis of autumn 2022 ebbs away.
SINCE, UNTIL = date(2023, 1, 9), date(2023, 4, 30)
LEAST_SHARE: Final = 0.95
MOST_FALSE: Final = 1.0


@dataclass(frozen=True, slots=True)
class Findings:
    """By contender; of ours also by rule and by type of rule."""

    seeds: int
    scale: float
    period: Period
    contenders: Mapping[str, Contender]
    rules: Mapping[str, tuple[Rule, Contender]]
    types: Mapping[str, Contender]

    @property
    def broken(self) -> Sequence[str]:
        ours, found = self.contenders[OURS], []
        share = ours.told["large"].share_in_time
        if share < LEAST_SHARE:
            found.append(
                f"{share:.1%} of the large shocks were told within {IN_TIME_DAYS} days, promised are {LEAST_SHARE:.0%}"
            )
        if ours.worst >= MOST_FALSE:
            found.append(
                f"a coordinator gets {ours.worst:.2f} false alarms a month, promised are less than {MOST_FALSE:g}"
            )
        return found

    def to_json(self) -> Mapping[str, Any]:
        ours = self.contenders[OURS]
        peers = {name: each for name, each in self.contenders.items() if name != OURS}
        share = ours.told["large"].share_in_time
        return {
            "bench": "detect",
            "seeds": self.seeds,
            "scale": self.scale,
            "since": self.period.since.isoformat(),
            "until": self.period.until.isoformat(),
            "ours": {
                **ours.to_json(),
                "rules": {
                    name: {"type": type_of(rule), **_of_rule(each)}
                    for name, (rule, each) in self.rules.items()
                },
                "types": {name: _of_rule(each) for name, each in self.types.items()},
            },
            "peers": {name: each.to_json() for name, each in peers.items()},
            "limit": None,
            "ratios": {
                name: round(share / theirs, 3) if (theirs := each.told["large"].share_in_time) else None
                for name, each in peers.items()
            },
            "broken": list(self.broken),
        }

    def rendered(self) -> RenderableType:
        return Group(self._contenders(), self._types(), self._rules())

    def _contenders(self) -> Table:
        table = _table(
            f"{self.seeds} seeds, scale {self.scale:g}, {self.period.since} to {self.period.until}:"
            f" told within {IN_TIME_DAYS} days of the data",
            "in brackets: within as many calendar days, told at all, median of the days of data until then",
        )
        table.add_column("")
        for name in self.contenders:
            table.add_column(name.replace("_", " "), justify="right")
        for kind in self.contenders[OURS].told:
            table.add_row(kind, *(_cell(each.told[kind]) for each in self.contenders.values()))
        table.add_section()
        figures = {
            "false alarms a month": "false_a_month",
            "an area and month": "false_an_area_and_month",
            "a coordinator and month, most": "worst",
            "a coordinator and month, mean": "mean",
        }
        for label, name in figures.items():
            table.add_row(label, *(f"{getattr(each, name):.3f}" for each in self.contenders.values()))
        return table

    def _types(self) -> Table:
        return _shares("By type of rule", {(name,): each for name, each in self.types.items()})

    def _rules(self) -> Table:
        rows = {(name, type_of(rule)): each for name, (rule, each) in self.rules.items()}
        return _shares("By rule", rows)


def _of_rule(found: Contender) -> dict[str, Any]:
    told = found.to_json()
    return {key: told[key] for key in ("false_alarms_a_month", "false_alarms_an_area_and_month", "told")}


def _shares(title: str, rows: Mapping[tuple[str, ...], Contender]) -> Table:
    table = _table(title, "told of all shocks, median of the days; false alarms per area and month")
    for _ in next(iter(rows)):
        table.add_column("", overflow="fold")
    table.add_column("told")
    table.add_column("false", justify="right", no_wrap=True)
    for names, each in rows.items():
        told = [
            f"{kind} {_short(found)}" for kind, found in each.told.items() if found.told and kind != "large"
        ]
        table.add_row(*names, "; ".join(told) or "nothing", f"{each.false_an_area_and_month:.3f}")
    return table


def _table(title: str, caption: str) -> Table:
    return Table(title=title, caption=caption, title_justify="left", caption_justify="left")


def _cell(told: Told) -> str:
    days = "" if told.median_days is None else f", {told.median_days:g} d"
    return f"{told.in_time}/{told.shocks} ({told.in_calendar}, {told.told}{days})"


def _short(told: Told) -> str:
    return f"{told.told}/{told.shocks} {told.median_days:g} d"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--seeds", type=positive, default=DEFAULT_SEEDS, help="how many worlds (default: %(default)s)"
    )
    parser.add_argument("--first-seed", type=positive, default=1, help="default: %(default)s")
    parser.add_argument(
        "--scale", type=float, default=1.0, help="1 is every certificate of Belgium (default: %(default)s)"
    )
    for name, day in (("--since", SINCE), ("--until", UNTIL)):
        parser.add_argument(
            name, type=date.fromisoformat, default=day, help="day of evaluation (default: %(default)s)"
        )
    parser.add_argument("--against", type=Path, metavar="FOLDER", help="other rules to compare ours with")
    parser.add_argument(
        "--jobs",
        type=positive,
        default=min(2, os.cpu_count() or 1),
        help="worlds at a time, each of some 4 GiB at scale 1 (default: %(default)s)",
    )


def run(arguments: argparse.Namespace, console: Console) -> Findings:
    """Every seed in a process of its own. Raises `BenchError` when there is no time for a shock."""
    period = Period(arguments.since, arguments.until)
    if not period.since >= EARLIEST or period.until > LATEST:
        raise BenchError(f"the simulator knows {EARLIEST} to {LATEST}")
    if (period.until - period.since).days < SETTLED + LEFT:
        raise BenchError(f"expected at least {SETTLED + LEFT} days from --since to --until")
    if arguments.scale <= 0:
        raise BenchError(f"--scale {arguments.scale} given, expected more than 0")
    tasks = [
        Task(seed, arguments.scale, period, arguments.against)
        for seed in range(arguments.first_seed, arguments.first_seed + arguments.seeds)
    ]
    outcomes = sorted(_outcomes(tasks, arguments.jobs, console), key=lambda outcome: outcome.seed)
    return findings(tasks[0], outcomes)


def findings(task: Task, outcomes: Sequence[Outcome]) -> Findings:
    sets = {name: {rule.id: rule for rule in found.rules} for name, found in written(task).items()}

    def measured(name: str, chosen: Mapping[str, Rule] | None) -> Contender:
        areas = len(ears_areas()) * len(FLOWS) if chosen is None else areas_of(chosen.values())
        detections = [each for outcome in outcomes for each in outcome.detections[name]]
        sources = [name.removeprefix("ears_").upper()] if chosen is None else list(chosen)
        return contender([outcome.quiet[name] for outcome in outcomes], detections, sources, areas)

    types: dict[str, dict[str, Rule]] = {}
    for rule in sets[OURS].values():
        types.setdefault(type_of(rule), {})[rule.id] = rule
    return Findings(
        seeds=len(outcomes),
        scale=task.scale,
        period=task.period,
        contenders={name: measured(name, sets.get(name)) for name in outcomes[0].quiet},
        rules={key: (rule, measured(OURS, {key: rule})) for key, rule in sets[OURS].items()},
        types={kind: measured(OURS, chosen) for kind, chosen in sorted(types.items())},
    )


def _outcomes(tasks: Sequence[Task], jobs: int, console: Console) -> Iterator[Outcome]:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    # Polars has threads, which a forked process would wait for in vain.
    started = multiprocessing.get_context("spawn")
    with (
        Progress(*columns, console=console) as bar,
        ProcessPoolExecutor(jobs, started, max_tasks_per_child=1) as pool,
    ):
        shown = bar.add_task("simulating and judging", total=len(tasks))
        for done in as_completed([pool.submit(try_seed, task) for task in tasks]):
            bar.advance(shown)
            yield done.result()
