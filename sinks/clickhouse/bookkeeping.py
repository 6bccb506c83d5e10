"""What was received and what became of it: published = accepted + quarantined + duplicates (law 1)."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from schemas.contracts import contracts
from schemas.quarantine import Wanted
from sinks.clickhouse.contract_tables import facts_table
from sinks.clickhouse.database import Database, statement
from sinks.clickhouse.quarantine import Quarantine


@dataclass(frozen=True, slots=True)
class Books:
    """Records received, and where they ended. `duplicates` repeat an event and revision that is in the facts.

    A record that was refused and later accepted, by a replay or when it came again, is no longer quarantined. What was
    accepted and later erased or forgotten still counts as accepted.
    """

    published: int
    accepted: int
    quarantined: int
    duplicates: int

    def while_storing(self) -> Books:
        """As a view beside the intake tells it: without what is stored of batches that are not on record yet.

        The four are read one after the other, and of a batch the facts and refusals are there before its record.
        """
        quarantined = min(self.quarantined, self.published)
        accepted = min(self.accepted, self.published - quarantined)
        return Books(self.published, accepted, quarantined, self.published - accepted - quarantined)


@dataclass(frozen=True, slots=True)
class Feed:
    """How one agency's feed does; moments are UTC, None for never."""

    agency: str
    recorded_at: datetime | None
    seen_at: datetime | None
    accepted: int
    refused: int
    refusals: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Quarantined:
    """A refused record, without its bytes."""

    topic: str
    partition: int
    offset: int
    agency: str
    reason: str
    detail: str
    known_at: datetime


class Bookkeeping:
    """Counts over facts, quarantine and batches."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def books(self) -> Books:
        """Exact, from the stored tables: it reads every fact's key, so it is for ends and audits."""
        published = received(self._database.rows(statement("received_ranges")))
        accepted = sum(
            self._database.value(
                f"SELECT uniqExact(event_id, revision) FROM {facts_table(contract.event_type)}"
            )
            for contract in contracts().values()
        )
        accepted += self._database.value("SELECT sum(facts) FROM erasures")
        accepted += self._database.value("SELECT sum(facts) FROM forgotten FINAL")
        quarantined = self._database.value(statement("quarantined_count"))
        return Books(published, accepted, quarantined, published - accepted - quarantined)

    def feeds(self) -> list[Feed]:
        """Every agency ever heard, by code."""
        refusals: dict[str, dict[str, int]] = {}
        for agency, reason, count in self._database.rows(statement("agency_refusals")):
            refusals.setdefault(agency, {})[reason] = count
        facts = "\nUNION ALL\n".join(
            f"""SELECT agency, max(recorded_at) AS recorded, max(known_at) AS known,
                uniqExact(event_id, revision) AS accepted, toUInt64(0) AS refused
            FROM {facts_table(contract.event_type)} GROUP BY agency"""
            for contract in contracts().values()
        )
        return [
            Feed(agency, moment(recorded), moment(seen), accepted, refused, refusals.get(agency, {}))
            for agency, recorded, seen, accepted, refused in self._database.rows(
                statement("agency_feeds").replace("{facts}", facts)
            )
        ]

    def last_recorded(self) -> Mapping[str, datetime]:
        """When each agency that ever had a fact recorded its newest one, UTC: a part of `feeds` that costs little."""
        facts = "\nUNION ALL\n".join(
            f"SELECT agency, max(recorded_at) AS recorded FROM {facts_table(contract.event_type)} GROUP BY agency"
            for contract in contracts().values()
        )
        rows = self._database.rows(f"SELECT agency, max(recorded) FROM ({facts}) GROUP BY agency")
        return {agency: found for agency, recorded in rows if (found := moment(recorded))}

    def quarantined(self, limit: int, agency: str | None, reason: str | None) -> list[Quarantined]:
        """Open ones, the newest refusals first."""
        found = Quarantine(self._database).held(Wanted(agency=agency, reason=reason, limit=limit))
        return [
            Quarantined(
                held.place.topic,
                held.place.partition,
                held.place.offset,
                held.agency,
                held.reason,
                held.detail,
                held.known_at,
            )
            for held in found
        ]

    def last_refresh(self) -> datetime | None:
        """When values were last brought up to date, None when never."""
        return moment(self._database.value("SELECT max(known_at) FROM refreshes"))


def received(ranges: Iterable[Sequence[object]]) -> int:
    """The number of offsets in the union of `(topic, partition, first, last)`, sorted by first within partition."""
    total = 0
    place: tuple[object, object] | None = None
    upto = -1
    for topic, partition, first, last in ranges:
        assert isinstance(first, int)
        assert isinstance(last, int)
        if (topic, partition) != place:
            place, upto = (topic, partition), -1
        total += max(0, last - max(first - 1, upto))
        upto = max(upto, last)
    return total


def moment(found: datetime | None) -> datetime | None:
    """In UTC; None for the epoch, which stands for never."""
    if found is None or found.year < 1971:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)
