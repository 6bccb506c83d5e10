"""Takes out what no definition asks for."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime
from typing import Annotated

import typer

from bewithu.cli.asking import require_yes
from bewithu.cli.printing import Json, print_records
from bewithu.settings import load_settings
from bewithu.wiring import connect, read_definitions
from sinks.clickhouse.generations import read_generations
from sinks.clickhouse.pruning import not_defined, prune, superseded


def prune_(
    superseded_before: Annotated[
        datetime | None,
        typer.Option(
            formats=["%Y-%m-%d"],
            help="also what followed an older definition and stood no longer on this day (UTC)",
        ),
    ] = None,
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
    as_json: Json = False,
) -> None:
    """Take out what is stored of indicators that are defined no longer.

    Run it with the definitions that the workers have. An indicator that comes back is worked out anew from the facts;
    what was known of it earlier is forgotten.
    """
    settings = load_settings()
    indicators = read_definitions(settings).indicators
    with contextlib.closing(connect(settings)) as database:
        generations = read_generations(database)
        found = [*not_defined(generations, indicators)]
        if superseded_before is not None:
            old = superseded(generations, superseded_before.replace(tzinfo=UTC))
            found += [each for each in old if each not in found]
        if found:
            names = ", ".join(sorted({each.indicator for each in found}))
            question = f"Take out {len(found)} generations of {names}?"
            require_yes(question, yes, f"nothing was taken out ({names})")
        prune(database, found)
    rows = [(each.indicator, each.number) for each in found]
    print_records(as_json, ["indicator", "generation"], rows, "nothing to take out")
