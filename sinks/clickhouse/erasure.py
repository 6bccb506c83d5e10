"""Takes a person out of everything that is stored, and leaves aggregates as if they had never been heard of.

In this order: the facts; a note of whom to look at again, as a batch would leave, so that the next refresh takes back
what the person added; then steps, notes and the bytes of refused records. Each step can be done again, so an erasure
that broke off is finished by another one of the same person.
"""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from schemas.contracts import Contract, contracts
from sinks.clickhouse.contract_tables import facts_table, subject_column
from sinks.clickhouse.database import Database, statement
from sinks.clickhouse.quarantine import Quarantine

_WHO = "(SELECT person FROM erasing)"
_AT_ONCE = "SETTINGS mutations_sync = 2"
#: No partition of Kafka: such a batch brought no records.
_NO_PARTITION = -1
_BATCH = (
    "batch", "frames", "topic", "partition", "first_offset", "last_offset", "records", "refused", "known_at",
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Erased:
    """How many events of the person were stored, and how many records that named them were in quarantine."""

    facts: int
    refused: int


class Erasure:
    """Of one person at a time. `by` is who asks for it, for the logs."""

    def __init__(self, database: Database, by: str) -> None:
        self._database = database
        self._by = by

    def erase(
        self, person: str, now: datetime, until_refreshed: Callable[[Callable[[], bool]], None]
    ) -> Erased:
        """`person`: the pseudonym, 32 hexadecimal digits.

        `until_refreshed` is given a question and returns when the answer is yes: whether the leader has taken back what
        the person added to indicators.
        """
        self._database.insert("erasing", ["person"], [[bytes.fromhex(person)]])
        facts = self._erase_facts()
        batches = self._announce(now)
        until_refreshed(lambda: self._are_taken_in(batches))
        self._database.run(statement("erase_steps"))
        self._database.run(statement("forget_touched").replace("{whom}", "SELECT person FROM erasing"))
        refused = self._erase_refused(now)
        self._database.insert("erasures", ["at", "by", "facts", "refused"], [[now, self._by, facts, refused]])
        self._database.run(f"ALTER TABLE erasing DELETE WHERE 1 = 1 {_AT_ONCE}")
        return Erased(facts, refused)

    def _erase_facts(self) -> int:
        """The number of different revisions, as the books count them."""
        erased = 0
        for contract in _about_persons():
            facts = facts_table(contract.event_type)
            erased += self._database.value(
                f"SELECT uniqExact(event_id, revision) FROM {facts} WHERE person IN {_WHO}"
            )
            self._database.run(f"ALTER TABLE {facts} DELETE WHERE person IN {_WHO} {_AT_ONCE}")
        return erased

    def _announce(self, now: datetime) -> list[uuid.UUID]:
        """One batch for each event type: each may concern other indicators."""
        frame = secrets.randbits(63)
        self._database.run(f"INSERT INTO touched (frame, subject) SELECT {frame}, person FROM erasing")
        topics = [contract.topic for contract in _about_persons()]
        batches = [(uuid.uuid4(), topic) for topic in topics]
        self._database.insert(
            "batches",
            _BATCH,
            [[batch, [frame], topic, _NO_PARTITION, 0, -1, 0, 0, now] for batch, topic in batches],
        )
        return [batch for batch, _ in batches]

    def _are_taken_in(self, batches: list[uuid.UUID]) -> bool:
        taken = "SELECT uniqExact(each) FROM (SELECT arrayJoin(batches) AS each FROM refreshes)"
        found = self._database.value(f"{taken} WHERE each IN {{batches:Array(UUID)}}", batches=batches)
        return bool(found == len(batches))

    def _erase_refused(self, now: datetime) -> int:
        """Those that have the pseudonym in their bytes, or in what was said of them."""
        names = (
            "multiSearchAny(lower(concat(raw, detail)), (SELECT groupArray(lower(hex(person))) FROM erasing))"
        )
        return Quarantine(self._database).empty(names, now, self._by, "the person in it was erased")


def _about_persons() -> list[Contract]:
    return [contract for contract in contracts().values() if subject_column(contract) == "person"]
