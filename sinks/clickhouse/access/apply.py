"""Carries out who may do what: looks what is there, fills the statements in, and runs them one by one."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence, Set

from clickhouse_connect.driver.exceptions import DatabaseError

from bewithu.errors import SettingsError, Unavailable
from sinks.clickhouse.access.passwords import Secret
from sinks.clickhouse.access.statements import (
    PUBLISHED,
    WORKER,
    Asked,
    Given,
    area_database,
    statements,
)
from sinks.clickhouse.database import Database
from sinks.clickhouse.error_codes import is_statement

_ACCESS_DENIED = 497

_VIEWS = """
SELECT database, table, groupArray(name)
FROM system.columns
WHERE (database = {own:String} OR startsWith(database, {areas:String})) AND startsWith(table, {published:String})
GROUP BY database, table
"""
_AREAS = """
SELECT substring(name, length({areas:String}) + 1) AS code FROM system.databases WHERE startsWith(name, {areas:String})
"""
#: What is granted on everything has no database.
_ELSEWHERE = """
SELECT DISTINCT database FROM system.grants
WHERE user_name = {worker:String} AND isNotNull(database) AND database NOT IN ({own:String}, 'system')
    AND NOT is_partial_revoke
ORDER BY database
"""


def ask(
    database: Database, areas: Iterable[str], secrets: Mapping[str, Secret], beside: bool = False
) -> Asked:
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
        beside,
    )


def apply(database: Database, asked: Asked, take_over: bool = False) -> tuple[Given, ...]:
    """Each statement can be repeated: what broke off is brought to its end by another time.

    Raises `SettingsError`, before anything is begun, where the worker serves another database: only `take_over` takes
    its rights there away.
    """
    if not (asked.beside or take_over):
        _require_alone(database, asked)
    done = statements(asked)
    _require_passwords(database, asked, {given.user for given in done})
    for given in done:
        database.run(given.statement)
    return done


def _require_alone(database: Database, asked: Asked) -> None:
    others = _elsewhere(database, asked)
    if others:
        raise SettingsError(
            f"{WORKER} has rights on {', '.join(others)}, which this would take away: --beside gives those on "
            f"{asked.database} in addition and leaves readers where they are, --take-over gives them and readers to "
            f"{asked.database} alone"
        )


def _elsewhere(database: Database, asked: Asked) -> Sequence[str]:
    """Other databases that the worker has rights on; none where the engine knows of no users, or cannot be asked."""
    if database.embedded:
        return ()
    try:
        return [name for (name,) in database.rows(_ELSEWHERE, worker=WORKER, own=asked.database)]
    except DatabaseError as error:
        if is_statement(error.code):
            return ()
        raise
    except Unavailable as error:
        # Not taken for none: it would cost the serving database its worker.
        if getattr(error.__cause__, "code", None) != _ACCESS_DENIED:
            raise
        raise SettingsError(
            f"{asked.maker} may not read system.grants, and so not see whether {WORKER} has rights elsewhere: "
            "run this once as whoever may, or say --beside, or --take-over where there is no other"
        ) from error


def _require_passwords(database: Database, asked: Asked, users: Set[str]) -> None:
    """Raises `SettingsError` where a user is new and nothing says by which password."""
    there = {name for (name,) in database.rows("SELECT name FROM system.users")}
    if missing := sorted(users - {asked.maker} - there - set(asked.secrets)):
        raise SettingsError(
            f"{', '.join(missing)}: new, and without a password: put one into a file of that name and give its folder "
            "with --passwords"
        )
