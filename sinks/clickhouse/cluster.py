"""Tables on a cluster: one shard, each table on every replica.

Our DDL is written for one server. On a cluster it is sent to all replicas, and what keeps rows replicates them. Without
a cluster no statement is touched. Why there are no shards: docs/scaling.md.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bewithu.settings import ClickHouse
from sinks.clickhouse.literal import text
from sinks.clickhouse.server import database_of

_HEAD = re.compile(
    r"(?P<head>(?:\s*--[^\n]*\n)*\s*"
    r"(?:CREATE (?:OR REPLACE )?(?:TABLE|VIEW|MATERIALIZED VIEW|DATABASE)(?: IF NOT EXISTS)?"
    r"|ALTER TABLE|DROP (?:TABLE|VIEW)(?: IF EXISTS)?)\s+[\w.`]+)"
)
_ENGINE = re.compile(
    r"\bENGINE = (?P<kind>\w*MergeTree)\b(?:\((?P<arguments>[^()]*)\))?(?P<rest>.*)", re.DOTALL
)
_SETTINGS = re.compile(r"\bSETTINGS\s+")
#: How many shards and replicas there are.
SHAPE = "SELECT max(shard_num), count() FROM system.clusters WHERE cluster = {cluster:String}"
#: The macros are each server's own; the identifier is the same on all replicas, as the statement is one.
_PATH, _REPLICA = "'/clickhouse/tables/{uuid}/{shard}'", "'{replica}'"
#: A block like an earlier one is news: `forgetting` and `spent_steps` are emptied and filled again. The setting of
#: inserts does not do it everywhere: since 26.2 another one, which older servers do not know, takes its place.
_NO_DEDUPLICATION = "replicated_deduplication_window = 0"


@dataclass(frozen=True, slots=True)
class Cluster:
    """`name` as in the servers' `remote_servers`; `replicas` have an insert before it counts. `database` is ours."""

    name: str
    replicas: int
    database: str

    @property
    def settings(self) -> Mapping[str, Any]:
        """Of every write: it has ended when all replicas have it, so that whichever is read next shows it."""
        return {
            "insert_quorum": self.replicas,
            "insert_quorum_parallel": 1,
            "insert_quorum_timeout": 60_000,
            "alter_sync": 2,
        }

    def everywhere(self, asked: str) -> str:
        """What servers are doing, asked of all replicas. There our database may not be the current one."""
        asked = asked.replace("currentDatabase()", text(self.database))
        return re.sub(
            r"\bsystem\.(processes|mutations)\b", rf"clusterAllReplicas({self.name}, system.\1)", asked
        )

    def ddl(self, statement: str) -> str:
        """The statement for all replicas. Raises `ValueError` for one that defines nothing."""
        head = _HEAD.match(statement)
        if head is None:
            raise ValueError(f"not a definition of a table, view or database: {statement[:60]!r}")
        rest = statement[head.end() :]
        return f"{head['head']} ON CLUSTER {self.name}{_ENGINE.sub(_replicated, rest, count=1)}"

    def trouble(self, shards: int, replicas: int) -> str:
        """Why nothing may be kept on a cluster of so many; empty where all is well."""
        if not replicas:
            return f"cluster {self.name} is not in the remote_servers of this server"
        if shards > 1:
            return f"cluster {self.name} has {shards} shards, and all is kept in one: see docs/scaling.md"
        if replicas < self.replicas:
            return (
                f"cluster {self.name}: BEWITHU_CLICKHOUSE__REPLICAS is {self.replicas}, and it has {replicas}"
            )
        return ""


def cluster_of(settings: ClickHouse) -> Cluster | None:
    """The one that is set, if any."""
    if not settings.cluster:
        return None
    return Cluster(settings.cluster, settings.replicas, database_of(settings))


def _replicated(engine: re.Match[str]) -> str:
    arguments = ", ".join([_PATH, _REPLICA, *([engine["arguments"]] if engine["arguments"] else [])])
    rest, found = _SETTINGS.subn(lambda word: f"{word[0]}{_NO_DEDUPLICATION}, ", engine["rest"], count=1)
    if not found:
        rest = f"{rest.rstrip()}\nSETTINGS {_NO_DEDUPLICATION}"
    return f"ENGINE = Replicated{engine['kind']}({arguments}){rest}"
