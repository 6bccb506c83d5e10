"""Another release of bewithu in this process: its contracts instead of ours, and its tables beside ours."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any

import pytest

from schemas import contracts as module
from schemas.contracts import Contract, fields_of
from sinks.clickhouse.contract_tables import facts_table, landing_table, sync_contract_tables
from sinks.clickhouse.database import Database

_REMEMBERED = (
    module.contracts,
    module.contract_of,
    module.agency_pattern,
    module.parsed_schema,
    landing_table,
)


def evolved(contract: Contract, schema: Mapping[str, Any]) -> Contract:
    """The contract with another schema; rules follow a field that is renamed by an alias."""
    renamed = {alias: each["name"] for each in schema["fields"] for alias in each.get("aliases", ())}
    rules = tuple(
        rule.model_copy(update={"field": renamed.get(rule.field, rule.field)}) for rule in contract.rules
    )
    return dataclasses.replace(contract, schema=schema, fields=fields_of(schema), rules=rules)


@contextmanager
def release(contract: Contract) -> Iterator[None]:
    """Within it, `contract` is the one of its event type."""
    ours = {(each.event_type, each.major): each for each in module.contracts().values()}
    _run_with(ours | {(contract.event_type, contract.major): contract})
    try:
        yield
    finally:
        _run_with(ours)


@contextmanager
def upgraded(database: Database, contract: Contract) -> Iterator[None]:
    """As `release`, migrated to; at the end its tables and columns are gone again."""
    facts = facts_table(contract.event_type)
    tables, columns = _tables(database), _columns(database, facts)
    try:
        with release(contract):
            sync_contract_tables(database)
            yield
    finally:
        # Views first: they read from the tables.
        for table in sorted(_tables(database) - tables, key=len, reverse=True):
            database.run(f"DROP TABLE {table}")
        for column in reversed(_columns(database, facts)):
            if column not in columns:
                database.run(f"ALTER TABLE {facts} DROP COLUMN {column}")


def _run_with(there: Mapping[tuple[str, int], Contract]) -> None:
    """Has everybody find just these objects: some tests tell contracts apart by identity."""
    for function in _REMEMBERED:
        function.cache_clear()
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(module, "_load", lambda event_type, major: there[event_type, major])
        assert len(module.contracts()) == len(there)


def _tables(database: Database) -> set[str]:
    return {table for (table,) in database.rows("SHOW TABLES")}


def _columns(database: Database, table: str) -> list[str]:
    return [column for column, *_ in database.rows(f"DESCRIBE TABLE {table}")]
