"""`bewithu alerts undelivered`: what should have reached somebody and did not."""

from __future__ import annotations

import contextlib
from typing import Annotated

import typer

from bewithu.cli.lengths import length_of
from bewithu.cli.printing import Json, print_records
from bewithu.clock import SystemClock
from bewithu.settings import load_settings
from bewithu.wiring import connect
from sinks.clickhouse.alert_log import ClickHouseAlertLog

_COLUMNS = ["state", "reader", "rule", "area", "step", "queued_at", "tries", "last_at", "detail"]


def undelivered(
    within: Annotated[
        str, typer.Option("--within", metavar="DURATION", help="queued so long ago at most")
    ] = "30d",
    as_json: Json = False,
) -> None:
    """Mails and posts that are given up or still wait, and why. Exit 1 when any is given up."""
    since = SystemClock().now() - length_of(within, "--within")
    with contextlib.closing(connect(load_settings())) as database:
        found = ClickHouseAlertLog(database).undelivered(since)
    rows = [
        (
            each.state, each.reader, each.rule, each.area, each.kind, each.queued_at, each.tries,
            each.last_at, each.detail,
        )
        for each in found
    ]  # fmt: skip
    print_records(as_json, _COLUMNS, rows, "everything was delivered")
    raise typer.Exit(1 if any(each.state == "given up" for each in found) else 0)
