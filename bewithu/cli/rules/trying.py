"""`bewithu rules test`: rules on made-up values."""

from __future__ import annotations

from contextlib import ExitStack
from importlib.resources import as_file, files
from pathlib import Path
from typing import Annotated

import typer

from alerts.address_book import load_address_book
from alerts.rule_tests import Outcome, files_in, run_tests
from bewithu.cli.printing import Json, print_json
from bewithu.cli.rules.outcomes import print_outcomes
from bewithu.settings import load_settings
from bewithu.wiring import read_definitions


def try_out(
    paths: Annotated[
        list[Path] | None,
        typer.Argument(
            metavar="[FILE…]", help="YAML; those in the folder `tests` of the rules when left out"
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Try rules on made-up values: which steps are taken, and who gets a mail. Exit 1 when a test fails."""
    settings = load_settings()
    written = read_definitions(settings)
    book = load_address_book(settings.address_book)
    delays = {name: found.usual_delay_days for name, found in written.indicators.items()}
    rules = {rule.id: rule for rule in written.rules}
    with ExitStack() as opened:
        folder = settings.rules or opened.enter_context(as_file(files("alerts.rules")))
        outcomes = [
            outcome
            for path in paths or files_in(folder / "tests")
            for outcome in run_tests(path, rules, delays, book)
        ]
    if as_json:
        print_json([_as_record(outcome) for outcome in outcomes])
    else:
        print_outcomes(outcomes)
    raise typer.Exit(1 if any(outcome.differences for outcome in outcomes) else 0)


def _as_record(outcome: Outcome) -> dict[str, object]:
    return {
        "file": outcome.file,
        "line": outcome.line,
        "name": outcome.name,
        "rule": outcome.test.rule,
        "passed": not outcome.differences,
        "differences": list(outcome.differences),
    }
