"""A partition in memory, a worker that takes it, an operator who replays and drops, and the topic of answers."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import UUID

from bewithu.errors import BewithuError
from schemas.contracts import parsed_schema
from schemas.examples import PUBLISHED_AT, wire_value
from schemas.quarantine import Held, Place, Wanted
from schemas.rejections import key, value
from sinks.clickhouse.bookkeeping import Bookkeeping, Books
from sinks.clickhouse.database import Database
from sinks.clickhouse.fact_store import ClickHouseFactStore
from sinks.clickhouse.quarantine import Quarantine
from sinks.clickhouse.replay_store import ReplayStore
from streams.batches import RecordBatch
from streams.dropping import drop
from streams.intake import Intake
from streams.rehearsal import RehearsalStore
from streams.rejections import Rejections
from streams.replay import Replay, Replayed
from streams.writer_schemas import WriterSchemas
from tests.intake_samples import LONGEST, NOW, REGISTRATION, Clock, Record, Registry

PARTITION = 0
LATE_ID = 77
#: Its last group looks like a national number in bytes, where no letter before the digits counts, not in a text.
LOOKS_LIKE_ONE = UUID("aaaaaaaa-aaaa-4aaa-8aaa-a99010100147")


class Topic(Rejections):
    """The compacted topic of answers: the newest record told for each key, dropped where it was taken back."""

    def __init__(self, quarantine: Quarantine) -> None:
        super().__init__("", None, quarantine.standing)  # type: ignore[arg-type] # nothing is sent
        self.answers: dict[str, Held] = {}
        self.away = False

    def send(self, told: Mapping[str, Held | None]) -> None:
        if self.away:
            raise BewithuError("the broker is away")
        for mine, record in told.items():
            if record is None:
                self.answers.pop(mine, None)
            else:
                self.answers[mine] = record


class Stage:
    """Records of one topic in one partition, from offset 0 on; time goes on by a minute with every act."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self.registry = Registry()
        self.clock = Clock(PUBLISHED_AT)
        self.log: list[Record] = []
        self.quarantine = Quarantine(database)
        self.topic = Topic(self.quarantine)

    def publish(self, *values: bytes | None, agency: str = "dvz") -> list[Place]:
        first = len(self.log)
        self.log += [
            Record(first + row, NOW, value, [("agency", agency.encode())]) for row, value in enumerate(values)
        ]
        return [place(first + row) for row in range(len(values))]

    def take(self, first: int = 0, last: int | None = None) -> None:
        """As a worker that has just been started, up to `last` (included)."""
        self._tick()
        records = self.log[first : None if last is None else last + 1]
        self._intake(ClickHouseFactStore(self.database)).take(
            RecordBatch(REGISTRATION.topic, PARTITION, records)
        )

    def take_as_older_worker(self, first: int = 0, last: int | None = None) -> None:
        """By a worker that does not know the late schema, whenever it was registered."""
        known = self.registry.texts.pop(LATE_ID, None)
        self.take(first, last)
        if known is not None:
            self.registry.texts[LATE_ID] = known

    def register(self) -> None:
        """The schema that `late` events are written with."""
        self.registry.texts[LATE_ID] = json.dumps(dict(REGISTRATION.schema) | {"doc": "registered late"})

    def replay(self, *places: Place, rehearsal: bool = False) -> list[Replayed]:
        """All open records when no place is named."""
        self._tick()
        wanted = Wanted(state=None, places=places) if places else Wanted()
        store = RehearsalStore() if rehearsal else ReplayStore(self.database, "anna")
        intake = self._intake(store)
        run = Replay(intake, self.quarantine, self, self.clock, "anna", rehearsal)
        return list(run.run(self.quarantine.held(wanted)))

    def drop(self, *places: Place, why: str = "sent by mistake") -> Sequence[Held]:
        self._tick()
        records = self.quarantine.held(Wanted(state=None, places=places))
        return drop(records, self.quarantine, self.topic, "anna", why, self.clock.now())

    def values(self, places: Sequence[Place]) -> Mapping[Place, bytes | None]:
        """The `Source` of a replay."""
        return {each: self.log[each.offset].value for each in places if each.offset < len(self.log)}

    @property
    def books(self) -> Books:
        return Bookkeeping(self.database).books()

    def held(self, wanted: Place | None = None) -> Held:
        """The only record, or the one at that place, in any state."""
        (found,) = self.quarantine.held(Wanted(state=None, places=(wanted,) if wanted else ()))
        return found

    def expected_answers(self) -> dict[str, Mapping[str, Any]]:
        """For each key the newest record that is open or dropped, by the store's own rows."""
        standing = [
            held
            for held in self.quarantine.held(Wanted(state=None))
            if held.state != "accepted" and held.agency
        ]
        in_order = sorted(standing, key=lambda held: (held.kafka_time, held.place))
        return {key(held): value(held) for held in in_order}

    def told(self) -> dict[str, Mapping[str, Any]]:
        return {mine: value(held) for mine, held in self.topic.answers.items()}

    def _intake(self, store: Any) -> Intake:
        answers = None if isinstance(store, RehearsalStore) else self.topic
        return Intake(store, WriterSchemas(self.registry), self.clock, LONGEST, answers)

    def _tick(self) -> None:
        self.clock.moment += timedelta(minutes=1)


def place(offset: int) -> Place:
    return Place(REGISTRATION.topic, PARTITION, offset)


def late(event: Mapping[str, Any]) -> bytes:
    """Written with a schema that is registered only when somebody calls `Stage.register`."""
    return wire_value(parsed_schema(REGISTRATION.topic), event, LATE_ID)
