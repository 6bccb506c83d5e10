"""`bewithu beside`: a second database that was filled anew, held against the serving one and put in its place."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable
from typing import Annotated

import typer
from rich.console import Console

from bewithu.cli.printing import Json, print_json, print_records
from bewithu.cli.quarantine.choosing import operator
from bewithu.clock import SystemClock
from bewithu.settings import load_settings
from bewithu.wiring import connect
from sinks.clickhouse.beside import Beside

app = typer.Typer(help="A second database, to take the place of the serving one.", no_args_is_help=True)

Serving = Annotated[
    str, typer.Argument(metavar="SERVING", help="name of the serving database on the same server")
]


@app.callback()
def beside() -> None:
    """A second database, to take the place of the serving one."""


@app.command("compare")
def compare(
    serving: Serving,
    everything: Annotated[bool, typer.Option("--all", help="also what is the same")] = False,
    as_json: Json = False,
) -> None:
    """Hold the database of the settings against the serving one. Exit 1 when they differ.

    Offsets, facts, refused records, and of each indicator the published values that only one of them has. While events
    come, the one that is ahead by a moment differs: ask again.
    """
    with contextlib.closing(connect(load_settings())) as database:
        found = Beside(database, serving).compare()
    rows = [(each.what, each.serving, each.here, each.same) for each in found if everything or not each.same]
    print_records(as_json, ["what", "serving", "here", "same"], rows, "all is the same")
    if not all(each.same for each in found):
        raise typer.Exit(1)


@app.command("carry-over")
def carry_over(serving: Serving, as_json: Json = False) -> None:
    """Take over what only the serving database has. Its workers must be stopped; a quiet one must run for this.

    What was told to whom, acknowledged, silenced and decided about refused records; persons who were erased there are
    erased here. Safe to repeat. Exit 1 when events are left here that were taken out there, of persons who came back.
    """
    with contextlib.closing(connect(load_settings())) as database:
        found = Beside(database, serving).carry_over(operator(), SystemClock().now(), _wait)
    if as_json:
        print_json({"rows": found.rows, "erased": found.erased, "left": found.left})
    else:
        told = ", ".join(f"{count:,} of {table}" for table, count in found.rows.items())
        typer.echo(f"carried over {told}; erased {found.erased:,} persons")
    if found.left:
        typer.secho(
            f"{found.left:,} events are here that were erased or forgotten in {serving}", fg="red", err=True
        )
        raise typer.Exit(1)


def _wait(is_done: Callable[[], bool]) -> None:
    with Console(stderr=True).status("waiting for the indicators to be worked out anew"):
        while not is_done():
            time.sleep(0.5)
