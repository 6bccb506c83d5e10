"""`bewithu alerts ack`: somebody looks after an alert."""

from __future__ import annotations

import contextlib
from collections.abc import Mapping
from typing import Annotated

import typer

from alerts.acknowledging import look_up
from alerts.evaluate import GOES_ON, Alert, State, latest, to_millisecond
from bewithu.cli.indicators.choosing import checked_area
from bewithu.cli.printing import Json, print_json
from bewithu.cli.quarantine.choosing import operator
from bewithu.clock import SystemClock
from bewithu.settings import load_settings
from bewithu.wiring import connect
from schemas.alerting import Acknowledgement
from sinks.clickhouse.acknowledgements import ClickHouseAcknowledgements
from sinks.clickhouse.alert_log import ClickHouseAlertLog


def ack(
    rule: Annotated[str, typer.Argument(help="id of the rule")],
    area: Annotated[str, typer.Argument(help="NIS code of the area; BE for the country")],
    author: Annotated[str | None, typer.Option(help="who; the operator's name when left out")] = None,
    comment: Annotated[str, typer.Option(help="what is done about it; whoever looks for it reads it")] = "",
    as_json: Json = False,
) -> None:
    """Say that somebody looks after an alert that fires. It counts until that alert is over."""
    place = checked_area(area)
    with contextlib.closing(connect(load_settings())) as database:
        acknowledgements = ClickHouseAcknowledgements(database)
        states = latest(ClickHouseAlertLog(database).states())
        since = _firing(states, rule, place).since
        before = look_up(states, acknowledgements).get((rule, place))
        now = to_millisecond(SystemClock().now())
        written = Acknowledgement(rule, place, since, author or operator(), comment, now)
        acknowledgements.write(written)
    if as_json:
        first = before or written
        print_json({"rule": rule, "area": place, "since": since, "by": first.author, "at": first.at})
    elif before:
        typer.echo(
            f"{before.author} acknowledged it before, {before.at:%Y-%m-%d %H:%M} UTC; yours is noted too"
        )
    else:
        typer.echo(f"{rule} in {place} is acknowledged by {written.author} until it is over")


def _firing(states: Mapping[Alert, State], rule: str, area: str) -> State:
    state = states.get((rule, area))
    if state is None or state.phase not in GOES_ON:
        firing = sorted(alert for alert, each in states.items() if each.phase in GOES_ON)
        there = ", ".join(f"{name} in {place}" for name, place in firing) or "nothing"
        raise typer.BadParameter(
            f"{rule} does not fire in {area}; what fires: {there}", param_hint="RULE AREA"
        )
    return state
