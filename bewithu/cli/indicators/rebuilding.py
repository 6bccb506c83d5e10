"""Works indicators out anew from the facts, while readers keep what they have."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bewithu.cli.indicators.choosing import chosen
from bewithu.cli.leading import next_step
from bewithu.cli.printing import Json, print_records
from bewithu.clock import SystemClock
from bewithu.settings import load_settings
from bewithu.wiring import connect, read_definitions
from schemas.indicators import Counted
from sinks.clickhouse.database import Database
from sinks.clickhouse.generations import STANDS, Generation, begin, read_generations


def rebuild(
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[INDICATOR]...", help="all when left out")
    ] = None,
    as_json: Json = False,
) -> None:
    """Work indicators out anew from the facts. Readers keep the old values until the new ones are complete.

    On a server the worker that leads does it, between new events, and this command shows how far it is; stopping the
    command stops nothing. The embedded database has one process, so the command does it itself; started again, it goes
    on where it was.
    """
    settings = load_settings()
    indicators = read_definitions(settings).indicators
    wanted = [chosen(name, indicators) for name in names] if names else list(indicators.values())
    counted = [found for found in wanted if isinstance(found, Counted)]
    if not counted:
        raise typer.BadParameter(
            "these are worked out from others when they are read: rebuild those they rest on"
        )
    with contextlib.closing(connect(settings)) as database:
        started = begin(database, counted, SystemClock().now())
        _follow(database, started, next_step(database, indicators))
    rows = [(each.indicator, each.number) for each in started]
    print_records(as_json, ["indicator", "generation"], rows, "nothing")


def _follow(database: Database, started: Sequence[Generation], go_on: Callable[[], object]) -> None:
    """Until all of them stand."""
    numbers = {(each.indicator, each.number) for each in started}
    columns = (TextColumn("working out"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task = bar.add_task("", total=STANDS * len(numbers))
        while True:
            done = [
                each.upto for each in read_generations(database) if (each.indicator, each.number) in numbers
            ]
            bar.update(task, completed=sum(done))
            if all(upto == STANDS for upto in done):
                return
            go_on()
