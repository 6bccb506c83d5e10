"""`bewithu quarantine show`."""

from __future__ import annotations

import contextlib
import struct
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Annotated, Any

import typer

from bewithu.cli.printing import Json, print_json, print_table
from bewithu.cli.quarantine.choosing import place as read_place
from bewithu.errors import Unavailable
from bewithu.settings import Settings, load_settings
from bewithu.wiring import connect
from schemas.contracts import contracts
from schemas.national_number import mask
from schemas.quarantine import Held, HeldBytes, Step, Wanted
from sinks.clickhouse.quarantine import Quarantine
from streams.decoding import Damage, decode
from streams.registry import SchemaRegistry
from streams.writer_schemas import Unfit, WriterSchemas

#: A table shows so many bytes; `--json` shows all that is kept.
_SHOWN_BYTES = 256


@dataclass(frozen=True, slots=True)
class _Event:
    """A record's fields, masked; or why there are none."""

    fields: Mapping[str, str | None] | None
    trouble: str


def show(
    place: Annotated[str, typer.Argument(metavar="TOPIC/PARTITION/OFFSET")], as_json: Json = False
) -> None:
    """Everything about one refused record: why, its event, its bytes, what was done about it. All masked."""
    settings = load_settings()
    wanted = read_place(place)
    with contextlib.closing(connect(settings)) as database:
        quarantine = Quarantine(database)
        found = quarantine.held(Wanted(state=None, places=(wanted,)))
        if not found:
            typer.echo(f"{wanted} is not in quarantine", err=True)
            raise typer.Exit(1)
        steps = quarantine.steps(wanted)
        kept = quarantine.bytes_at([wanted])[wanted]
    (held,) = found
    event = _event(settings, held, kept)
    if as_json:
        print_json(_document(held, kept, event, steps))
    else:
        _print(held, kept, event, steps)


def _event(settings: Settings, held: Held, kept: HeldBytes) -> _Event:
    raw = kept.raw
    if held.place.topic not in contracts():
        return _Event(None, "this version has no contract for its topic")
    if len(raw) < held.raw_length:
        return _Event(None, "too long to be kept whole")
    if len(raw) < 6 or raw[0] != 0:
        return _Event(None, "does not begin with a schema id")
    try:
        with contextlib.closing(SchemaRegistry(settings.registry)) as registry:
            writer = WriterSchemas(registry).find(held.place.topic, struct.unpack(">xI", raw[:5])[0])
    except Unavailable as error:
        return _Event(None, str(error))
    if isinstance(writer, Unfit):
        return _Event(None, writer.detail)
    decoded = decode(raw, writer)
    if isinstance(decoded, Damage):
        return _Event(None, decoded.detail)
    return _Event({name: _masked(value) for name, value in decoded.items()}, "")


def _masked(value: object) -> str | None:
    return None if value is None else mask(str(value))


def _document(held: Held, kept: HeldBytes, event: _Event, steps: list[Step]) -> dict[str, Any]:
    return {
        **_facts(held),
        "event": event.fields,
        "event_trouble": event.trouble or None,
        "raw_length": held.raw_length,
        "raw_altered": kept.altered,
        "raw": kept.raw.hex(),
        "history": [{"at": step.at, "kind": step.kind, "by": step.by, "why": step.why} for step in steps],
    }


def _facts(held: Held) -> dict[str, Any]:
    return {
        "place": str(held.place),
        "state": held.state,
        "agency": held.agency,
        "event_id": held.event_id,
        "reason": held.reason,
        "field": held.field,
        "detail": held.detail,
        "kafka_time": held.kafka_time,
        "known_at": held.known_at,
        "changed_at": held.changed_at,
        "by": held.by,
        "why": held.why,
    }


def _print(held: Held, kept: HeldBytes, event: _Event, steps: list[Step]) -> None:
    rows: list[tuple[str, object]] = [
        (name, value) for name, value in _facts(held).items() if value not in ("", None)
    ]
    rows += [(f"event.{name}", value) for name, value in (event.fields or {}).items()]
    if event.trouble:
        rows.append(("event", f"not readable: {event.trouble}"))
    more = len(kept.raw) - _SHOWN_BYTES
    shown = kept.raw[:_SHOWN_BYTES].hex(" ") + (f" … and {more} bytes more, see --json" if more > 0 else "")
    rows.append(("raw", f"{held.raw_length} bytes{', masked or cut' if kept.altered else ''}: {shown}"))
    print_table(["what", "value"], rows, "")
    typer.echo("")
    print_table(
        ["at", "what happened", "by", "why"],
        [(step.at, step.kind, step.by, step.why) for step in steps],
        "nothing was done about it yet",
    )
