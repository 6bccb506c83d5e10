"""What a user or role is given, read back out of the statements by the engine's formatter."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sinks.clickhouse.access.statements import Asked, statements
from sinks.clickhouse.database import Database
from tests.access.needs import EVERYTHING, Need

_GRANT = re.compile(
    r"GRANT (?:ON CLUSTER \w+ )?(?P<rights>.*) TO (?P<to>\w+)(?P<options>( WITH \w+ OPTION)*)"
)
_RIGHT = re.compile(r"(?P<privileges>[A-Z][A-Z ,]*?) ON (?P<on>[\w.*`]+)(?:, |$)")


def granted_to(
    database: Database, who: str, asked: Asked, where: str = "bewithu", to_hand_on: bool = False
) -> list[Need]:
    """Each privilege with the table that it is on, in `where`, or as `system.…` or `*.*`.

    `to_hand_on`: only those that `who` may give to others.
    """
    found: list[Need] = []
    for given in statements(asked):
        if not re.match(r"(--.*\n)*GRANT", given.statement):
            continue
        formatted = database.value("SELECT formatQuery({asked:String})", asked=given.statement)
        granted = _GRANT.fullmatch(" ".join(formatted.split()))
        assert granted, formatted
        if granted["to"] != who or " ON " not in granted["rights"]:
            continue
        if to_hand_on and "WITH GRANT OPTION" not in granted["options"]:
            continue
        for right in _RIGHT.finditer(granted["rights"]):
            on = right["on"].replace("`", "").removeprefix(f"{where}.")
            found += [(privilege.strip(), on) for privilege in right["privileges"].split(",")]
    return found


def covers(grant: Need, need: Need) -> bool:
    (privilege, on), (needed, table) = grant, need
    if privilege not in (needed, "ALL"):
        return False
    if EVERYTHING in (on, table):
        return on == table
    # In the name of a database, too: `bewithu_area_*.*`.
    beginning, star, _ = on.partition("*")
    return table.startswith(beginning) if star else on == table


def is_granted(need: Need, grants: Iterable[Need]) -> bool:
    return any(covers(grant, need) for grant in grants)


def is_used(grant: Need, needs: Iterable[Need]) -> bool:
    return any(covers(grant, need) for need in needs)
