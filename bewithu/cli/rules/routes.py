"""`bewithu rules routes`: who hears of which alert, and by which way."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from alerts.address_book import load_address_book
from alerts.durations import format_duration
from alerts.route_tests import RouteOutcome, asked, run_route_tests
from alerts.routing import Route, all_routes
from bewithu.cli.indicators.choosing import checked_area
from bewithu.cli.printing import Json, print_json, print_records
from bewithu.cli.rules.outcomes import print_outcomes
from bewithu.definitions import suggestion
from bewithu.settings import load_settings
from bewithu.wiring import read_definitions

app = typer.Typer(help="Who hears of which alert, and by which way.", no_args_is_help=True)


@app.command()
def show(as_json: Json = False) -> None:
    """The tree of routes, the top first."""
    book = load_address_book(load_settings().address_book)
    rows = [_described(place, route) for place, route in all_routes(book.routing)]
    print_records(as_json, ["route", "matchers", "to", "group_by", "group_wait", "continue"], rows, "")


@app.command()
def ask(
    rule: Annotated[str, typer.Argument(help="id of the rule")],
    area: Annotated[str, typer.Argument(help="NIS code of the area; BE for the country")],
    as_json: Json = False,
) -> None:
    """Who would hear of an alert of a rule in an area, by which route, and who would not and why."""
    settings = load_settings()
    rules = {each.id: each for each in read_definitions(settings).rules}
    if rule not in rules:
        raise typer.BadParameter(f"no rule has the id {rule!r}{suggestion(rule, rules)}", param_hint="RULE")
    answers = asked(rules[rule], checked_area(area), load_address_book(settings.address_book))
    rows = [
        (each.coordinator.email, each.told, each.way.name if each.way else "", each.reason)
        for each in sorted(answers, key=lambda each: not each.told)
    ]
    print_records(as_json, ["coordinator", "told", "route", "reason"], rows, "")


@app.command("test")
def try_out(
    paths: Annotated[list[Path], typer.Argument(metavar="FILE…", help="YAML")], as_json: Json = False
) -> None:
    """Check who would get which mail, case by case. Exit 1 when one differs from what is expected."""
    settings = load_settings()
    rules = {each.id: each for each in read_definitions(settings).rules}
    book = load_address_book(settings.address_book)
    outcomes = [outcome for path in paths for outcome in run_route_tests(path, rules, book)]
    if as_json:
        print_json([_as_record(outcome) for outcome in outcomes])
    else:
        print_outcomes(outcomes)
    raise typer.Exit(1 if any(outcome.differences for outcome in outcomes) else 0)


def _described(place: tuple[str | int, ...], route: Route) -> tuple[str, ...]:
    depth = len(place) // 2
    name = route.name or (f"route-{int(place[-1]) + 1}" if place else "(top)")
    return (
        "  " * depth + name,
        " ".join(f"{key}={value}" for key, value in route.matchers.items()),
        " ".join(route.to or ()),
        " ".join(route.group_by) if route.group_by is not None else "",
        format_duration(route.group_wait) if route.group_wait is not None else "",
        "yes" if route.continue_ else "",
    )


def _as_record(outcome: RouteOutcome) -> dict[str, object]:
    return {
        "file": outcome.file,
        "line": outcome.line,
        "name": outcome.name,
        "passed": not outcome.differences,
        "differences": list(outcome.differences),
    }
