"""What a published value rests on."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import asdict

import typer

from bewithu.cli.indicators.choosing import AreaCode, Day, IndicatorName, checked_area, chosen, day_of
from bewithu.cli.printing import Json, print_json, print_table
from bewithu.clock import SystemClock
from bewithu.settings import load_settings
from bewithu.wiring import connect, read_definitions
from schemas.indicators import Counted, Derived, sides_of
from schemas.indicators.catalogue import how
from sinks.clickhouse.explanation import Contribution, Explanations, Learned
from sinks.clickhouse.published import PublishedValues


def explain(indicator: IndicatorName, area: AreaCode = "BE", day: Day = None, as_json: Json = False) -> None:
    """Which agencies' events a value rests on, and when it became known. Exit 1 when the value is suppressed."""
    settings = load_settings()
    indicators = read_definitions(settings).indicators
    found = chosen(indicator, indicators)
    place, on = checked_area(area), day_of(day)
    names = dict.fromkeys(sides_of(found)) if isinstance(found, Derived) else {found.id: None}
    with contextlib.closing(connect(settings)) as database:
        published = PublishedValues(database, indicators, SystemClock())
        (cell,) = published.totals([indicator], [place], on, on)
        if cell.suppressed:
            typer.echo("suppressed: it rests on too few, or would reveal such a number", err=True)
            raise typer.Exit(1)
        explanations = Explanations(database)
        counted = [side for name in names if isinstance(side := indicators[name], Counted)]
        sides = {
            side.id: (explanations.contributions(side, place, on), explanations.learned(side, place, on))
            for side in counted
        }
    if as_json:
        print_json(
            {
                "indicator": found.id, "area": place, "day": on, "value": cell.value, "how": how(found),
                "rests_on": {name: _side(*side) for name, side in sides.items()},
            }
        )  # fmt: skip
        return
    typer.echo(f"{found.name.en}, {place}, {on}: {'–' if cell.value is None else cell.value}")
    typer.echo(how(found))
    for name, (agencies, learned) in sides.items():
        typer.echo(f"\n{name} rests on")
        few = f"<{indicators[name].minimum_cell}"
        print_table(
            ["agency", "events", "corrected", "first day", "last day", "last known"],
            [
                (each.agency, _or(each.events, few), _or(each.corrected, few), each.first_day, each.last_day,
                 f"{each.last_known_at:%Y-%m-%d %H:%M}")
                for each in agencies
            ],
            "no events",
        )  # fmt: skip
        typer.echo("\nand became known")
        rows = [(each.known_by, f"{each.change:+g}") for each in learned]
        print_table(["by", "change"], rows, "never")


def _or(count: int | None, few: str) -> object:
    return few if count is None else count


def _side(agencies: Sequence[Contribution], learned: Sequence[Learned]) -> dict[str, object]:
    return {
        "agencies": [asdict(each) for each in agencies],
        "learned": [asdict(each) for each in learned],
    }
