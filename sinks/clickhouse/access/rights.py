"""Whether this connection's user may do all that a worker does."""

from __future__ import annotations

import re
from collections.abc import Sequence
from importlib.resources import files

from sinks.clickhouse.access.statements import quoted
from sinks.clickhouse.database import Database

_RIGHT = re.compile(r"^ +(?P<right>[A-Z][A-Z, ]+ ON \S+?),?$", re.MULTILINE)


def lacking(database: Database) -> Sequence[str]:
    """What of a worker's rights the user has not, as in `SELECT, INSERT ON batches`. Anybody may ask for his own."""
    name = str(database.value("SELECT currentDatabase()"))
    text = (files("sinks.clickhouse.access") / "worker.sql").read_text("utf-8")
    wanted = [found["right"] for found in _RIGHT.finditer(text)]
    return [
        right.replace("{database}.", "")
        for right in wanted
        if not database.value(f"CHECK GRANT {right.replace('{database}', quoted(name))}")
    ]
