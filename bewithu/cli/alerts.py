"""Commands about alerts."""

from __future__ import annotations

import contextlib

import typer

from bewithu.cli.printing import Json, print_records
from bewithu.settings import load_settings
from bewithu.wiring import connect
from schemas.alerting import OPEN
from sinks.clickhouse.alert_log import ClickHouseAlertLog

app = typer.Typer(help="What is pending, firing, recovering or resolved.", no_args_is_help=True)


@app.command("list")
def list_(
    everything: bool = typer.Option(False, "--all", help="Also those that are resolved or dropped."),
    as_json: Json = False,
) -> None:
    """The newest step of every alert, newest first."""
    with contextlib.closing(connect(load_settings())) as database:
        states = sorted(ClickHouseAlertLog(database).states(), key=lambda state: state.at, reverse=True)
    rows = [
        (state.rule, state.area, state.kind, state.since, state.value, state.threshold, state.reason)
        for state in states
        if everything or state.kind in OPEN
    ]
    columns = ["rule", "area", "state", "since", "value", "threshold", "reason"]
    print_records(as_json, columns, rows, "no alerts")
