"""What an operator wants to know of the store as it stands: what waits, who was heard of, and how full it is."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from schemas.contracts import contracts
from sinks.clickhouse.bookkeeping import moment
from sinks.clickhouse.contract_tables import facts_table
from sinks.clickhouse.database import Database, statement
from sinks.clickhouse.disks import Disk, disks


@dataclass(frozen=True, slots=True)
class OpenRefusals:
    """Refused records of one agency that wait to be acted on."""

    topic: str
    agency: str
    reason: str
    records: int


@dataclass(frozen=True, slots=True)
class Arrivals:
    """`events`: in the facts, or forgotten since; what came twice may count twice until the store merged it.

    `last`: when anything of the agency last arrived, refused or not.
    """

    agency: str
    events: int
    last: datetime | None


class StoreState:
    """Every call reads a column or two of all that is stored: for every so often. Raises `Unavailable`."""

    def __init__(self, database: Database) -> None:
        self._database = database

    def open_refusals(self) -> Sequence[OpenRefusals]:
        return [OpenRefusals(*row) for row in self._database.rows(statement("open_refusals"))]

    def arrivals(self) -> Sequence[Arrivals]:
        facts = "\n    UNION ALL\n    ".join(
            f"SELECT toString(agency) AS agency, count() AS events, max(known_at) AS known"
            f" FROM {facts_table(contract.event_type)} GROUP BY agency"
            for contract in contracts().values()
        )
        rows = self._database.rows(statement("agency_arrivals").replace("{facts}", facts))
        return [Arrivals(agency, events, moment(last)) for agency, events, last in rows]

    def disks(self) -> Sequence[Disk]:
        return disks(self._database)
