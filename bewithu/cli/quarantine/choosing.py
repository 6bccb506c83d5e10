"""Options that say which refused records are meant."""

from __future__ import annotations

import getpass
from datetime import datetime
from typing import Annotated, Literal

import typer

from bewithu.clock import BRUSSELS
from schemas.quarantine import Held, Place, State, Wanted
from sinks.clickhouse.quarantine import Quarantine

_MOMENTS = ["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"]
_MANY = 1_000_000

Agency = Annotated[str | None, typer.Option(help="Of this agency only.")]
Reason = Annotated[str | None, typer.Option(help="For this reason only.")]
Topic = Annotated[str | None, typer.Option(help="On this topic only.")]
Since = Annotated[
    datetime | None, typer.Option(formats=_MOMENTS, help="Published at or after this moment in Brussels.")
]
Until = Annotated[
    datetime | None, typer.Option(formats=_MOMENTS, help="Published before this moment in Brussels.")
]
Limit = Annotated[int, typer.Option(min=1, max=_MANY, help="At most so many, the newest refusals first.")]
Places = Annotated[
    list[str] | None, typer.Argument(metavar="[TOPIC/PARTITION/OFFSET]...", help="These records only.")
]
Everything = Annotated[bool, typer.Option("--all", help="All open records, where nothing narrows them down.")]
StateOption = Annotated[
    Literal["open", "accepted", "dropped", "any"], typer.Option(help="Where the records stand.")
]


def state_of(option: str) -> State | None:
    states: dict[str, State | None] = {"open": "open", "accepted": "accepted", "dropped": "dropped"}
    return states.get(option)


def moment(given: datetime | None) -> datetime | None:
    return given.replace(tzinfo=BRUSSELS) if given else None


def place(text: str) -> Place:
    try:
        return Place.parse(text)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def chosen(quarantine: Quarantine, wanted: Wanted, everything: bool) -> list[Held]:
    """The records that are meant. Refuses to take all of them for want of a word, and places that are not there."""
    if wanted.is_everything and not everything:
        raise typer.BadParameter("name records, narrow them down (--agency, --reason, …), or give --all")
    found = quarantine.held(wanted)
    absent = set(wanted.places) - {held.place for held in found}
    if absent and len(found) < wanted.limit:
        raise typer.BadParameter(f"not in quarantine: {', '.join(map(str, sorted(absent)))}")
    return found


def operator() -> str:
    """Who gives this command, by the name that the machine knows them by."""
    try:
        return getpass.getuser()
    except (KeyError, OSError):
        return "operator"
