"""`bewithu alerts silence`: who wants not to be told of what, why, and until when."""

from __future__ import annotations

import contextlib
import secrets
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Annotated

import typer

from alerts.evaluate import to_millisecond
from alerts.holding import in_force
from alerts.rules import Rule
from alerts.rules.model import SEVERITIES
from bewithu.cli.indicators.choosing import checked_area
from bewithu.cli.lengths import length_of
from bewithu.cli.printing import Json, print_json, print_records
from bewithu.cli.quarantine.choosing import operator
from bewithu.clock import SystemClock
from bewithu.definitions import suggestion
from bewithu.settings import load_settings
from bewithu.wiring import connect, read_definitions
from schemas.alerting import Silence
from sinks.clickhouse.silences import ClickHouseSilences

#: What nobody remembers must not stay silent.
_LONGEST = timedelta(days=90)

app = typer.Typer(help="Who wants not to be told of what, why, and until when.", no_args_is_help=True)


@app.command()
def add(
    matchers: Annotated[
        list[str],
        typer.Argument(
            metavar="NAME=VALUE…", help="all must be so: rule, area, severity, or a label of the rule"
        ),
    ],
    length: Annotated[str, typer.Option("--for", help="how long, as 2h or 3d; at most 90d")],
    reason: Annotated[str, typer.Option(help="why; whoever looks for the alert reads it")],
    author: Annotated[str | None, typer.Option(help="who; the operator's name when left out")] = None,
    begins: Annotated[
        datetime | None,
        typer.Option("--from", formats=["%Y-%m-%dT%H:%M"], help="when it begins, UTC; now when left out"),
    ] = None,
    as_json: Json = False,
) -> None:
    """Tell nobody of some alerts for a time. What still fires at its end is told then; that an alert is over is told
    to those who heard of it.
    """
    settings = load_settings()
    wanted = _checked({rule.id: rule for rule in read_definitions(settings).rules}, matchers)
    now = to_millisecond(SystemClock().now())
    first = begins.replace(tzinfo=UTC) if begins else now
    silence = Silence(
        secrets.token_hex(4), now, author or operator(), reason, first, first + _length(length), wanted
    )
    with contextlib.closing(connect(settings)) as database:
        ClickHouseSilences(database).write(silence)
    if as_json:
        print_json({"id": silence.id, "begins": silence.begins, "ends": silence.ends})
    else:
        typer.echo(
            f"{silence.id}: silent from {silence.begins:%Y-%m-%d %H:%M} to {silence.ends:%Y-%m-%d %H:%M} UTC"
        )


@app.command("list")
def list_(as_json: Json = False) -> None:
    """Silences that have not ended."""
    now = SystemClock().now()
    with contextlib.closing(connect(load_settings())) as database:
        found = in_force(ClickHouseSilences(database).written(now))
    rows = [
        (each.id, _in_words(each.matchers), each.begins, each.ends, each.author, each.reason)
        for each in sorted(found, key=lambda each: each.ends)
        if each.ends > now
    ]
    print_records(as_json, ["id", "matchers", "begins", "ends", "author", "reason"], rows, "no silences")


@app.command()
def end(name: Annotated[str, typer.Argument(metavar="ID", help="as in the list")]) -> None:
    """End a silence now."""
    now = to_millisecond(SystemClock().now())
    with contextlib.closing(connect(load_settings())) as database:
        silences = ClickHouseSilences(database)
        known = {each.id: each for each in in_force(silences.written(now)) if each.ends > now}
        if name not in known:
            hint = suggestion(name, known) or f"; there are {', '.join(known) or 'none'}"
            raise typer.BadParameter(f"no silence has the id {name!r}{hint}", param_hint="ID")
        silences.write(replace(known[name], at=now, ends=now))
    typer.echo(f"{name} has ended")


def _checked(rules: Mapping[str, Rule], matchers: list[str]) -> dict[str, str]:
    labels = {
        name: {rule.labels[name] for rule in rules.values() if name in rule.labels} for name in _labels(rules)
    }
    known: dict[str, set[str]] = {"rule": set(rules), "severity": set(SEVERITIES), **labels}
    found: dict[str, str] = {}
    for matcher in matchers:
        name, equals, value = matcher.partition("=")
        if not equals or not value:
            raise typer.BadParameter(f"expected NAME=VALUE, as area=62063, got {matcher!r}")
        if name == "area":
            checked_area(value)
        elif name not in known:
            hint = suggestion(name, [*known, "area"]) or f"; expected one of {', '.join(['area', *known])}"
            raise typer.BadParameter(f"nothing has the name {name!r}{hint}")
        elif value not in known[name]:
            hint = suggestion(value, known[name]) or f"; there are {', '.join(sorted(known[name]))}"
            raise typer.BadParameter(f"no {name} is {value!r}{hint}")
        found[name] = value
    return found


def _labels(rules: Mapping[str, Rule]) -> set[str]:
    return {name for rule in rules.values() for name in rule.labels}


def _length(text: str) -> timedelta:
    length = length_of(text, "--for")
    if not timedelta(0) < length <= _LONGEST:
        raise typer.BadParameter(
            f"expected more than nothing and at most 90d, got {text}", param_hint="--for"
        )
    return length


def _in_words(matchers: Mapping[str, str]) -> str:
    return " ".join(f"{name}={value}" for name, value in sorted(matchers.items()))
