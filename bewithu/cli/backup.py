"""`bewithu backup`: copies of the store by ClickHouse itself, from which the platform goes on exactly."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from bewithu.cli.printing import Json, print_json
from bewithu.settings import load_settings
from bewithu.wiring import connect
from sinks.clickhouse.backups import BackedUp, Backups
from sinks.clickhouse.prepare import prepare

app = typer.Typer(help="Copies of the store, from which the platform goes on exactly.", no_args_is_help=True)

Name = Annotated[str, typer.Argument(metavar="NAME", help="of the backup: letters, digits, '.', '_' and '-'")]
Disk = Annotated[str, typer.Option(help="a disk that ClickHouse's configuration allows for backups")]
_PIECES = 4


@app.callback()
def backup() -> None:
    """Copies of the store, from which the platform goes on exactly."""


@app.command("create")
def create(
    name: Name,
    disk: Disk = "backups",
    base: Annotated[
        str | None,
        typer.Option(metavar="NAME", help="copy only what this backup lacks; both are needed then"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Copy the whole store while workers go on. Exit 1 when the backup is not whole: then make another one."""
    with contextlib.closing(connect(load_settings())) as database, _shown("backing up") as on_piece:
        made = Backups(database, disk, on_piece).create(name, base)
    _tell(made, as_json, "backed up")


@app.command("restore")
def restore(name: Name, disk: Disk = "backups", as_json: Json = False) -> None:
    """Bring a backup into the database of the settings, which must be there and empty. Stop all workers before.

    What was stored after the backup is read from Kafka again by the workers, as far as Kafka still has it:
    `bewithu recover offsets` shows what that is. `bewithu recover alerts` brings back what was told since.
    """
    with contextlib.closing(connect(load_settings())) as database, _shown("restoring") as on_piece:
        made = Backups(database, disk, on_piece).restore(name)
        prepare(database)
    _tell(made, as_json, "restored")


@contextlib.contextmanager
def _shown(what: str) -> Iterator[Callable[[str], None]]:
    columns = (
        TextColumn(what),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.description}"),
        TimeElapsedColumn(),
    )
    with Progress(*columns, console=Console(stderr=True), transient=True) as bar:
        task, begun = bar.add_task("", total=_PIECES), iter(range(_PIECES))
        yield lambda title: bar.update(task, completed=next(begun, _PIECES), description=title)


def _tell(made: BackedUp, as_json: bool, done: str) -> None:
    if as_json:
        print_json(
            {
                "name": made.name,
                "begun": made.begun,
                "version": made.version,
                "tables": made.tables,
                "bytes": made.bytes,
            }
        )
        return
    begun = made.begun.isoformat(" ", "seconds")
    typer.echo(
        f"{done} {made.name}: {made.tables} tables, {made.bytes:,} bytes, begun {begun} by version {made.version}"
    )
