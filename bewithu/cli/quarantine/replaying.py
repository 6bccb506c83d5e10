"""`bewithu quarantine replay`."""

from __future__ import annotations

import contextlib
import sys
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bewithu.cli.printing import Json, print_json
from bewithu.cli.quarantine.choosing import (
    Agency,
    Everything,
    Limit,
    Places,
    Reason,
    Since,
    StateOption,
    Topic,
    Until,
    chosen,
    moment,
    operator,
    place,
    state_of,
)
from bewithu.clock import SystemClock
from bewithu.settings import load_settings
from bewithu.wiring import connect, make_replay
from schemas.quarantine import Wanted
from sinks.clickhouse.quarantine import Quarantine
from streams.registry import SchemaRegistry
from streams.replay import Replayed


def replay(
    places: Places = None,
    agency: Agency = None,
    reason: Reason = None,
    topic: Topic = None,
    since: Since = None,
    until: Until = None,
    state: StateOption = "open",
    limit: Limit = 100_000,
    everything: Everything = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Judge the records by today's contracts and change nothing.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Give refused records to the ingest again, after a contract or schema was mended. Exit 1 when some are refused."""
    named = tuple(map(place, places or ()))
    wanted = Wanted(
        None if named else state_of(state), agency, reason, topic, moment(since), moment(until), named, limit
    )
    settings = load_settings()
    with (
        contextlib.closing(connect(settings)) as database,
        contextlib.closing(SchemaRegistry(settings.registry)) as registry,
    ):
        records = chosen(Quarantine(database), wanted, everything)
        run = make_replay(settings, database, registry, SystemClock(), operator(), dry_run).run(records)
        done = list(_shown(run, len(records)))
    _tell(done, dry_run, as_json)
    if any(each.outcome != "accepted" for each in done):
        raise typer.Exit(1)


def _shown(run: Iterable[Replayed], total: int) -> Iterator[Replayed]:
    """With a bar where somebody watches."""
    if not sys.stderr.isatty():
        yield from run
        return
    columns = (TextColumn("replaying"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield from progress.track(run, total=total)


def _tell(done: Sequence[Replayed], dry_run: bool, as_json: bool) -> None:
    counts = Counter(each.outcome for each in done)
    if as_json:
        print_json(
            {
                "dry_run": dry_run,
                "accepted": counts["accepted"],
                "refused": counts["refused"],
                "unreadable": counts["unreadable"],
                "records": [
                    {"place": str(each.place), "outcome": each.outcome, "reason": each.reason, "detail": each.detail}
                    for each in done
                ],
            }
        )  # fmt: skip
        return
    reasons = Counter(each.reason for each in done if each.outcome == "refused")
    why = f" ({', '.join(f'{reason} {count}' for reason, count in reasons.most_common())})" if reasons else ""
    begin = "would be: " if dry_run else ""
    typer.echo(
        f"{begin}accepted {counts['accepted']:,}, refused again {counts['refused']:,}{why}, "
        f"unreadable {counts['unreadable']:,}, of {len(done):,}"
    )
