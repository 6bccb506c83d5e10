"""`bewithu access`: the users of a ClickHouse server, and what each of them may do."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Annotated

import typer

from bewithu.cli.printing import Json, print_json
from bewithu.errors import SettingsError
from bewithu.settings import load_settings
from bewithu.wiring import connect
from schemas.areas import UnknownArea, area
from sinks.clickhouse.access.apply import apply, ask
from sinks.clickhouse.access.passwords import Secret, read_passwords
from sinks.clickhouse.access.statements import Asked, Given, statements, subtree, users_of
from sinks.clickhouse.database import Database

app = typer.Typer(help="ClickHouse's users, and what each of them may do.", no_args_is_help=True)

Areas = Annotated[
    list[str] | None,
    typer.Option(
        "--area", metavar="CODE", help="a reader who sees this area alone; may be given several times"
    ),
]
Beside = Annotated[
    bool,
    typer.Option(
        "--beside",
        help="another database is the serving one: give the worker rights on this one in addition, leave readers there",
    ),
]


@app.callback()
def access() -> None:
    """ClickHouse's users, and what each of them may do."""


@app.command("show")
def show(areas: Areas = None, beside: Beside = False, as_json: Json = False) -> None:
    """Print the statements that `apply` carries out, with <hash> and <salt> in place of those of passwords."""
    placeholder = Secret("<hash>", "<salt>")

    def shown(database: Database) -> tuple[Given, ...]:
        secrets = dict.fromkeys(users_of(areas or []), placeholder)
        return statements(_asked(database, areas or [], secrets, beside))

    _require_no_readers(areas, beside)
    found = _with_database(shown)
    if as_json:
        print_json([{"user": given.user, "statement": given.statement} for given in found])
    else:
        typer.echo("\n\n".join(f"{given.statement};" for given in found))


@app.command("apply")
def carry_out(
    areas: Areas = None,
    passwords: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            exists=True,
            file_okay=False,
            help="has a file for each user whose password is to be set, named like the user",
        ),
    ] = None,
    beside: Beside = False,
    take_over: Annotated[
        bool,
        typer.Option(
            "--take-over",
            help="this database takes another's place: the worker loses its rights there, readers read here",
        ),
    ] = False,
    as_json: Json = False,
) -> None:
    """Make ClickHouse's users and give them their rights. Safe to repeat; needs a user who may do so.

    Run it after each `bewithu migrate`, too: readers of areas get the views that are new.
    Refused where the worker has rights on another database, unless --beside or --take-over says what is meant.
    """
    if beside and take_over:
        raise SettingsError("--beside and --take-over: one of them")
    _require_no_readers(areas, beside)
    secrets = read_passwords(passwords, users_of(areas or [])) if passwords else {}

    def applied(database: Database) -> tuple[Given, ...]:
        if database.embedded:
            raise SettingsError(
                "the embedded ClickHouse has no users: set BEWITHU_CLICKHOUSE__URL to a server"
            )
        return apply(database, _asked(database, areas or [], secrets, beside), take_over)

    users = list(dict.fromkeys(given.user for given in _with_database(applied)))
    if as_json:
        print_json({"users": users})
    else:
        typer.echo(f"these users have their rights: {', '.join(users)}")


def _require_no_readers(areas: list[str] | None, beside: bool) -> None:
    if areas and beside:
        raise SettingsError("--area and --beside: readers stay with the serving database, give --area there")


def _asked(database: Database, areas: list[str], secrets: Mapping[str, Secret], beside: bool) -> Asked:
    for code in areas:
        try:
            subtree(area(code).code)
        except (UnknownArea, ValueError) as error:
            raise SettingsError(f"--area {code}: {error}") from error
    return ask(database, areas, secrets, beside)


def _with_database(call: Callable[[Database], tuple[Given, ...]]) -> tuple[Given, ...]:
    with contextlib.closing(connect(load_settings())) as database:
        return call(database)
