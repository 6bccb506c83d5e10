"""Commands about refused records."""

from __future__ import annotations

import contextlib
from typing import Annotated

import typer

from bewithu.cli.printing import Json, print_records
from bewithu.settings import load_settings
from bewithu.wiring import connect
from sinks.clickhouse.bookkeeping import Bookkeeping

app = typer.Typer(help="Records that were refused, and why.", no_args_is_help=True)


@app.command("list")
def list_(
    agency: Annotated[str | None, typer.Option(help="Of this agency only.")] = None,
    reason: Annotated[str | None, typer.Option(help="For this reason only.")] = None,
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json: Json = False,
) -> None:
    """The newest refusals; never their bytes."""
    with contextlib.closing(connect(load_settings())) as database:
        found = Bookkeeping(database).quarantined(limit, agency, reason)
    rows = [
        (each.topic, each.partition, each.offset, each.agency, each.reason, each.detail, each.known_at)
        for each in found
    ]
    columns = ["topic", "partition", "offset", "agency", "reason", "detail", "known_at"]
    print_records(as_json, columns, rows, "the quarantine is empty")
