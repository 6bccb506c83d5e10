"""`bewithu quarantine list`."""

from __future__ import annotations

import contextlib
from typing import Annotated

import typer

from bewithu.cli.printing import Json, print_records
from bewithu.cli.quarantine.choosing import Agency, Reason, Since, StateOption, Topic, Until, moment, state_of
from bewithu.settings import load_settings
from bewithu.wiring import connect
from schemas.quarantine import Wanted
from sinks.clickhouse.quarantine import Quarantine


def list_(
    agency: Agency = None,
    reason: Reason = None,
    topic: Topic = None,
    since: Since = None,
    until: Until = None,
    state: StateOption = "open",
    limit: Annotated[int, typer.Option(min=1, max=10_000)] = 50,
    as_json: Json = False,
) -> None:
    """The newest refusals that are open; never their bytes."""
    wanted = Wanted(state_of(state), agency, reason, topic, moment(since), moment(until), limit=limit)
    with contextlib.closing(connect(load_settings())) as database:
        found = Quarantine(database).held(wanted)
    rows = [
        (held.place.topic, held.place.partition, held.place.offset, held.agency, held.reason, held.field,
         held.detail, held.known_at, held.state, held.why)
        for held in found
    ]  # fmt: skip
    columns = [
        "topic", "partition", "offset", "agency", "reason", "field", "detail", "known_at", "state", "why",
    ]  # fmt: skip
    empty = "the quarantine is empty" if state in ("open", "any") else f"no record is {state}"
    print_records(as_json, columns, rows, empty)
