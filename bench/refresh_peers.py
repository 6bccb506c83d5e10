"""What a user of ClickHouse would do first: ask the facts by plain SQL, or sum them in a view as they come in."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from typing import Any

from schemas.contracts import contract_of
from schemas.indicators import Flow, Stock
from sinks.clickhouse.contract_tables import facts_table, subject_column
from sinks.clickhouse.database import Database
from sinks.clickhouse.literal import day as day_literal
from sinks.clickhouse.literal import name, texts

_CERTIFIED = {"status": ("certified",)}
_DAY = "toDate32(toTimeZone(occurred_at, 'Europe/Brussels'))"


def today_statement(found: Flow | Stock, today: date) -> str:
    """One day's values by municipality and the indicator's dimensions; every window is taken for seven days."""
    cells = ", ".join(["municipality", *map(name, found.dimensions)])
    latest = _latest(found.event)
    if isinstance(found, Flow):
        return f"""SELECT {cells}, count() FROM ({latest})
WHERE {_matches(found.filter)} AND {_DAY} BETWEEN {day_literal(today)} - 6 AND {day_literal(today)}
GROUP BY {cells}"""
    return f"""SELECT {cells}, count()
FROM
(
    SELECT * FROM ({latest})
    WHERE (({_matches(found.enter)}) OR ({_matches(found.leave)})) AND {_DAY} <= {day_literal(today)}
    ORDER BY occurred_at DESC LIMIT 1 BY {subject_column(contract_of(found.event))}
)
WHERE {_matches(found.enter)}
GROUP BY {cells}"""


def wrong_view(database: Database, arrive: Callable[[], object]) -> Mapping[str, Any]:
    """An incremental view of certificates by day and municipality; `arrive` stores new facts, twice the same ones.

    A refreshable view would give the right counts, at the price of plain SQL each time.
    """
    daily = f"SELECT {_DAY} AS day, municipality, toInt64(count()) AS n"
    facts = facts_table("registration")
    database.run(
        "CREATE TABLE counted (day Date32, municipality String, n Int64)"
        " ENGINE = SummingMergeTree ORDER BY (day, municipality)"
    )
    truth = f"{daily} FROM ({_latest('registration')}) WHERE {_matches(_CERTIFIED)} GROUP BY ALL"
    database.run(f"INSERT INTO counted {truth}")
    database.run(
        f"CREATE MATERIALIZED VIEW counting TO counted AS {daily} FROM {facts}"
        f" WHERE {_matches(_CERTIFIED)} GROUP BY day, municipality"
    )
    started = time.monotonic()
    arrive()
    seconds = time.monotonic() - started
    arrive()
    different, cells = database.rows(
        "SELECT countIf(told != n), count()"
        " FROM (SELECT day, municipality, sum(n) AS told FROM counted GROUP BY ALL) AS view"
        f" FULL JOIN ({truth}) AS facts USING (day, municipality)"
    )[0]
    return {
        "view_seconds": round(seconds, 3),
        "view_wrong": f"{different:,} of {cells:,} days and municipalities wrong after a file that was sent twice",
    }


def _latest(event: str) -> str:
    subject = subject_column(contract_of(event))
    return f"""SELECT * FROM
(
    SELECT * FROM {facts_table(event)} ORDER BY {subject}, event_id, revision DESC, version DESC
    LIMIT 1 BY {subject}, event_id
)
WHERE NOT cancelled"""


def _matches(fields: Mapping[str, Sequence[str]]) -> str:
    return " AND ".join(f"{name(field)} IN {texts(values)}" for field, values in fields.items())
