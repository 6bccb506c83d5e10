"""What is defined."""

from __future__ import annotations

from typing import Annotated

import typer

from bewithu.cli.indicators.choosing import IndicatorName, chosen
from bewithu.cli.printing import Json, print_json, print_records, print_table
from bewithu.settings import load_settings
from bewithu.wiring import read_definitions
from schemas.indicators import Counted, Indicators
from schemas.indicators.catalogue import catalogue as page
from schemas.indicators.catalogue import how
from sinks.clickhouse.indicator_sql import statements_of


def list_(as_json: Json = False) -> None:
    """All indicators."""
    rows = [
        (found.id, found.kind, found.unit, ", ".join(found.publishers), found.minimum_cell, found.name.en)
        for found in _defined().values()
    ]
    print_records(
        as_json, ["id", "kind", "unit", "publishers", "minimum cell", "name"], rows, "no indicators"
    )


def show(indicator: IndicatorName, as_json: Json = False) -> None:
    """One indicator: its names and explanations in four languages, and how it is worked out."""
    found = chosen(indicator, _defined())
    if as_json:
        print_json(found.model_dump(mode="json") | {"fingerprint": found.fingerprint})
        return
    rows: list[tuple[str, object]] = [("id", found.id), ("kind", found.kind), ("how", how(found))]
    for language in ("nl", "fr", "de", "en"):
        rows.append((f"name ({language})", found.name.in_language(language)))
        rows.append((f"explanation ({language})", found.explanation.in_language(language)))
    rows += [
        ("unit", found.unit),
        ("broken down by", ", ".join(" x ".join(family) for family in found.breakdowns) or "nothing"),
        ("publishers", ", ".join(found.publishers)),
        ("source", found.source),
        ("stream", found.stream),
        ("minimum cell", found.minimum_cell),
        ("usual delay", f"{found.usual_delay_days} days"),
    ]
    print_table(["", ""], rows, "")


def check(
    sql: Annotated[bool, typer.Option("--sql", help="print what the store is asked for each")] = False,
    as_json: Json = False,
) -> None:
    """Check all definitions; exit 2 with every problem's file, line and field."""
    indicators = _defined()
    if not sql:
        rows = [(name, "well") for name in indicators]
        print_records(as_json, ["indicator", "state"], rows, "no indicators")
        return
    asked = {
        name: statements_of(found) if isinstance(found, Counted) else {} for name, found in indicators.items()
    }
    if as_json:
        print_json([{"indicator": name, "state": "well", "sql": found} for name, found in asked.items()])
        return
    for name, statements in asked.items():
        typer.echo(f"-- {name}: {how(indicators[name])}")
        for event, statement in statements.items():
            typer.echo(f"-- the {event} events of the subjects that are looked at\n{statement};\n")


def catalogue() -> None:
    """Print the page that lists all indicators for people, in Markdown."""
    typer.echo(page(_defined()), nl=False)


def _defined() -> Indicators:
    return read_definitions(load_settings()).indicators
