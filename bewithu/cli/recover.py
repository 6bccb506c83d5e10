"""`bewithu recover`: what is to be done after a restore."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import typer

from alerts.address_book import load_address_book
from alerts.mail import domain_of
from bewithu.cli.printing import Json, print_json, print_table
from bewithu.clock import SystemClock
from bewithu.fitting.offsets import look, troubles
from bewithu.fitting.recovering import recover_alerts
from bewithu.settings import load_settings
from bewithu.wiring import connect, read_definitions
from schemas.alerting import FIRING
from streams.alert_history import AlertHistory
from streams.group_offsets import GroupOffsets
from streams.registry import SchemaRegistry
from streams.standing import Standing

app = typer.Typer(help="What is to be done after a restore.", no_args_is_help=True)


@app.callback()
def recover() -> None:
    """What is to be done after a restore."""


@app.command("offsets")
def offsets(
    set_back: Annotated[
        bool,
        typer.Option("--set-back", help="set the group back to what is not stored; workers must be stopped"),
    ] = False,
    as_json: Json = False,
) -> None:
    """Hold what is stored of each partition against Kafka. Exit 1 when something is not stored.

    `missing`: offsets that are not stored and can be read again. A worker that starts goes back by itself to where the
    store ends; holes before that, as when workers ran on over a restore, need --set-back. `lost`: offsets that are not
    stored and that Kafka has deleted. To read again what is stored changes nothing.
    """
    settings = load_settings()
    with contextlib.closing(connect(settings)) as database:
        found = look(settings.kafka, database)
        points = {each.place: each.resume_at for each in found if each.resume_at is not None}
        if set_back and points:
            GroupOffsets(settings.kafka).set_back(points)
    _tell(found, as_json)
    for trouble in troubles(found):
        typer.secho(trouble, fg="red", err=True)
    if set_back and points:
        typer.echo(f"the group {settings.kafka.group} was set back in {len(points)} partitions", err=True)
    if any(each.lost or (each.missing and not set_back) for each in found):
        raise typer.Exit(1)


@app.command("alerts")
def alerts(
    tell_since: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
            help="leave what happened since then (UTC) to be told, perhaps once more",
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Bring the log of alerts up to what was published on bewithu.alerts.v1. Run it before the first worker.

    Without it, alerts that began or ended after the backup are found and told anew. What the topic has counts as told
    to whom the address book names: also a mail that waited for a mail server or for the morning when the store was
    lost. --tell-since leaves these to be told; who had such a mail gets it once more, under the same Message-ID.
    """
    settings = load_settings()
    written, book = read_definitions(settings), load_address_book(settings.address_book)
    since = tell_since.replace(tzinfo=UTC) if tell_since else None
    with (
        contextlib.closing(connect(settings)) as database,
        contextlib.closing(SchemaRegistry(settings.registry)) as registry,
    ):
        published = AlertHistory(settings.kafka, registry).read()
        domain = domain_of(settings.smtp.sender)
        now = SystemClock().now()
        found = recover_alerts(database, published, written.rules, book, domain, now, since)
    last = {(each.rule, each.area): each for each in found.transitions}
    fires = [each for each in last.values() if each.kind in FIRING]
    if as_json:
        counts = {
            "published": len(published),
            "recovered": len(found.transitions),
            "to_tell": len(found.to_tell),
        }
        print_json({**counts, "firing": [{"rule": each.rule, "area": each.area} for each in fires]})
        return
    typer.echo(
        f"recovered {len(found.transitions):,} of {len(published):,} published steps of alerts, "
        f"{len(found.to_tell):,} to be told"
    )
    for each in fires:
        typer.echo(f"{each.rule} in {each.area} fires since {each.since:%Y-%m-%d %H:%M} UTC")


def _tell(found: Sequence[Standing], as_json: bool) -> None:
    if as_json:
        print_json([_document(each) for each in found])
        return
    columns = ["topic", "partition", "stored", "committed", "kafka_low", "kafka_high", "missing", "lost"]
    rows = [[_cell(value) for value in _document(each).values()] for each in found]
    print_table(columns, rows, "Kafka has none of our topics")


def _cell(value: object) -> object:
    return (", ".join(value) or None) if isinstance(value, list) else value


def _document(each: Standing) -> dict[str, object]:
    topic, partition = each.place
    return {
        "topic": topic,
        "partition": partition,
        "stored": each.store.reached,
        "committed": each.kafka.committed,
        "kafka_low": each.kafka.low,
        "kafka_high": each.kafka.high,
        "missing": [str(found) for found in each.missing],
        "lost": [str(found) for found in each.lost],
    }
