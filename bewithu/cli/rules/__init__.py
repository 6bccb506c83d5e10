"""Commands about alert rules."""

from __future__ import annotations

import typer

from alerts.address_book import load_address_book
from bewithu.cli.printing import Json, print_records
from bewithu.cli.rules import routes
from bewithu.cli.rules.backtesting import backtest
from bewithu.cli.rules.reviewing import review
from bewithu.cli.rules.trying import try_out
from bewithu.settings import load_settings
from bewithu.wiring import read_definitions

app = typer.Typer(help="When an alert is raised, and who hears of it.", no_args_is_help=True)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """All rules."""
    rows = [
        (rule.id, rule.indicator, str(rule.level), rule.severity, rule.summary.en)
        for rule in read_definitions(load_settings()).rules
    ]
    print_records(as_json, ["id", "indicator", "level", "severity", "summary"], rows, "no rules")


@app.command()
def check(as_json: Json = False) -> None:
    """Check indicators, rules and the address book; exit 2 with every problem's file, line and field."""
    settings = load_settings()
    written = read_definitions(settings)
    book = load_address_book(settings.address_book)
    rows = [
        ("indicators", len(written.indicators)),
        ("rules", len(written.rules)),
        ("coordinators", len(book.coordinators)),
    ]
    print_records(as_json, ["what", "well"], rows, "")


app.command("test")(try_out)
app.command()(backtest)
app.command()(review)
app.add_typer(routes.app, name="routes")
