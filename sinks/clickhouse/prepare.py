"""Makes a database ready: migrations, reference areas, and the tables that the contracts imply."""

from __future__ import annotations

from bewithu.errors import Unavailable
from sinks.clickhouse.areas import load_areas
from sinks.clickhouse.contract_tables import sync_contract_tables
from sinks.clickhouse.database import Database
from sinks.clickhouse.migrate import Migration, migrate

_ACCESS_DENIED = 497


def prepare(database: Database) -> tuple[Migration, ...]:
    """Safe to repeat, also by several workers at once. Returns the migrations that were applied.

    Where nothing is to be done it only looks: a worker's user may not define tables, and needs not where an operator's
    may. Raises `Unavailable` where that is still to be done.
    """
    try:
        applied = migrate(database)
        load_areas(database)
        sync_contract_tables(database)
    except Unavailable as error:
        if getattr(error.__cause__, "code", None) != _ACCESS_DENIED:
            raise
        what = "its user may not bring it to this version: run `bewithu migrate` as one who may, see docs/security.md"
        raise Unavailable(database.name, what) from error
    return applied
