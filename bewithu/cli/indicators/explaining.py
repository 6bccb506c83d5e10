"""What a published value rests on."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date

import typer

from bewithu.cli.indicators.choosing import AreaCode, Day, IndicatorName, checked_area, chosen, day_of
from bewithu.cli.printing import Json, print_json, print_table
from bewithu.clock import SystemClock
from bewithu.settings import load_settings
from bewithu.wiring import connect, read_definitions
from schemas.indicators import Counted
from schemas.indicators.catalogue import how
from sinks.clickhouse.explanation import Contribution, Explanations, Learned
from sinks.clickhouse.published import PublishedValues
from sinks.indicators.values import counted_sides


def explain(indicator: IndicatorName, area: AreaCode = "BE", day: Day = None, as_json: Json = False) -> None:
    """Which agencies' events a value rests on, and when it became known. Exit 1 when the value is suppressed."""
    settings = load_settings()
    indicators = read_definitions(settings).indicators
    found = chosen(indicator, indicators)
    place, on = checked_area(area), day_of(day)
    with contextlib.closing(connect(settings)) as database:
        published = PublishedValues(database, indicators, SystemClock())
        (cell,) = published.totals([indicator], [place], on, on)
        if cell.suppressed:
            typer.echo("suppressed: it rests on too few", err=True)
            raise typer.Exit(1)
        explanations = Explanations(database)
        sides = [
            Side(
                side,
                explanations.contributions(side, place, on),
                explanations.learned(side, place, on),
                explanations.forgotten_before(side),
            )
            for side in counted_sides([found], indicators).values()
        ]
    if as_json:
        rests_on = {side.indicator.id: side.to_json() for side in sides}
        told = {"indicator": found.id, "area": place, "day": on, "value": cell.value, "how": how(found)}
        print_json(told | {"rests_on": rests_on})
        return
    typer.echo(f"{found.name.en}, {place}, {on}: {'–' if cell.value is None else cell.value}")
    typer.echo(how(found))
    for side in sides:
        side.show()


@dataclass(frozen=True, slots=True)
class Side:
    """An indicator that a value is worked out from, or the value's own, and what it rests on."""

    indicator: Counted
    agencies: Sequence[Contribution]
    learned: Sequence[Learned]
    forgotten_before: date | None

    def to_json(self) -> dict[str, object]:
        return {
            "agencies": [asdict(each) for each in self.agencies],
            "learned": [asdict(each) for each in self.learned],
            "forgotten_before": self.forgotten_before,
        }

    def show(self) -> None:
        typer.echo(f"\n{self.indicator.id} rests on")
        print_table(
            ["agency", "events", "corrected", "last known"],
            [
                (each.agency, each.events, self._or_few(each.corrected), f"{each.last_known_at:%Y-%m-%d %H:%M}")
                for each in self.agencies
            ],
            "no agency has more than a few events",
        )  # fmt: skip
        if self.forgotten_before:
            typer.echo(f"and on events from before {self.forgotten_before}, which are no longer kept")
        typer.echo("\nand became known")
        rows = [(each.known_on, self._or_few(each.value)) for each in self.learned]
        print_table(["on", "value"], rows, "never")

    def _or_few(self, count: float | None) -> object:
        return f"<{self.indicator.minimum_cell}" if count is None else f"{count:.12g}"
