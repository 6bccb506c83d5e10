"""What indicators, agencies and rules are and are called, for dashboards: kept beside the values."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, dataclass, fields
from typing import Any

from sinks.clickhouse.database import Database


@dataclass(frozen=True, slots=True)
class Described:
    """An indicator, as the table `catalogue` has it."""

    indicator: str
    kind: str
    unit: str
    headline: int
    minimum_cell: int
    counts_persons: bool
    usual_delay_days: int
    publishers: Sequence[str]
    breakdowns: Sequence[str]
    first: str
    second: str
    days: int
    per: int


@dataclass(frozen=True, slots=True)
class Name:
    """In the four languages. `sort`: indicator, explanation, agency, breakdown, reason, kind or state."""

    sort: str
    id: str
    nl: str
    fr: str
    de: str
    en: str


@dataclass(frozen=True, slots=True)
class Description:
    """All that is defined. `severities`: by rule."""

    indicators: Sequence[Described]
    names: Sequence[Name]
    severities: Mapping[str, str]


def write_description(
    database: Database, description: Description, before_write: Callable[[], object] = lambda: None
) -> None:
    """What differs from what is stored, table by table: done twice, it writes nothing."""
    rules = [(rule, severity) for rule, severity in sorted(description.severities.items())]
    for table, columns, rows in (
        ("catalogue", _columns(Described), [astuple(each) for each in description.indicators]),
        ("names", _columns(Name), [astuple(each) for each in description.names]),
        ("rule_severities", ["rule", "severity"], rules),
    ):
        if rows and sorted(map(_plain, rows)) != _stored(database, table, columns):
            before_write()
            _write(database, table, columns, rows)


def _columns(kind: type[Described] | type[Name]) -> list[str]:
    return [field.name for field in fields(kind)]


def _stored(database: Database, table: str, columns: Sequence[str]) -> list[tuple[Any, ...]]:
    rows = database.rows(
        f"SELECT {', '.join(columns)} FROM {table} WHERE written_at = (SELECT max(written_at) FROM {table})"
    )
    return sorted(map(_plain, rows))


def _write(database: Database, table: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """In one block, of the server's moment: readers have the newest write alone, and never half of it."""
    now = database.value("SELECT now64(6, 'UTC')")
    database.insert(table, [*columns, "written_at"], [[*row, now] for row in rows])
    # What was before; a reader that began with it keeps its snapshot.
    database.run(f"ALTER TABLE {table} DELETE WHERE written_at < (SELECT max(written_at) FROM {table})")


def _plain(row: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(tuple(value) if isinstance(value, list | tuple) else value for value in row)
