"""Commands that publish: the simulator, and an agency's own events from a file."""

from __future__ import annotations

import contextlib
import json
import sys
import threading
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bewithu import simulator
from bewithu.cli.printing import Json, print_json, print_records
from bewithu.clock import ReplayClock
from bewithu.errors import DefinitionError, Problem
from bewithu.settings import load_settings
from schemas.contracts import Contract, contract_of
from schemas.json_events import event_from_json
from schemas.national_number import mask
from streams.publisher import Publisher
from streams.registry import SchemaRegistry

# Typer parses days as naive moments; only their dates are used.
_DAY_ONE = datetime(2022, 3, 1)  # noqa: DTZ001
_LAST_DAY = datetime(2024, 12, 31)  # noqa: DTZ001


def simulate(
    seed: Annotated[int, typer.Option(help="The same seed gives the same events.")] = 1,
    since: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First day.")] = _DAY_ONE,
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Last day.")] = _LAST_DAY,
    scale: Annotated[
        float, typer.Option(min=0.0001, max=1, help="1 is every certificate of Belgium.")
    ] = 0.05,
    days_per_second: Annotated[float, typer.Option(min=0, help="0 publishes as fast as possible.")] = 0,
    as_json: Json = False,
) -> None:
    """Publish synthetic agencies' events, Belgium from March 2022 on. All persons are invented."""
    settings = load_settings()
    plan = _plan(seed, since.date(), until.date(), scale)
    clock = ReplayClock.starting_now(plan.starts_at, days_per_second * 86_400) if days_per_second else None
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with (
        contextlib.closing(SchemaRegistry(settings.registry)) as registry,
        Progress(*columns, console=Console(stderr=True)) as bar,
    ):
        publisher = Publisher(settings.kafka, registry)
        task = bar.add_task("publishing", total=(plan.until - plan.since).days + 1)

        def show(progress: simulator.Progress) -> None:
            if progress.last_published_at:
                day = (progress.last_published_at - plan.starts_at).days
                bar.update(task, completed=day, description=f"published {progress.published:,}")

        done = simulator.run(simulator.simulate(plan), publisher, clock, threading.Event(), show)
    if as_json:
        print_json({"published": done.published, "delivered": done.delivered, "by_topic": done.by_topic})
    else:
        typer.echo(f"published {done.published:,} events, all delivered")


def publish(
    event_type: Annotated[str, typer.Argument(help="the event type, for example registration")],
    file: Annotated[Path, typer.Argument(help="JSON lines, one event each; - for standard input")],
    check: Annotated[bool, typer.Option("--check", help="Check the events and send nothing.")] = False,
    as_json: Json = False,
) -> None:
    """Check an agency's events against their contract and send them, all or none."""
    contract = _contract(event_type)
    now = datetime.now(UTC)
    events: list[dict[str, Any]] = []
    refused: list[tuple[int, str, str, str]] = []
    for number, line in _lines(file):
        try:
            event = _event(contract, line)
        except ValueError as error:
            detail = f"{mask(str(error))}; see schemas/examples/{contract.name}"
            refused.append((number, "", "no_event", detail))
            continue
        events.append(event)
        broken = contract.check(event, now)
        refused += [(number, violation.field, violation.reason, str(violation)) for violation in broken]
    if refused or check:
        well = f"{len(events)} events are well"
        print_records(as_json, ["line", "field", "reason", "detail"], refused, well)
        raise typer.Exit(1 if refused else 0)
    settings = load_settings()
    with contextlib.closing(SchemaRegistry(settings.registry)) as registry:
        publisher = Publisher(settings.kafka, registry)
        for event in events:
            publisher.publish(contract.topic, event, now)
        publisher.flush(60)
    if as_json:
        print_json({"sent": publisher.delivered, "topic": contract.topic})
    else:
        typer.echo(f"sent {publisher.delivered} events to {contract.topic}, all delivered")


def _plan(seed: int, since: date, until: date, scale: float) -> simulator.Plan:
    try:
        # A broker refuses messages of 5 MB unless it is told otherwise.
        damages = tuple(damage for damage in simulator.Damage if damage is not simulator.Damage.HUGE)
        return simulator.Plan(seed=seed, since=since, until=until, scale=scale, damages=damages)
    except ValueError as error:
        raise typer.BadParameter(str(error)) from error


def _contract(event_type: str) -> Contract:
    try:
        return contract_of(event_type)
    except LookupError as error:
        raise typer.BadParameter(str(error)) from error


def _lines(file: Path) -> list[tuple[int, str]]:
    try:
        text = sys.stdin.read() if str(file) == "-" else file.read_text("utf-8")
    except OSError as error:
        raise DefinitionError([Problem(str(file), 0, "", f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise DefinitionError([Problem(str(file), 0, "", "is not UTF-8 text")]) from error
    return [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]


def _event(contract: Contract, line: str) -> dict[str, Any]:
    """Raises `ValueError` that says what is wrong with the line."""
    document = json.loads(line)
    if not isinstance(document, dict):
        raise ValueError(f"is {line.strip()[:40]}, expected a JSON object with the fields of {contract.name}")
    return event_from_json(contract, document)
