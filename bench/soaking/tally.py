"""What was sent, in memory that does not grow: counts, and a fingerprint of the sound events of each topic.

A fingerprint is the sum of 64 bits of every different event and revision, modulo 2^64. ClickHouse gives the same sum of
what it stored; one that is missing, made up or another one changes it, and one that is there twice changes nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field
from uuid import UUID

from schemas.contracts import Contract, contracts
from sinks.clickhouse.bookkeeping import Bookkeeping, Books
from sinks.clickhouse.contract_tables import facts_table
from sinks.clickhouse.database import Database

_MODULUS = 1 << 64


@dataclass(frozen=True, slots=True)
class Sound:
    """Different events and revisions of a topic: how many, and their fingerprint."""

    count: int = 0
    fingerprint: int = 0

    def with_one(self, event_id: UUID, revision: int) -> Sound:
        return Sound(self.count + 1, (self.fingerprint + _bits(event_id, revision)) % _MODULUS)


def _bits(event_id: UUID, revision: int) -> int:
    # A product, as two events that changed their revisions would give the same sum.
    return ((event_id.int >> 64) ^ (event_id.int % _MODULUS)) * (2 * revision + 1)


@dataclass(slots=True)
class Tally:
    """Filled by one thread; read by others once that has ended, or for a figure on the way."""

    sound: dict[str, Sound] = field(default_factory=dict)
    doubles: int = 0
    refused: int = 0

    @property
    def sent(self) -> int:
        return sum(each.count for each in self.sound.values()) + self.doubles + self.refused

    def note_sound(self, topic: str, event_id: UUID, revision: int) -> None:
        self.sound[topic] = self.sound.get(topic, Sound()).with_one(event_id, revision)

    @property
    def books(self) -> Books:
        """What the store's books must say."""
        accepted = sum(each.count for each in self.sound.values())
        return Books(self.sent, accepted, self.refused, self.doubles)


def differences(store: str, tally: Tally) -> Sequence[str]:
    """What the store at this URL has otherwise than it was sent; nobody else may have an embedded one open."""
    with closing(Database.at(store)) as database:
        found, wanted = Bookkeeping(database).books(), tally.books
        broken = [] if found == wanted else [f"the books say {found}, expected {wanted}"]
        for topic, contract in contracts().items():
            stored, sent = _stored(database, contract), tally.sound.get(topic, Sound())
            if stored != sent:
                broken.append(f"the facts of {topic} are not those that were sent: {stored}, expected {sent}")
        if left := database.value(
            "SELECT count() FROM batches WHERE batch NOT IN (SELECT arrayJoin(batches) FROM refreshes)"
        ):
            broken.append(f"{left} batches were not taken into the values")
    return broken


def _stored(database: Database, contract: Contract) -> Sound:
    ((count, fingerprint),) = database.rows(f"""
        WITH reinterpretAsUInt64(reverse(substring(UUIDToNum(event_id), 1, 8))) AS high,
            reinterpretAsUInt64(reverse(substring(UUIDToNum(event_id), 9, 8))) AS low
        SELECT count(), sum(bitXor(high, low) * toUInt64(2 * revision + 1))
        FROM (SELECT DISTINCT event_id, revision FROM {facts_table(contract.event_type)})
    """)
    return Sound(int(count), int(fingerprint))
