"""Makes a database ready: migrations, reference areas, and the tables that the contracts imply."""

from __future__ import annotations

from sinks.clickhouse.areas import load_areas
from sinks.clickhouse.contract_tables import sync_contract_tables
from sinks.clickhouse.database import Database
from sinks.clickhouse.migrate import Migration, migrate


def prepare(database: Database) -> tuple[Migration, ...]:
    """Safe to repeat, also by several workers at once. Returns the migrations that were applied."""
    applied = migrate(database)
    load_areas(database)
    sync_contract_tables(database)
    return applied
