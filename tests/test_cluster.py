"""On a cluster each definition goes to all replicas, and what keeps rows is replicated. Without one nothing changes."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from bewithu.errors import MigrationError, SettingsError
from bewithu.settings import ClickHouse, load_settings
from schemas.areas import municipalities
from sinks.clickhouse import areas, contract_tables, migrate
from sinks.clickhouse.cluster import Cluster
from sinks.clickhouse.database import Database, statement
from sinks.clickhouse.stated_settings import INSERT_SETTINGS

CLUSTER = Cluster("one_shard", 3, "bewithu")
REPLICATED = r"ENGINE = Replicated{kind}\('/clickhouse/tables/\{{uuid\}}/\{{shard\}}', '\{{replica\}}'"


class New:
    """A server on which nothing is yet; it takes whatever it is told."""

    def __init__(self, cluster: Cluster | None) -> None:
        self.cluster, self.embedded, self.name = cluster, False, "a server"
        self.told: list[str] = []

    def rows(self, asked: str, **_: Any) -> Sequence[Sequence[Any]]:
        return [(1, 3)] if "system.clusters" in asked else []

    def value(self, asked: str, **_: Any) -> int:
        return 0

    def run(self, asked: str, **_: Any) -> None:
        self.told.append(asked)

    def insert(self, *_: Any) -> None:
        pass

    define = Database.define


def definitions(cluster: Cluster | None) -> list[str]:
    """All that a new database is made by."""
    database: Any = New(cluster)
    migrate.migrate(database)
    areas.load_areas(database)
    contract_tables.sync_contract_tables(database)
    told: list[str] = database.told
    return told


def without(made: str) -> str:
    """What the statement was before it was for a cluster."""
    made = re.sub(r" ON CLUSTER one_shard", "", made)
    made = made.replace("SETTINGS replicated_deduplication_window = 0, ", "SETTINGS ")
    made = made.removesuffix("\nSETTINGS replicated_deduplication_window = 0")
    made = re.sub(
        r"Replicated(\w+)\('/clickhouse/tables/\{uuid\}/\{shard\}', '\{replica\}'(?:, )?", r"\1(", made
    )
    return made.replace("MergeTree()", "MergeTree")


def formatted(database: Database, asked: str) -> str:
    text: str = database.value("SELECT formatQuery({asked:String})", asked=asked)
    return text


def test_without_a_cluster_each_statement_is_what_it_always_was() -> None:
    told = definitions(None)
    assert told[0] == migrate._LOG
    files = [each for migration in migrate.migrations() for each in migration.statements]
    assert [each for each in told if each in files] == files
    assert not any("CLUSTER" in each or "Replicated" in each for each in told)


def test_on_a_cluster_each_is_the_same_but_for_where_it_goes_and_what_is_replicated() -> None:
    plain, replicated = definitions(None), definitions(CLUSTER)
    made = [each for each in replicated if "OR REPLACE TABLE validity" not in each]
    assert len(made) == len(plain) > 60
    for before, after in zip(plain, made, strict=True):
        if "CREATE TABLE migrating" in before:
            continue
        assert without(after) == before.rstrip(), after


def test_each_definition_goes_to_all_replicas_and_the_engine_takes_it(prepared_database: Database) -> None:
    for made in definitions(CLUSTER):
        text = formatted(prepared_database, made)
        assert text.count("ON CLUSTER one_shard") == 1, made


def test_every_table_that_keeps_rows_is_replicated_and_takes_equal_blocks_twice() -> None:
    kept = [each for each in definitions(CLUSTER) if re.search(r"ENGINE = \w*MergeTree", each)]
    assert len(kept) > 30
    for made in kept:
        assert re.search(REPLICATED.format(kind=r"(Replacing|Aggregating)?MergeTree"), made), made
        assert made.count("replicated_deduplication_window = 0") == 1
    engines = {re.search(r"ENGINE = (\w+)", each)[1] for each in definitions(CLUSTER) if "ENGINE = " in each}  # type: ignore[index]
    # In memory, and the same on all: `validity` is filled where it is made, landing tables keep nothing.
    assert engines - {"Join", "Null", "Memory"} == {
        "ReplicatedMergeTree", "ReplicatedReplacingMergeTree", "ReplicatedAggregatingMergeTree",
    }  # fmt: skip


@pytest.mark.parametrize(
    ("engine", "expected"),
    [
        ("MergeTree ORDER BY a", "MergeTree({where}) ORDER BY a\nSETTINGS {none}"),
        (
            "ReplacingMergeTree(version) ORDER BY a",
            "ReplacingMergeTree({where}, version) ORDER BY a\nSETTINGS {none}",
        ),
        (
            "MergeTree ORDER BY a TTL b + INTERVAL 7 DAY",
            "MergeTree({where}) ORDER BY a TTL b + INTERVAL 7 DAY\nSETTINGS {none}",
        ),
        ("MergeTree ORDER BY a SETTINGS x = 1", "MergeTree({where}) ORDER BY a SETTINGS {none}, x = 1"),
    ],
)
def test_arguments_and_settings_of_engines_stay(engine: str, expected: str) -> None:
    where, none = "'/clickhouse/tables/{uuid}/{shard}', '{replica}'", "replicated_deduplication_window = 0"
    made = CLUSTER.ddl(f"CREATE TABLE IF NOT EXISTS t (a UInt8) ENGINE = {engine}")
    wanted = expected.replace("{where}", where).replace("{none}", none)
    assert made == f"CREATE TABLE IF NOT EXISTS t ON CLUSTER one_shard (a UInt8) ENGINE = Replicated{wanted}"


def test_what_defines_nothing_is_refused() -> None:
    for asked in ("INSERT INTO t SELECT 1", "TRUNCATE TABLE t", "SELECT 1", "RENAME TABLE a TO b"):
        with pytest.raises(ValueError, match="not a definition"):
            CLUSTER.ddl(asked)


def test_each_replica_makes_the_days_of_validity_itself(prepared_database: Database) -> None:
    """Run for one server it gives the very rows that are inserted there."""
    (made,) = [each for each in definitions(CLUSTER) if "OR REPLACE TABLE validity" in each]
    alone = made.replace(" ON CLUSTER one_shard", "").replace("TABLE validity", "TABLE validity_of_a_replica")
    try:
        prepared_database.run(alone)
        rows = "SELECT nis, valid_from, valid_to FROM {table} ORDER BY nis"
        mine = prepared_database.rows(rows.replace("{table}", "validity_of_a_replica"))
        assert mine == prepared_database.rows(rows.replace("{table}", "validity"))
        assert len(mine) == len(municipalities())
        begins = "SELECT joinGet('validity_of_a_replica', 'valid_from', {nis:String})"
        assert prepared_database.value(begins, nis="46030") == date(2025, 1, 1)
    finally:
        prepared_database.run("DROP TABLE IF EXISTS validity_of_a_replica")


def test_it_can_be_made_anew_while_landing_tables_look_into_it(prepared_database: Database) -> None:
    (made,) = [each for each in definitions(CLUSTER) if "OR REPLACE TABLE validity" in each]
    prepared_database.run(made.replace(" ON CLUSTER one_shard", ""))
    assert prepared_database.value("SELECT count() FROM validity") == len(municipalities())


def test_a_write_has_ended_when_all_replicas_have_it() -> None:
    alone = Database.of(ClickHouse(url="http://127.0.0.1:1/bewithu"))
    several = Database.of(ClickHouse(url="http://127.0.0.1:1/bewithu", cluster="one_shard", replicas=3))
    assert alone._insert_settings == INSERT_SETTINGS
    added = {name: value for name, value in several._insert_settings.items() if name not in INSERT_SETTINGS}
    assert added == {
        "insert_quorum": 3, "insert_quorum_parallel": 1, "insert_quorum_timeout": 60_000, "alter_sync": 2,
    }  # fmt: skip


def test_the_settings_of_writes_are_those_of_the_engine(prepared_database: Database) -> None:
    known = {name for (name,) in prepared_database.rows("SELECT name FROM system.settings")}
    assert known >= CLUSTER.settings.keys()
    of_tables = {name for (name,) in prepared_database.rows("SELECT name FROM system.merge_tree_settings")}
    assert "replicated_deduplication_window" in of_tables


def test_what_an_earlier_leader_still_does_is_asked_of_all_replicas(prepared_database: Database) -> None:
    asked = CLUSTER.everywhere(statement("under_way"))
    assert asked.count("clusterAllReplicas(one_shard, system.") == 2
    assert "FROM system." not in asked
    # On another replica the current database may be another one.
    assert "currentDatabase" not in asked
    assert asked.count("atabase = 'bewithu'") == 2
    assert "clusterAllReplicas" in formatted(prepared_database, asked)


@pytest.mark.parametrize(
    ("shards", "replicas", "why"),
    [
        (0, 0, "is not in the remote_servers"),
        (2, 6, "has 2 shards"),
        (1, 2, "BEWITHU_CLICKHOUSE__REPLICAS is 3, and it has 2"),
    ],
)
def test_a_cluster_that_the_laws_do_not_hold_on_is_refused(shards: int, replicas: int, why: str) -> None:
    server: Any = New(CLUSTER)
    server.rows = lambda asked, **_: [(shards, replicas)] if "system.clusters" in asked else []
    with pytest.raises(MigrationError, match=why):
        migrate.migrate(server)
    assert server.told == []


def test_the_embedded_engine_has_no_cluster_and_a_name_is_a_word() -> None:
    with pytest.raises(SettingsError, match="the embedded ClickHouse has none"):
        load_settings(clickhouse={"url": "chdb:///x", "cluster": "one_shard"})
    with pytest.raises(SettingsError, match="cluster"):
        load_settings(clickhouse={"url": "http://x:1/y", "cluster": "a; DROP"})
