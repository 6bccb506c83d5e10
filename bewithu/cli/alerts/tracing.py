"""`bewithu alerts trace`: from a mail, or a step of an alert, back to the records that moved its value."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Sequence
from dataclasses import asdict
from typing import Annotated, Any

import typer

from bewithu.cli.printing import Json, print_json, print_table
from bewithu.settings import load_settings
from bewithu.wiring import connect, read_definitions
from schemas.alerting import Transition
from schemas.indicators import Counted, Indicators
from sinks.clickhouse.alert_log import ClickHouseAlertLog
from sinks.clickhouse.trail import Behind, Trail
from sinks.indicators.values import counted_sides

_COLUMNS = ["alert", "step", "rule", "area", "read", "refresh", "batch", "topic", "partition", "offsets"]


def trace(
    what: Annotated[
        str, typer.Argument(help="Message-ID of a mail, or the id of an alert's step as in logs")
    ],
    limit: Annotated[
        int, typer.Option("--refreshes", min=1, max=1000, help="So many at most, newest first")
    ] = 20,
    as_json: Json = False,
) -> None:
    """The steps that a mail is about, the refreshes that moved the value, and the batches' offsets in Kafka.

    `read`: the last refresh that had finished when the rule was evaluated. Exit 1 when nothing is known of it.
    """
    settings = load_settings()
    indicators = read_definitions(settings).indicators
    with contextlib.closing(connect(settings)) as database:
        trail = Trail(database)
        ids = trail.steps_of_mail(_in_brackets(what)) or [what]
        found = [
            (step, trail.behind(step, _sides(step, indicators), limit))
            for step in ClickHouseAlertLog(database).transitions(ids)
        ]
    if as_json:
        print_json([_document(step, behind) for step, behind in found])
    else:
        rows = [row for step, behind in found for row in _rows(step, behind)]
        print_table(_COLUMNS, rows, f"no mail and no step of an alert is known as {what}")
        if any(behind.more for _, behind in found):
            typer.echo("older refreshes are left out: see --refreshes")
    if not found:
        raise typer.Exit(1)


def _in_brackets(message_id: str) -> str:
    """Mail programs copy it with or without."""
    return f"<{message_id.strip().strip('<>')}>"


def _sides(step: Transition, indicators: Indicators) -> Sequence[Counted]:
    """None where the indicator is defined no longer."""
    known = indicators.get(step.indicator)
    return list(counted_sides([known], indicators).values()) if known else []


def _document(step: Transition, behind: Behind) -> dict[str, Any]:
    return {
        "alert": step.id, "step": step.kind, "rule": step.rule, "area": step.area, "at": step.at,
        "indicator": step.indicator, "day": step.day, **asdict(behind),
    }  # fmt: skip


def _rows(step: Transition, behind: Behind) -> Iterator[Sequence[object]]:
    named = (step.id, step.kind, step.rule, step.area, behind.read)
    if not behind.refreshes:
        yield (*named, None, None, None, None, None)
    for refresh in behind.refreshes:
        if not refresh.batches:
            yield (*named, refresh.refresh, None, None, None, None)
        for each in refresh.batches:
            offsets = f"{each.first_offset}-{each.last_offset}"
            yield (*named, refresh.refresh, each.batch, each.topic, each.partition, offsets)
