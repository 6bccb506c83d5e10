"""`bewithu access`, and a worker whose user may not define tables."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from bewithu.errors import SettingsError, Unavailable
from sinks.clickhouse.access.apply import apply, ask
from sinks.clickhouse.access.passwords import Secret
from sinks.clickhouse.access.statements import statements, users_of
from sinks.clickhouse.database import Database
from sinks.clickhouse.migrate import migrations
from sinks.clickhouse.prepare import prepare
from tests.command_line import CommandLine

DENIED = "Code: 497. DB::Exception: bewithu_worker: Not enough privileges. (ACCESS_DENIED)"


def test_show_prints_what_apply_would_do(bewithu: CommandLine, database: Database) -> None:
    bewithu.read(database)
    answer = bewithu("access", "show", "--area", "11002", "--json")
    assert answer.code == 0
    users = {given["user"] for given in answer.document}
    assert users == {"bewithu_admin", "bewithu_worker", "bewithu_grafana", "bewithu_grafana_11002"}
    shown = "\n".join(given["statement"] for given in answer.document)
    assert "BY '<hash>' SALT '<salt>'" in shown
    assert "`default_area_11002`.`published_values`" in shown
    text = bewithu("access", "show", "--area", "11002")
    assert text.out.count("GRANT") == shown.count("GRANT") > 5


def test_an_area_that_is_none_is_refused_and_what_is_meant_is_named(
    bewithu: CommandLine, database: Database
) -> None:
    bewithu.read(database)
    for code, why in (("11056", "merged into 46030"), ("BE", "is everything"), ("99999", "unknown")):
        answer = bewithu("access", "show", "--area", code)
        assert answer.code == 2
        assert why in answer.err


def test_the_embedded_engine_has_no_users(bewithu: CommandLine, database: Database, tmp_path: Path) -> None:
    bewithu.read(database)
    (tmp_path / "bewithu_worker").write_text("x" * 20)
    answer = bewithu("access", "apply", "--passwords", tmp_path)
    assert answer.code == 2
    assert "the embedded ClickHouse has no users" in answer.err


class Server:
    """A server with these users: what is asked of it is asked of the embedded engine, what is told is kept."""

    def __init__(self, database: Database, users: Sequence[str]) -> None:
        self.database, self.users = database, users
        self.cluster = None
        self.embedded = False
        #: Other databases that the worker has rights on.
        self.elsewhere: Sequence[str] = ()
        self.told: list[str] = []

    def rows(self, statement: str, **parameters: Any) -> Sequence[Sequence[Any]]:
        if "system.users" in statement:
            return [(user,) for user in self.users]
        if "system.grants" in statement:
            return [(name,) for name in self.elsewhere]
        return self.database.rows(statement, **parameters)

    def run(self, statement: str) -> None:
        self.told.append(statement)


def test_users_who_are_new_need_a_password_and_nothing_is_begun_without(database: Database) -> None:
    server: Any = Server(database, ["default", "bewithu_admin"])
    with pytest.raises(SettingsError, match="bewithu_grafana, bewithu_worker: new, and without a password"):
        apply(server, ask(server, [], {}))
    assert server.told == []
    server.users = ["default", *users_of([])]
    asked = ask(server, [], {})
    apply(server, asked)
    assert server.told == [given.statement for given in statements(asked)]
    assert not any("IDENTIFIED" in statement for statement in server.told)


def test_only_those_with_a_file_get_another_password(database: Database) -> None:
    server: Any = Server(database, ["default", *users_of(["11002"])])
    apply(server, ask(server, ["11002"], {"bewithu_worker": Secret.of("x" * 20)}))
    assert [each.split()[:3] for each in server.told if "IDENTIFIED" in each] == [
        ["CREATE", "USER", "IF"], ["ALTER", "USER", "bewithu_worker"],
    ]  # fmt: skip


# --- a worker's own user ---


def may_not_define(database: Database, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    refused: list[str] = []

    def refuse(statement: str, *arguments: Any) -> None:
        refused.append(statement)
        error = DatabaseError(DENIED)
        error.code = 497
        raise Unavailable(database.name, DENIED) from error

    monkeypatch.setattr(database, "define", refuse)
    monkeypatch.setattr(database, "insert", refuse)
    return refused


def test_a_worker_only_looks_where_nothing_is_to_be_done(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    refused = may_not_define(database, monkeypatch)
    assert prepare(database) == ()
    assert refused == []


def test_a_worker_that_may_not_migrate_waits_and_says_what_to_do(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    last = migrations()[-1]
    database.run(
        "ALTER TABLE migrations DELETE WHERE number = {number:UInt32} SETTINGS mutations_sync = 2",
        number=last.number,
    )
    with monkeypatch.context() as patch:
        may_not_define(database, patch)
        with pytest.raises(Unavailable, match="run `bewithu migrate` as one who may"):
            prepare(database)
    assert prepare(database) == (last,)


def test_what_is_missing_is_made_and_nothing_else(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    (view,) = database.rows(
        "SELECT name FROM system.tables WHERE name LIKE 'landing_registration%_touched' LIMIT 1"
    )
    database.run(f"DROP VIEW {view[0]}")
    define, made = database.define, []

    def noted(statement: str) -> None:
        made.append(statement)
        define(statement)

    monkeypatch.setattr(database, "define", noted)
    prepare(database)
    assert len(made) == 1
    assert view[0] in made[0]
