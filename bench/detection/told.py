"""What simulated agencies said, as columns: one frame for each event type."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Any, Final

import polars as pl

from bewithu.simulator import Publication
from schemas.contracts import contract_of, contracts
from schemas.indicators import Counted, Stock, Sum, selections

#: By event type, one row for each message: `ENVELOPE` and the fields that indicators look at.
Told = Mapping[str, pl.DataFrame]
_TIME: Final = pl.Datetime("ms", "UTC")
ENVELOPE: Final = pl.Schema(
    {
        "subject": pl.String(),
        "household": pl.String(),
        "event_id": pl.String(),
        "revision": pl.Int32(),
        "cancelled": pl.Boolean(),
        "agency": pl.String(),
        "municipality": pl.String(),
        "occurred_at": _TIME,
        "published_at": _TIME,
    }
)
_ROWS_AT_ONCE: Final = 50_000


@dataclass(frozen=True, slots=True)
class Looked:
    """What indicators look at in one event type: its fields besides the envelope, and the statuses that matter."""

    event: str
    fields: Mapping[str, pl.DataType]
    statuses: Collection[str]
    numbers: Sequence[str]


def looked_at(indicators: Iterable[Counted]) -> Mapping[str, Looked]:
    """By event type. Agencies of the simulator never correct a status, so others need not be kept."""
    fields: dict[str, set[str]] = {}
    statuses: dict[str, set[str]] = {}
    for indicator in indicators:
        for selection in selections(indicator):
            fields.setdefault(selection.event, {"status"}).update(selection.filter)
            every = contract_of(selection.event).symbols["status"]
            statuses.setdefault(selection.event, set()).update(selection.filter.get("status", every))
            if isinstance(indicator, Sum | Stock) and indicator.field:
                fields[selection.event].add(indicator.field)
    for event in fields:
        if event == "agency_heartbeat":
            fields[event].add("feed")
        if event in ("housing_change", "reception_capacity"):
            fields[event].add("site")
    return {
        event: Looked(event, _typed(event, names), statuses[event], _numbers(event, names))
        for event, names in fields.items()
    }


def collect(publications: Iterable[Publication], looked: Mapping[str, Looked]) -> Told:
    """All messages of these event types and statuses. Those that are damaged never arrive: leave them out of a plan."""
    by_topic = {contract.topic: contract.event_type for contract in contracts().values()}
    about = {event: contract_of(event).about for event in looked}
    chunks: dict[str, list[pl.DataFrame]] = {
        event: [pl.DataFrame(schema={**ENVELOPE, **each.fields})] for event, each in looked.items()
    }

    def rows() -> Iterator[tuple[str, tuple[Any, ...]]]:
        for publication in publications:
            event = by_topic[publication.topic]
            if event in looked and publication.event["status"] in looked[event].statuses:
                yield event, _row(publication, about[event], looked[event])

    source = rows()
    while batch := list(islice(source, _ROWS_AT_ONCE)):
        for event, each in looked.items():
            found = [row for of, row in batch if of == event]
            chunks[event].append(
                pl.DataFrame(found, schema={**ENVELOPE, **each.fields}, orient="row", strict=False)
            )
    return {event: pl.concat(frames) for event, frames in chunks.items()}


def _row(publication: Publication, about: Sequence[str], looked: Looked) -> tuple[Any, ...]:
    event = publication.event
    return (
        "/".join(event[field] for field in about),
        event["household"],
        event["event_id"],
        event["revision"],
        event["cancelled"],
        event["agency"],
        event["municipality"],
        event["occurred_at"],
        publication.published_at,
        *(event[field] for field in looked.fields),
    )


def _typed(event: str, names: Iterable[str]) -> Mapping[str, pl.DataType]:
    numbers = _numbers(event, names)
    return {name: pl.Int64() if name in numbers else pl.String() for name in sorted(names)}


def _numbers(event: str, names: Iterable[str]) -> Sequence[str]:
    kinds = {field.name: field.avro_type for field in contract_of(event).fields}
    return [name for name in sorted(names) if kinds[name] in ("int", "long")]
