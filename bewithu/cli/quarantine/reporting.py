"""`bewithu quarantine report`."""

from __future__ import annotations

import contextlib
import re
from pathlib import Path
from typing import Annotated, Literal

import typer

from bewithu.cli.quarantine.choosing import Since, Until, moment
from bewithu.clock import SystemClock
from bewithu.errors import BewithuError
from bewithu.rejection_report import make_report, render_csv, render_html
from bewithu.settings import load_settings
from bewithu.wiring import connect
from schemas.areas import Language
from schemas.contracts import agency_pattern
from schemas.quarantine import Wanted
from sinks.clickhouse.quarantine import Quarantine


def report(
    agency: Annotated[str, typer.Option(help="The agency's code, for example cpas-62063.")],
    since: Since = None,
    until: Until = None,
    form: Annotated[Literal["csv", "html"], typer.Option("--format", help="How it is laid out.")] = "csv",
    language: Annotated[Language, typer.Option(help="Of what to do, and of the page.")] = "en",
    output: Annotated[Path | None, typer.Option(help="A file; standard output when left out.")] = None,
) -> None:
    """An agency's open refusals, for the agency: how many, which, and what to do about each."""
    if not re.fullmatch(agency_pattern(), agency):
        raise typer.BadParameter(f"{agency!r} is no agency's code, expected text like {agency_pattern()}")
    wanted = Wanted(agency=agency, since=moment(since), until=moment(until))
    with contextlib.closing(connect(load_settings())) as database:
        records = Quarantine(database).held(wanted)
    made = make_report(agency, wanted.since, wanted.until, records, SystemClock().now())
    text = render_csv(made, language) if form == "csv" else render_html(made, language)
    if output is None:
        typer.echo(text, nl=False)
        return
    try:
        output.write_bytes(text.encode())
    except OSError as error:
        raise BewithuError(f"{output}: cannot be written: {error.strerror}") from error
    typer.echo(f"{len(records):,} records of {agency} in {output}", err=True)
