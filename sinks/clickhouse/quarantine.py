"""The quarantine as a workflow: what is held, since when and why, and the steps that were taken about it."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from typing import Any

from schemas.quarantine import Earlier, Held, HeldBytes, Place, Received, Span, State, Step, Wanted
from sinks.clickhouse.database import Database, statement

_STEP = ("topic", "partition", "offset", "kind", "at", "by", "why")
_ALL = "1 = 1"
_IN_RANGE = "topic = {topic:String} AND partition = {partition:Int32} AND offset BETWEEN {first:Int64} AND {last:Int64}"
_AT = (
    "(topic, partition, offset) IN (SELECT each.1, each.2, each.3 FROM (SELECT arrayJoin(arrayZip("
    "{topics:Array(String)}, {partitions:Array(Int32)}, {offsets:Array(Int64)})) AS each))"
)


class Quarantine:
    """Reads refused records and writes what became of them. Raises `Unavailable` when the store is away."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def held(self, wanted: Wanted) -> list[Held]:
        """The newest refusals first."""
        places, having, parameters = _conditions(wanted)
        return self._held(places, places if wanted.places else _ALL, having, limit=wanted.limit, **parameters)

    def earlier(self, spans: Sequence[Span]) -> list[Earlier]:
        """What became of these offsets before, in whatever state. One cheap look when all of them are new."""
        return [
            self._earlier(span, reached) if reached else Earlier()
            for span, reached in zip(spans, self._reached(spans), strict=True)
        ]

    def _reached(self, spans: Sequence[Span]) -> list[set[str]]:
        """For each span whether any of it was `received`, or `refused`, before."""
        found: list[set[str]] = [set() for _ in spans]
        for what, number in self._database.rows(
            statement("earlier_reached"),
            topics=[span.topic for span in spans],
            partitions=[span.partition for span in spans],
            firsts=[span.first for span in spans],
            lasts=[span.last for span in spans],
        ):
            found[number].add(what)
        return found

    def _earlier(self, span: Span, reached: Collection[str]) -> Earlier:
        range_: dict[str, Any] = asdict(span)
        ranges = self._database.rows(statement("earlier_received"), **range_) if "received" in reached else ()
        held = self._held(_IN_RANGE, _IN_RANGE, _ALL, limit=1 << 62, **range_) if "refused" in reached else ()
        return Earlier(held, [Received(begin, end, at.replace(tzinfo=UTC)) for begin, end, at in ranges])

    def standing(self, event_ids: Sequence[str]) -> list[Held]:
        """All open or dropped records of these events. It reads the column of every refusal."""
        if not event_ids:
            return []
        mine = "event_id IN {events:Array(UUID)}"
        return self._held(mine, _ALL, "state != 'accepted'", limit=1 << 62, events=list(event_ids))

    def bytes_at(self, places: Sequence[Place]) -> Mapping[Place, HeldBytes]:
        """What is kept of the records' bytes; a place that is not in quarantine is left out."""
        # As hexadecimal digits: bytes that are no UTF-8 would not survive every way to the store.
        rows = self._database.rows(
            f"SELECT topic, partition, offset, hex(raw), raw_altered FROM quarantine FINAL WHERE {_AT}",
            **_listed(places),
        )
        return {
            Place(topic, partition, offset): HeldBytes(bytes.fromhex(raw), bool(altered))
            for topic, partition, offset, raw, altered in rows
        }

    def steps(self, place: Place) -> list[Step]:
        """Everything that was done about a record, oldest first."""
        rows = self._database.rows(
            f"SELECT DISTINCT kind, at, by, why FROM quarantine_steps WHERE {_AT} ORDER BY at, kind",
            **_listed([place]),
        )
        return [Step(place, kind, at.replace(tzinfo=UTC), by, why) for kind, at, by, why in rows]

    def write(self, steps: Sequence[Step]) -> None:
        """Writing a step again changes nothing for a reader."""
        rows = [
            (step.place.topic, step.place.partition, step.place.offset, step.kind, step.at, step.by, step.why)
            for step in steps
        ]
        self._database.insert("quarantine_steps", _STEP, rows)

    def empty(self, which: str, now: datetime, by: str, why: str, **parameters: Any) -> int:
        """Records that meet the condition lose their bytes and are dropped: they can never be accepted. How many."""
        found = self._database.rows(statement("refused_places").replace("{which}", which), **parameters)
        if found:
            self.write([Step(Place(*row), "dropped", now, by, why) for row in found])
            self._database.run(statement("empty_refused").replace("{which}", which), **parameters)
        return len(found)

    def _held(self, places: str, steps: str, having: str, **parameters: Any) -> list[Held]:
        text = statement("quarantine_held")
        for name, condition in (("places", places), ("steps", steps), ("having", having)):
            text = text.replace(f"{{{name}}}", condition)
        return [_row(*row) for row in self._database.rows(text, **parameters)]


def _row(
    topic: str, partition: int, offset: int, agency: str, event_id: object, reason: str, field: str, detail: str,
    raw_length: int, kafka_time: datetime, known_at: datetime, state: State, changed_at: datetime, by: str, why: str,
) -> Held:  # fmt: skip
    return Held(
        place=Place(topic, partition, offset),
        agency=agency,
        event_id=str(event_id) if event_id else None,
        reason=reason,
        field=field,
        detail=detail,
        raw_length=raw_length,
        kafka_time=kafka_time.replace(tzinfo=UTC),
        known_at=known_at.replace(tzinfo=UTC),
        state=state,
        changed_at=changed_at.replace(tzinfo=UTC) if changed_at.year > 1970 else None,
        by=by,
        why=why,
    )


def _conditions(wanted: Wanted) -> tuple[str, str, dict[str, Any]]:
    """Conditions on the refusal, on its state, and their parameters."""
    asked: list[tuple[str, dict[str, Any]]] = [
        (f"{column} = {{{column}:String}}", {column: value})
        for column, value in (("agency", wanted.agency), ("reason", wanted.reason), ("topic", wanted.topic))
        if value is not None
    ]
    if wanted.since is not None:
        asked.append(("kafka_time >= {since:DateTime64(3, 'UTC')}", {"since": _moment(wanted.since)}))
    if wanted.until is not None:
        asked.append(("kafka_time < {until:DateTime64(3, 'UTC')}", {"until": _moment(wanted.until)}))
    if wanted.places:
        asked.append((_AT, _listed(wanted.places)))
    state = [("state = {state:String}", {"state": wanted.state})] if wanted.state else []
    parameters = {name: value for _, given in [*asked, *state] for name, value in given.items()}
    return _all(asked), _all(state), parameters


def _all(conditions: Sequence[tuple[str, object]]) -> str:
    return " AND ".join(text for text, _ in conditions) or _ALL


def _listed(places: Sequence[Place]) -> dict[str, Any]:
    return {
        "topics": [place.topic for place in places],
        "partitions": [place.partition for place in places],
        "offsets": [place.offset for place in places],
    }


def _moment(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%d %H:%M:%S.%f")[:-3]
