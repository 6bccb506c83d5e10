"""Two databases of one server side by side: the one that serves, and one that was filled anew to take its place.

`serving` is the other's name. Both must hold what the same events left; what differs is listed, and what only the
serving one can have (what was told, acknowledged, silenced, decided and erased) is carried over.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final

from bewithu.errors import BewithuError
from schemas.contracts import Contract, contracts
from sinks.clickhouse.contract_tables import facts_table, subject_column
from sinks.clickhouse.database import Database
from sinks.clickhouse.erasure import Erasure
from sinks.clickhouse.literal import name
from sinks.clickhouse.stored_offsets import StoredOffsets

#: What is carried over, by the columns that tell rows apart. What was accepted is in the new facts, or is not.
_CARRIED: Final = (
    # Notes before what they are about: a transition without its notes would be told again.
    ("mail_log", "message_id, transition, coordinator, outcome, at", "1"),
    ("alert_events", "transition", "1"),
    ("acknowledgements", "rule, area, since, author, at", "1"),
    ("silences", "id, at", "1"),
    ("quarantine_steps", "topic, partition, offset, kind, at", "kind != 'accepted'"),
    ("alert_log", "id", "1"),
)


@dataclass(frozen=True, slots=True)
class Compared:
    """One count of the serving database and of this one. Of values: those that only one of them has."""

    what: str
    serving: int
    here: int
    same: bool


@dataclass(frozen=True, slots=True)
class Carried:
    """Rows carried over by table; persons erased here as they are in the serving one, and `left`: events of others
    that the serving one has taken out and that are here.
    """

    rows: dict[str, int]
    erased: int
    left: int


class Beside:
    """Raises `BewithuError` when there is no such database beside this one, and `Unavailable`."""

    def __init__(self, database: Database, serving: str) -> None:
        self._database = database
        self._other = name(serving)
        known = "SELECT count() FROM system.tables WHERE database = {other:String} AND name = 'batches'"
        if serving == database.value("SELECT currentDatabase()") or not database.value(known, other=serving):
            raise BewithuError(f"{serving} is no database of bewithu's beside the one of the settings")

    def compare(self) -> Sequence[Compared]:
        """Offsets, facts, refused records and published values."""
        return [*self._offsets(), *self._facts(), *self._refused(), *self._values()]

    def carry_over(self, by: str, now: datetime, until_done: Callable[[Callable[[], bool]], None]) -> Carried:
        """Safe to repeat. The serving workers must be stopped, a quiet worker must run here.

        Raises `BewithuError` while less is stored here than there.
        """
        behind = [each.what for each in self._offsets() if not each.same]
        if behind:
            raise BewithuError(
                f"{', '.join(behind)}: less is stored here than in {self._other}; wait, and ask again"
            )
        erased = self._gone_persons()
        for person in erased:
            Erasure(self._database, by).erase(person, now, until_done)
        rows = {table: self._carry(table, key, which) for table, key, which in _CARRIED}
        return Carried(
            rows, len(erased), self._database.value(f"SELECT count() FROM ({self._gone('event_id')})")
        )

    def _offsets(self) -> Iterator[Compared]:
        here = StoredOffsets(self._database).reached()
        rows = self._database.rows(
            f"SELECT topic, partition, max(last_offset) + 1 FROM {self._other}.batches"
            " WHERE partition >= 0 GROUP BY topic, partition ORDER BY topic, partition"
        )
        for topic, partition, behind in rows:
            mine = here.get((topic, partition), 0)
            yield Compared(f"offsets of {topic}/{partition}", behind, mine, mine >= behind)

    def _facts(self) -> Iterator[Compared]:
        for contract in contracts().values():
            table = facts_table(contract.event_type)
            asked = f"SELECT uniqExact(event_id, revision) FROM {{}}{table}"
            yield self._counted(f"facts of {contract.event_type}", asked)

    def _refused(self) -> Iterator[Compared]:
        reasons = self._database.rows(
            "SELECT DISTINCT reason FROM (SELECT reason FROM quarantine"
            f" UNION ALL SELECT reason FROM {self._other}.quarantine) ORDER BY reason"
        )
        for (reason,) in reasons:
            asked = "SELECT uniqExact(topic, partition, offset) FROM {}quarantine WHERE reason = {{reason:String}}"
            yield self._counted(f"refused as {reason}", asked, reason=reason)

    def _counted(self, what: str, asked: str, **parameters: object) -> Compared:
        serving = self._database.value(asked.format(f"{self._other}."), **parameters)
        here = self._database.value(asked.format(""), **parameters)
        return Compared(what, serving, here, serving == here)

    def _values(self) -> Iterator[Compared]:
        # Where a series begins by telling nothing, it may as well begin later: events that were corrected leave days.
        told = (
            "SELECT indicator, area, breakdown, day, ifNull(toString(value), '') AS told, suppressed, {} AS side"
            " FROM (SELECT *, row_number() OVER (PARTITION BY indicator, area, breakdown ORDER BY day) AS row"
            " FROM {}published_values) WHERE NOT (row = 1 AND (suppressed OR ifNull(value, 0) = 0))"
        )
        rows = self._database.rows(
            "SELECT indicator, countIf(sides = [0]), countIf(sides = [1]) FROM"
            " (SELECT indicator, groupUniqArray(side) AS sides FROM"
            f" ({told.format(0, f'{self._other}.')} UNION ALL {told.format(1, '')})"
            " GROUP BY indicator, area, breakdown, day, told, suppressed HAVING length(sides) = 1)"
            " GROUP BY indicator ORDER BY indicator"
        )
        for indicator, only_serving, only_here in rows:
            yield Compared(f"values of {indicator}", only_serving, only_here, False)

    def _carry(self, table: str, key: str, which: str) -> int:
        columns = ", ".join(
            column
            for (column,) in self._database.rows(
                "SELECT name FROM system.columns WHERE database = {other:String} AND table = {table:String}"
                " ORDER BY position",
                other=self._other,
                table=table,
            )
        )
        lacking = f"FROM {self._other}.{table} WHERE {which} AND ({key}) NOT IN (SELECT {key} FROM {table})"
        count = int(self._database.value(f"SELECT count() {lacking}"))
        self._database.run(f"INSERT INTO {table} ({columns}) SELECT {columns} {lacking}")
        return count

    def _gone_persons(self) -> list[str]:
        """Of whom the serving database has nothing any more."""
        there = " UNION ALL ".join(
            f"SELECT person FROM {self._other}.{facts_table(each.event_type)}" for each in _about_persons()
        )
        rows = self._database.rows(
            f"SELECT DISTINCT lower(hex(person)) FROM ({self._gone('person')}) WHERE person NOT IN ({there})"
        )
        return [person for (person,) in rows]

    def _gone(self, column: str) -> str:
        """Events of persons that are here, and neither stored nor refused there: they were erased or forgotten."""
        refused = f"SELECT assumeNotNull(event_id) FROM {self._other}.quarantine WHERE event_id IS NOT NULL"
        return " UNION ALL ".join(
            f"SELECT {column} FROM {table} WHERE event_id NOT IN (SELECT event_id FROM {self._other}.{table})"
            f" AND event_id NOT IN ({refused})"
            for table in (facts_table(each.event_type) for each in _about_persons())
        )


def _about_persons() -> list[Contract]:
    return [contract for contract in contracts().values() if subject_column(contract) == "person"]
