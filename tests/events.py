"""Events for tests: the bytes that they travel as, and their way into the store. What they are is in `makers`."""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from decimal import Decimal
from importlib.resources import files
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import fastavro
from hypothesis import strategies as st

from schemas.areas import municipalities
from schemas.contracts import contract_of, contracts, parsed_schema
from schemas.indicators import Indicators, load_indicators
from sinks.clickhouse.database import Database
from sinks.clickhouse.fact_store import ClickHouseFactStore
from sinks.clickhouse.indicator_store import ClickHouseIndicators, Refreshed
from streams.batches import RecordBatch
from streams.frames import milliseconds
from streams.intake import Intake
from streams.writer_schemas import WriterSchemas
from tests.makers import (
    Message,
    agency_heartbeat,
    benefit_grant,
    employment,
    housing_change,
    integration_course,
    person,
    reception_capacity,
    registration,
    school_enrolment,
)

#: What does not change with the data of a test: reference areas, and the history of migrations.
_KEPT = ("areas", "municipalities", "validity", "migrations")
_SHIPPED = files("streams.indicators")
_LONGEST_MESSAGE = 1 << 16


class ContractRegistry:
    """A schema registry in memory that knows the current contracts."""

    def __init__(self) -> None:
        self.ids = {topic: number for number, topic in enumerate(contracts(), start=1)}
        self._texts = {self.ids[topic]: contract.schema_text for topic, contract in contracts().items()}

    def schema(self, schema_id: int) -> str | None:
        return self._texts.get(schema_id)

    def wire(self, message: Message) -> bytes:
        """The event in Confluent's wire format."""
        value = io.BytesIO()
        value.write(struct.pack(">xI", self.ids[message.topic]))
        fastavro.schemaless_writer(value, parsed_schema(message.topic), dict(message.event))
        return value.getvalue()


@dataclass(slots=True)
class Record:
    """A consumed record, as far as the ingest looks at it; `timestamp` in ms since 1970 UTC."""

    offset: int
    timestamp: int
    value: bytes | None
    headers: Sequence[tuple[str, bytes]] = ()


@dataclass(slots=True)
class Log:
    """Kafka in memory: each partition counts its offsets."""

    published: int = 0
    _next: dict[tuple[str, int], int] = field(default_factory=dict)

    def append(
        self, topic: str, partition: int, values: Sequence[bytes | None], published_at: datetime
    ) -> RecordBatch:
        """Publishes values (at least one) to a partition and consumes them as one batch."""
        first = self._next.get((topic, partition), 0)
        self._next[topic, partition] = first + len(values)
        self.published += len(values)
        moment = milliseconds(published_at)
        records = [Record(first + row, moment, value) for row, value in enumerate(values)]
        return RecordBatch(topic, partition, records)


@dataclass(slots=True)
class ManualClock:
    """A clock that a test sets."""

    moment: datetime = datetime(2025, 6, 1, tzinfo=UTC)

    def now(self) -> datetime:
        return self.moment


class Platform:
    """The way of an event from its bytes to the indicators' values, on a prepared database, without Kafka."""

    def __init__(self, database: Database, indicators: Indicators | None = None) -> None:
        self.database = database
        self.clock = ManualClock()
        self.log = Log()
        self.registry = ContractRegistry()
        self._intake = Intake(
            ClickHouseFactStore(database), WriterSchemas(self.registry), self.clock, _LONGEST_MESSAGE
        )
        self._indicators = ClickHouseIndicators(database, indicators or load_indicators(_SHIPPED))

    def send(self, *messages: Message) -> None:
        """Each message in a batch of its own."""
        for message in messages:
            self.take(message.topic, 0, [self.registry.wire(message)])

    def take(self, topic: str, partition: int, values: Sequence[bytes | None], times: int = 1) -> None:
        """One batch, which comes back for more `times` as after a crash before its offsets were committed."""
        batch = self.log.append(topic, partition, values, self.clock.now())
        for _ in range(times):
            self._intake.take(batch)

    def refresh(self) -> Refreshed | None:
        """An hour after the last one, until nothing is left; what the last step did."""
        self.clock.moment += timedelta(hours=1)
        done = self.refresh_step()
        while done and done.more:
            done = self.refresh_step()
        return done

    def refresh_step(self) -> Refreshed | None:
        return self._indicators.refresh(self.clock.now())


def empty(database: Database, keep: Sequence[str] = ()) -> None:
    """Takes everything but `keep`, and what a database is prepared with, out of its tables."""
    tables = database.rows(
        "SELECT name FROM system.tables WHERE database = currentDatabase() AND engine LIKE '%MergeTree'"
        " AND total_rows > 0 AND name NOT IN {kept:Array(String)}",
        kept=[*_KEPT, *keep],
    )
    for (table,) in tables:
        database.run(f"TRUNCATE TABLE {table}")


# Worlds that Hypothesis draws: a few persons around a special day.

#: The clocks go back on 27 October 2024, municipalities merge on 1 January 2025, the clocks go on on 30 March.
FIRST_DAYS = (date(2024, 10, 26), date(2024, 12, 30), date(2025, 3, 29))
#: Galmaarden and Gooik become Pajottegem; Zwijndrecht goes to another province; Brussels has none; Liège.
PLACES = ("23023", "23024", "23106", "11056", "46030", "21004", "62063")
#: In Brussels: the ends of a day, the hour that comes twice or never, and noon, so that moments coincide.
BRUSSELS = ZoneInfo("Europe/Brussels")
TIMES = (time(0), time(2, 30), time(2, 30, fold=1), time(12), time(23, 59, 59, 999_000))
MAKERS = {
    maker.__name__: maker
    for maker in (
        registration, benefit_grant, housing_change, school_enrolment, employment, integration_course,
        reception_capacity, agency_heartbeat,
    )
}  # fmt: skip
AGENCIES = ("cpas-62063", "cpas-21004", "fedasil")
FLAWS = ("unknown status", "unknown place", "cut short", "no value", "unknown schema")


