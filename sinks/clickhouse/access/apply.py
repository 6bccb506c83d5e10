"""Carries out who may do what: looks what is there, fills the statements in, and runs them one by one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence

from bewithu.errors import SettingsError
from sinks.clickhouse.access.passwords import Secret
from sinks.clickhouse.access.statements import (
    PUBLISHED,
    Asked,
    Given,
    area_database,
    statements,
    users_of,
)
from sinks.clickhouse.database import Database

_VIEWS = """
SELECT database, table, groupArray(name)
FROM system.columns
WHERE (database = {own:String} OR startsWith(database, {areas:String})) AND startsWith(table, {published:String})
GROUP BY database, table
"""
_AREAS = """
SELECT substring(name, length({areas:String}) + 1) AS code FROM system.databases WHERE startsWith(name, {areas:String})
"""


def ask(database: Database, areas: Iterable[str], secrets: Mapping[str, Secret]) -> Asked:
    """What is to be, given areas that readers are wanted for; those that have one already are brought up, too."""
    own, maker = database.rows("SELECT currentDatabase(), currentUser()")[0]
    areas_of_own = area_database(own, "")
    there = {code for (code,) in database.rows(_AREAS, areas=areas_of_own)}
    views: dict[str, dict[str, Sequence[str]]] = defaultdict(dict)
    rows = database.rows(_VIEWS, own=own, areas=areas_of_own, published=PUBLISHED)
    for where, view, columns in rows:
        views[where][view] = columns
    published = views.pop(own, {})
    return Asked(
        own,
        published,
        sorted(there.union(areas)),
        secrets,
        {area: sorted(set(found) - set(published)) for area, found in views.items()},
        database.cluster.name if database.cluster else "",
        maker,
    )


def apply(database: Database, asked: Asked) -> tuple[Given, ...]:
    """Each statement can be repeated: what broke off is brought to its end by another time."""
    _require_passwords(database, asked)
    done = statements(asked)
    for given in done:
        database.run(given.statement)
    return done


def _require_passwords(database: Database, asked: Asked) -> None:
    """Raises `SettingsError` where a user is new and nothing says by which password."""
    there = {name for (name,) in database.rows("SELECT name FROM system.users")}
    wanted = users_of(asked.areas) - {asked.maker}
    if missing := sorted(wanted - there - set(asked.secrets)):
        raise SettingsError(
            f"{', '.join(missing)}: new, and without a password: put one into a file of that name and give its folder "
            "with --passwords"
        )
