"""Commands about indicators."""

from __future__ import annotations

import contextlib
from datetime import datetime
from typing import Annotated

import typer

from bewithu.cli.printing import Json, print_records
from bewithu.clock import SystemClock, brussels_day
from bewithu.definitions import suggestion
from bewithu.settings import load_settings
from bewithu.wiring import connect, read_definitions
from schemas.areas import areas
from sinks.clickhouse.published import PublishedValues

app = typer.Typer(help="What is counted, and how many.", no_args_is_help=True)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """All indicators."""
    rows = [
        (found.id, found.kind, found.unit, ", ".join(found.publishers), found.minimum_cell, found.name.en)
        for found in read_definitions(load_settings()).indicators.values()
    ]
    print_records(
        as_json, ["id", "kind", "unit", "publishers", "minimum cell", "name"], rows, "no indicators"
    )


@app.command()
def check(as_json: Json = False) -> None:
    """Check all definitions; exit 2 with every problem's file, line and field."""
    found = read_definitions(load_settings())
    rows = [(name, "well") for name in found.indicators]
    print_records(as_json, ["indicator", "state"], rows, "no indicators")


@app.command()
def value(
    indicator: Annotated[str, typer.Argument(help="an id from `bewithu indicators list`")],
    area: Annotated[str, typer.Option(help="BE, or a NIS code")] = "BE",
    day: Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Today when left out.")] = None,
    as_json: Json = False,
) -> None:
    """A published value with its breakdowns. Exit 1 when it is suppressed or there is none."""
    settings = load_settings()
    indicators = read_definitions(settings).indicators
    if indicator not in indicators:
        raise typer.BadParameter(f"no indicator {indicator!r}{suggestion(indicator, indicators)}")
    if area not in areas():
        raise typer.BadParameter(f"no area {area!r}; expected BE or the NIS code of an area")
    on = day.date() if day else brussels_day(SystemClock().now())
    with contextlib.closing(connect(settings)) as database:
        published = PublishedValues(database, indicators)
        cells = [*published.totals([indicator], [area], on, on), *published.breakdowns(indicator, area, on)]
    rows = [
        (
            cell.breakdown or "total",
            "suppressed" if cell.suppressed else cell.value,
            cell.provisional,
            cell.known_at,
        )
        for cell in cells
    ]
    print_records(as_json, ["breakdown", "value", "provisional", "known_at"], rows, "no value")
    if cells[0].value is None:
        raise typer.Exit(1)