@dataclass(frozen=True, slots=True)
class Sent:
    """A message as an agency sends it; one with a flaw must end in the quarantine."""

    message: Message
    flaw: str = ""


@st.composite
def moments(draw: st.DrawFn) -> list[datetime]:
    """Few, so that a person's events often coincide."""
    first = draw(st.sampled_from(FIRST_DAYS))
    days = st.integers(0, 3).map(lambda number: first + timedelta(days=number))
    local = draw(st.lists(st.tuples(days, st.sampled_from(TIMES)), min_size=5, max_size=5))
    return [datetime.combine(day, hour, BRUSSELS).astimezone(UTC) for day, hour in local]


def own_fields(event_type: str, status: str, day: date) -> st.SearchStrategy[dict[str, Any]]:
    """What an event of this type may say besides, as indicators look at it."""
    match event_type:
        case "housing_change":
            site_types = st.sampled_from(("emergency", "emergency", "private", "collective"))
            return st.fixed_dictionaries(
                {"site_type": site_types, "party_size": st.sampled_from((1, 3, None))}
            )
        case "benefit_grant" if status in ("granted", "changed"):
            return st.fixed_dictionaries({"amount": st.sampled_from((Decimal("858.97"), Decimal("1288.46")))})
        case "school_enrolment":
            programmes = st.sampled_from(("regular", "reception_class"))
            return st.fixed_dictionaries(
                {"programme": programmes, "level": st.sampled_from(("primary", "secondary"))}
            )
        case "integration_course":
            return st.fixed_dictionaries({"course": st.sampled_from(("language", "civic_orientation"))})
        case "reception_capacity":
            places = st.just(0) if status == "closed" else st.sampled_from((0, 7, 20))
            site_types = st.sampled_from(("collective", "emergency"))
            return st.fixed_dictionaries({"places": places, "site_type": site_types})
        case "agency_heartbeat":
            begins = st.sampled_from((day - timedelta(days=3), day - timedelta(days=1)))
            period = begins if status == "period_closed" else st.none()
            end = st.just(day) if status == "period_closed" else st.none()
            feeds = st.sampled_from(("benefit_grant", "registration"))
            return st.fixed_dictionaries({"feed": feeds, "period_start": period, "period_end": end})
        case _:
            return st.just({})


@st.composite
def histories(draw: st.DrawFn, moment: datetime, number: int, event_types: Sequence[str]) -> list[Sent]:
    """All that is sent about one event: revisions that change all but its person and moment, and flawed ones."""
    event_type = draw(st.sampled_from(event_types))
    day = moment.astimezone(BRUSSELS).date()
    valid = [code for code in PLACES if municipalities()[code].valid_on(day)]
    statuses = contract_of(event_type).symbols["status"]
    which = draw(st.integers(0, 2))
    who = {"reception_capacity": f"site-{which}", "agency_heartbeat": AGENCIES[which]}.get(
        event_type, person(which)
    )
    # Of two events at one moment the ids decide, whichever half of them differs.
    event_id = UUID(int=(draw(st.integers(0, 9)) << 64) + (draw(st.integers(0, 2)) << 8) + number)
    sent = []
    for revision in draw(st.lists(st.integers(0, 3), min_size=1, max_size=3, unique=True)):
        fields: dict[str, Any] = {
            "event_id": event_id,
            "revision": revision,
            "cancelled": draw(st.sampled_from((*[False] * 5, True))),
            "municipality": draw(st.sampled_from(valid)),
        }
        if contract_of(event_type).about == ("person",):
            fields["sex"] = draw(st.sampled_from(("female", "male", "unknown")))
            fields["age_group"] = draw(st.sampled_from(("a00_05", "a65_plus")))
        status = draw(st.sampled_from(statuses))
        fields |= draw(own_fields(event_type, status, day))
        sent.append(Sent(MAKERS[event_type](who, moment, status, **fields)))
    for flaw in draw(st.lists(st.sampled_from(FLAWS), max_size=1)):
        sent.append(Sent(sent[0].message.changed(revision=9, cancelled=draw(st.booleans())), flaw))
    return sent


@st.composite
def worlds(draw: st.DrawFn) -> list[Sent]:
    """Everything that agencies send about one to twelve events, in no particular order."""
    possible = draw(moments())
    # A few big worlds tell more than many small ones; a failing one still shrinks to a single event.
    events = range(draw(st.sampled_from((1, 6, 9, 12))))
    # Few types, so that events of one person meet.
    types = draw(st.lists(st.sampled_from(sorted(MAKERS)), min_size=1, max_size=4, unique=True))
    return [
        sent for number in events for sent in draw(histories(draw(st.sampled_from(possible)), number, types))
    ]


def bytes_of(sent: Sent, wire: Callable[[Message], bytes]) -> bytes | None:
    """What arrives in Kafka; `wire` encodes a message."""
    match sent.flaw:
        case "unknown status":
            return wire(sent.message.changed(status="unknown"))
        case "unknown place":
            return wire(sent.message.changed(municipality="99999"))
        case "cut short":
            return wire(sent.message)[:-3]
        case "no value":
            return None
        case "unknown schema":
            return b"\0\0\0\xff\xff" + wire(sent.message)[5:]
    return wire(sent.message)
