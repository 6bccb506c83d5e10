"""The worker's rights are what its statements need, and no more; dashboards have nothing but what is published."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import cast

import pytest

from sinks.clickhouse.access.statements import ADMIN, GRAFANA, WORKER, Asked, statements
from sinks.clickhouse.cluster import SHAPE, Cluster
from sinks.clickhouse.database import Database, statement
from sinks.clickhouse.prepare import prepare
from tests.access.granted import granted_to, is_granted, is_used
from tests.access.life import live
from tests.access.needs import SENDING, STORE, Need, Recorder, needs_of
from tests.events import empty

#: What an operator's commands do: of `bewithu migrate` a worker only looks whether there is anything to do.
OPERATORS = {"migrate.py", "areas.py", "contract_tables.py", "apply.py", "backups.py", "beside.py"}
OPERATORS_SQL = {"backed_up_tables.sql", "backup_status.sql", "taken_out.sql"}
ASKED = Asked("bewithu", {"published_values": ["indicator", "area", "value"]})


@pytest.fixture(scope="module")
def walk(prepared_database: Database) -> Iterator[Recorder]:
    """One life, on an empty database that is there already."""
    empty(prepared_database)
    recorder = Recorder(prepared_database)
    database = cast("Database", recorder)
    assert prepare(database) == ()
    live(database)
    yield recorder
    empty(prepared_database)


def through_landing_tables(database: Database) -> set[Need]:
    """What an insert into any of them sets off: its views, and where it looks codes up."""
    found: set[Need] = set()
    views = database.rows(
        "SELECT as_select, replaceRegexpOne(create_table_query, '(?s).* TO [a-z]+[.](\\\\w+) .*', '\\\\1')"
        " FROM system.tables WHERE database = currentDatabase() AND engine = 'MaterializedView'"
    )
    assert len(views) % 3 == 0
    for selects, into in views:
        found |= {(what, table.rpartition(".")[2]) for what, table in needs_of(database, selects)}
        found.add(("INSERT", into))
    for (expression,) in database.rows(
        "SELECT default_expression FROM system.columns"
        " WHERE database = currentDatabase() AND name = 'sound' AND default_kind = 'MATERIALIZED'"
    ):
        found |= needs_of(database, f"SELECT {expression}")
    return found


@pytest.fixture(scope="module")
def needs(walk: Recorder) -> set[Need]:
    return {*walk.needs, *through_landing_tables(walk.inner)}


def test_the_walk_sends_every_statement_that_there_is(walk: Recorder) -> None:
    """Else a right could be missing, and nobody would know before a worker on a server."""
    missed = []
    for file in sorted(STORE.glob("*.py")):
        if file.name in {"database.py"} | OPERATORS:
            continue
        for begin, end in sending_lines(file):
            if not any((file.name, line) in walk.lines for line in range(begin, end + 1)):
                missed.append(f"{file.name}:{begin}")
    assert missed == []


def test_the_walk_sends_every_file_of_sql(walk: Recorder) -> None:
    for file in sorted((STORE / "sql").glob("*.sql")):
        if file.name in OPERATORS_SQL:
            continue
        begins = re.split(r"\{(?:which|whom|places|facts)\}", file.read_text("utf-8"))[0]
        assert any(asked.startswith(begins) for asked in walk.statements), file.name


def sending_lines(file: Path) -> Iterator[tuple[int, int]]:
    """Where a database is asked for one of its calls, first and last line."""
    for node in ast.walk(ast.parse(file.read_text("utf-8"))):
        if isinstance(node, ast.Attribute) and node.attr in SENDING:
            owner = ast.unparse(node.value)
            if owner.endswith("database") or (owner == "run" and node.attr.startswith("insert")):
                yield node.lineno, node.end_lineno or node.lineno


def test_the_commands_and_the_fitting_ask_the_store_through_what_is_walked() -> None:
    """Anybody may ask what he may do himself."""
    root = STORE.parents[1]
    found = [
        file.relative_to(root).as_posix()
        for folder in ("bewithu", "streams", "alerts", "sinks/indicators", "sinks/clickhouse/access")
        for file in sorted((root / folder).rglob("*.py"))
        if file.name not in OPERATORS and list(sending_lines(file))
    ]
    assert found == ["sinks/clickhouse/access/rights.py"]


def test_every_statement_of_the_worker_is_covered(walk: Recorder, needs: set[Need]) -> None:
    grants = granted_to(walk.inner, WORKER, ASKED)
    missing = {
        need: walk.needs.get(need, "a landing table's view")[:120]
        for need in needs
        if not is_granted(need, grants)
    }
    assert missing == {}


def test_no_right_of_the_worker_is_unused(walk: Recorder, needs: set[Need]) -> None:
    unused = [grant for grant in granted_to(walk.inner, WORKER, ASKED) if not is_used(grant, needs)]
    assert unused == []


def test_on_a_cluster_a_worker_may_ask_what_it_asks_there_and_no_more(prepared_database: Database) -> None:
    cluster = Cluster("one_shard", 2, "bewithu")
    asked = [(SHAPE, {"cluster": "one_shard"}), (cluster.everywhere(statement("under_way")), {})]
    needs = {need for text, given in asked for need in needs_of(prepared_database, text, **given)}
    alone = granted_to(prepared_database, WORKER, ASKED)
    there = granted_to(prepared_database, WORKER, replace(ASKED, cluster="one_shard"))
    assert all(is_granted(need, there) for need in needs)
    added = [grant for grant in there if grant not in alone]
    assert len(added) == 2
    assert all(is_used(grant, needs) for grant in added)


def test_a_right_that_is_taken_away_is_missed(walk: Recorder, needs: set[Need]) -> None:
    """The two tests above can fail: no grant can be left out without a need that it covered."""
    grants = granted_to(walk.inner, WORKER, ASKED)
    for grant in grants:
        others = [other for other in grants if other != grant]
        assert not all(is_granted(need, others) for need in needs), grant


@pytest.mark.parametrize("cluster", ["", "one_shard"])
def test_an_admin_may_hand_on_all_that_others_are_given(prepared_database: Database, cluster: str) -> None:
    """ClickHouse lets nobody give what they do not have with GRANT OPTION: `apply` would break off."""
    asked = replace(ASKED, areas=["11002"], cluster=cluster, maker="default")
    handed_on = granted_to(prepared_database, ADMIN, asked, where="", to_hand_on=True)
    for who in (WORKER, "bewithu_published", "bewithu_published_11002"):
        given = granted_to(prepared_database, who, asked, where="")
        assert given
        assert [grant for grant in given if not is_granted(grant, handed_on)] == [], who
    elsewhere = [("SELECT", "other.facts"), ("SELECT", "system.users_of_others"), ("SELECT", "*.*")]
    assert not any(is_granted(grant, handed_on) for grant in elsewhere)
    # Some it only has for itself.
    assert set(granted_to(prepared_database, ADMIN, asked, where="")) > set(handed_on)


def test_dashboards_read_published_views_and_nothing_else(prepared_database: Database) -> None:
    asked = Asked("bewithu", ASKED.views, ["11002"])
    assert granted_to(prepared_database, "bewithu_published", asked) == [("SELECT", "published_*")]
    assert granted_to(prepared_database, "bewithu_published_11002", asked, "bewithu_area_11002") == [
        ("SELECT", "*")
    ]
    for user in (GRAFANA, f"{GRAFANA}_11002"):
        assert granted_to(prepared_database, user, asked) == []
    tables = {
        name
        for (name,) in prepared_database.rows(
            "SELECT name FROM system.tables WHERE database = currentDatabase()"
        )
    }
    readable = {table for table in tables if is_granted(("SELECT", table), [("SELECT", "published_*")])}
    views = prepared_database.rows(
        "SELECT name, create_table_query FROM system.tables WHERE name IN {readable:Array(String)}"
        " AND engine = 'View' AND database = currentDatabase()",
        readable=sorted(readable),
    )
    assert {name for name, _ in views} == readable >= {"published_values"}
    # With the reader's own rights such a view would be empty-handed.
    assert all("SQL SECURITY DEFINER" in made for _, made in views)


def test_a_reader_changes_nothing_and_is_bounded() -> None:
    (profile,) = [
        given.statement for given in statements(ASKED) if given.statement.startswith("ALTER SETTINGS PROFILE")
    ]
    for bound in (
        "readonly = 1",
        "max_execution_time = 30 MIN 1 MAX 60",
        "max_memory_usage",
        "max_result_rows",
    ):
        assert bound in profile
    # Without it, a question of Grafana's own client, which sets it, would be refused.
    assert profile.count("CHANGEABLE_IN_READONLY") == 1
