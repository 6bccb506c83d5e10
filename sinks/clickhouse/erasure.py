"""Takes a person out of everything that is stored, and leaves aggregates as if they had never been heard of.

In this order: the facts; a note of whom to look at again, as a batch would leave, so that the next refresh takes back
what the person added; the steps, which is left to the leader; marks and the bytes of refused records. Each can be done
again, so an erasure that broke off is finished by another one of the same person.
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

_WHO = "SELECT person FROM erasing WHERE erasure = {erasure:UUID}"
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

    def erase(self, person: str, now: datetime, until_done: Callable[[Callable[[], bool]], None]) -> Erased:
        """`person`: the pseudonym, 32 hexadecimal digits.

        `until_done` is given a question and returns when the answer is yes: whether the leader has done its part.
        """
        erasure = uuid.uuid4()
        self._note(erasure, person, "asked")
        facts = self._erase_facts(erasure)
        batches = self._announce(erasure, now)
        until_done(lambda: self._are_taken_in(batches))
        self._note(erasure, person, "taken back")
        until_done(lambda: self._are_steps_gone(erasure))
        self._run(statement("forget_touched").replace("{whom}", _WHO), erasure)
        refused = self._erase_refused(erasure, now)
        self._database.insert("erasures", ["at", "by", "facts", "refused"], [[now, self._by, facts, refused]])
        self._end(erasure)
        return Erased(facts, refused)

    def _note(self, erasure: uuid.UUID, person: str, phase: str) -> None:
        self._database.insert(
            "erasing", ["erasure", "person", "phase"], [[erasure, bytes.fromhex(person), phase]]
        )

    def _run(self, asked: str, erasure: uuid.UUID) -> None:
        self._database.run(asked, erasure=erasure)

    def _erase_facts(self, erasure: uuid.UUID) -> int:
        """The number of different revisions, as the books count them."""
        erased = 0
        for contract in _about_persons():
            facts = facts_table(contract.event_type)
            count = f"SELECT uniqExact(event_id, revision) FROM {facts} WHERE person IN ({_WHO})"
            erased += self._database.value(count, erasure=erasure)
            self._run(f"ALTER TABLE {facts} DELETE WHERE person IN ({_WHO}) {_AT_ONCE}", erasure)
        return erased

    def _announce(self, erasure: uuid.UUID, now: datetime) -> list[uuid.UUID]:
        """One batch for each event type: each may concern other indicators."""
        frame = secrets.randbits(63)
        self._run(
            f"INSERT INTO touched (frame, subject) SELECT DISTINCT {frame}, person FROM ({_WHO})", erasure
        )
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

    def _are_steps_gone(self, erasure: uuid.UUID) -> bool:
        gone = "SELECT count() FROM erasing WHERE erasure = {erasure:UUID} AND phase = 'gone'"
        return bool(self._database.value(gone, erasure=erasure))

    def _erase_refused(self, erasure: uuid.UUID, now: datetime) -> int:
        """Those that have the pseudonym in their bytes, or in what was said of them."""
        names = f"multiSearchAny(lower(concat(raw, detail)), (SELECT groupArray(lower(hex(person))) FROM ({_WHO})))"
        reason = "the person in it was erased"
        return Quarantine(self._database).empty(names, now, self._by, reason, erasure=erasure)

    def _end(self, erasure: uuid.UUID) -> None:
        """Its own rows go, and those of earlier ones of the same person that broke off."""
        ended = [
            each
            for (each,) in self._database.rows(
                f"SELECT DISTINCT erasure FROM erasing WHERE person IN ({_WHO})", erasure=erasure
            )
        ]
        self._database.run(
            f"ALTER TABLE erasing DELETE WHERE erasure IN {{ended:Array(UUID)}} {_AT_ONCE}", ended=ended
        )


def _about_persons() -> list[Contract]:
    return [contract for contract in contracts().values() if subject_column(contract) == "person"]
