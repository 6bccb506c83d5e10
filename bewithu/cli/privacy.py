"""`bewithu privacy`: what a person can ask for, and how long events are kept."""

from __future__ import annotations

import contextlib
import logging
import re
import sys
from collections.abc import Callable
from typing import Annotated

import typer
from rich.console import Console

from bewithu.cli.asking import require_yes
from bewithu.cli.leading import next_step
from bewithu.cli.printing import Json, print_json, print_records
from bewithu.cli.quarantine.choosing import operator
from bewithu.clock import SystemClock
from bewithu.settings import load_settings
from bewithu.wiring import connect, read_definitions
from sinks.clickhouse.erasure import Erasure
from sinks.clickhouse.retention import retention_of

app = typer.Typer(help="What a person can ask for, and how long events are kept.", no_args_is_help=True)
log = logging.getLogger(__name__)


@app.callback()
def privacy() -> None:
    """What a person can ask for, and how long events are kept."""


@app.command("erase")
def erase(
    person: Annotated[
        str,
        typer.Argument(metavar="PERSON", help="the pseudonym, 32 hexadecimal digits; - reads it from stdin"),
    ],
    yes: Annotated[bool, typer.Option("--yes", help="do not ask")] = False,
    as_json: Json = False,
) -> None:
    """Take a person out of facts, steps and quarantine. Indicators are as if they had never been heard of.

    On a server the worker that leads works the indicators out anew, and this command waits for it; started again
    after an interruption, it finishes the work. It cannot be undone. Kafka keeps events as long as its topics say:
    what is read from there again comes back.
    """
    pseudonym = _checked(sys.stdin.readline() if person == "-" else person)
    require_yes("This cannot be undone. Erase?", yes, "nothing was erased")
    settings = load_settings()
    indicators = read_definitions(settings).indicators
    with contextlib.closing(connect(settings)) as database:
        erasure = Erasure(database, operator())
        erased = erasure.erase(pseudonym, SystemClock().now(), _waiting(next_step(database, indicators)))
    log.info("erased a person: %d events, %d refused records", erased.facts, erased.refused)
    if as_json:
        print_json({"facts": erased.facts, "refused": erased.refused})
    else:
        typer.echo(f"erased {erased.facts} events and the bytes of {erased.refused} refused records")


@app.command("retention")
def retention(as_json: Json = False) -> None:
    """How long events are kept, and what was forgotten so far. The leading worker sees to it once a day.

    `older`: events from before the day that still count, as those by which somebody came who has not left, or that wait
    for the worker. Values stay what they are when events are forgotten.
    """
    with contextlib.closing(connect(load_settings())) as database:
        rows = [
            (each.event_type, each.kept_days, each.since, each.older, each.forgotten, each.last)
            for each in retention_of(database, SystemClock().now())
        ]
    columns = ["event_type", "kept_days", "since", "older", "forgotten", "last"]
    print_records(as_json, columns, rows, "no event is about a person")


def _checked(person: str) -> str:
    pseudonym = person.strip().lower()
    if not re.fullmatch(r"[0-9a-f]{32}", pseudonym):
        # What was given is not repeated: it may be somebody's number.
        raise typer.BadParameter("a pseudonym has 32 hexadecimal digits", param_hint="PERSON")
    return pseudonym


def _waiting(go_on: Callable[[], object]) -> Callable[[Callable[[], bool]], None]:
    def until(is_done: Callable[[], bool]) -> None:
        with Console(stderr=True).status("waiting for the indicators to be worked out anew"):
            while not is_done():
                go_on()

    return until
