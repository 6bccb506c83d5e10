"""`bewithu quarantine drop`."""

from __future__ import annotations

import contextlib
from typing import Annotated

import typer

from bewithu.cli.printing import Json, print_json
from bewithu.cli.quarantine.choosing import (
    Agency,
    Everything,
    Limit,
    Places,
    Reason,
    Since,
    Topic,
    Until,
    chosen,
    moment,
    operator,
    place,
)
from bewithu.clock import SystemClock
from bewithu.settings import load_settings
from bewithu.wiring import connect
from schemas.quarantine import Wanted
from sinks.clickhouse.quarantine import Quarantine
from streams import dropping
from streams.registry import SchemaRegistry
from streams.rejections import Rejections


def drop(
    why: Annotated[str, typer.Option(help="For the log and for the agency: why it will not be tried again.")],
    places: Places = None,
    agency: Agency = None,
    reason: Reason = None,
    topic: Topic = None,
    since: Since = None,
    until: Until = None,
    limit: Limit = 100_000,
    everything: Everything = False,
    yes: Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")] = False,
    as_json: Json = False,
) -> None:
    """Give refused records up: they are marked and their agencies told. Nothing is deleted."""
    if not why.strip():
        raise typer.BadParameter("--why is empty: say why, the agency reads it")
    named = tuple(map(place, places or ()))
    wanted = Wanted(
        None if named else "open", agency, reason, topic, moment(since), moment(until), named, limit
    )
    settings = load_settings()
    with (
        contextlib.closing(connect(settings)) as database,
        contextlib.closing(SchemaRegistry(settings.registry)) as registry,
    ):
        quarantine = Quarantine(database)
        records = chosen(quarantine, wanted, everything)
        if records and not yes and not typer.confirm(f"Drop {len(records):,} records?", err=True):
            typer.echo("nothing was dropped", err=True)
            raise typer.Exit(1)
        notice = Rejections(settings.kafka, registry, quarantine.standing)
        now = SystemClock().now()
        done = dropping.drop(records, quarantine, notice, operator(), why.strip(), now)
    kept = len(records) - len(done)
    if as_json:
        print_json({"dropped": len(done), "accepted_already": kept})
    else:
        already = f"; {kept:,} are in the facts already" if kept else ""
        typer.echo(f"dropped {len(done):,} records{already}")
