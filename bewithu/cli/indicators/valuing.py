"""A published value."""

from __future__ import annotations

import contextlib

import typer

from bewithu.cli.indicators.choosing import (
    AreaCode,
    AsOf,
    Day,
    IndicatorName,
    checked_area,
    chosen,
    day_of,
    moment_of,
)
from bewithu.cli.printing import Json, print_records
from bewithu.clock import SystemClock
from bewithu.settings import load_settings
from bewithu.wiring import connect, read_definitions
from sinks.clickhouse.published import PublishedValues


def value(
    indicator: IndicatorName,
    area: AreaCode = "BE",
    day: Day = None,
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """A published value with its breakdowns. Exit 1 when it is suppressed or there is none."""
    settings = load_settings()
    indicators = read_definitions(settings).indicators
    chosen(indicator, indicators)
    place, on, moment = checked_area(area), day_of(day), moment_of(as_of)
    with contextlib.closing(connect(settings)) as database:
        published = PublishedValues(database, indicators, SystemClock())
        cells = [
            *published.totals([indicator], [place], on, on, moment),
            *published.breakdowns(indicator, place, on, moment),
        ]
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
