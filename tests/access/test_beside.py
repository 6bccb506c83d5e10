"""A second database of one server: whoever serves the first keeps their rights until the second takes its place."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from bewithu.errors import SettingsError, Unavailable
from sinks.clickhouse.access.apply import apply, ask
from sinks.clickhouse.access.statements import ADMIN, WORKER, Asked, statements, users_of
from sinks.clickhouse.database import Database
from tests.access.granted import granted_to
from tests.access.test_access_cli import Server
from tests.command_line import CommandLine
from tests.parts.deadlines import PATIENCE

GREEN = Asked(
    "bewithu_green", {"published_values": ["indicator", "area", "value"]}, ["11002"], maker="default"
)
BESIDE = Asked(GREEN.database, GREEN.views, GREEN.areas, maker="default", beside=True)

# --- statements ---


def test_beside_another_the_worker_and_the_admin_get_the_same_rights_and_lose_none(
    prepared_database: Database,
) -> None:
    for who in (WORKER, ADMIN):
        alone = granted_to(prepared_database, who, GREEN, "bewithu_green")
        assert len(alone) > 10
        assert granted_to(prepared_database, who, BESIDE, "bewithu_green") == alone
    assert any("REPLACE" in given.statement for given in statements(GREEN))
    assert not any("REPLACE" in given.statement for given in statements(BESIDE))


def test_beside_another_no_reader_is_touched_and_nothing_is_made_for_any() -> None:
    assert {given.user for given in statements(BESIDE)} == {WORKER, ADMIN}
    assert all("GRANT" in given.statement for given in statements(BESIDE))
    # Nor may the admin give rights to himself.
    by_admin = Asked(GREEN.database, GREEN.views, GREEN.areas, beside=True)
    assert {given.user for given in statements(by_admin)} == {WORKER}


# --- refusal ---


@pytest.fixture
def server(database: Database) -> Any:
    found = Server(database, ["default", *users_of([])])
    found.elsewhere = ["bewithu", "bewithu_old"]
    return found


def test_a_worker_who_serves_elsewhere_keeps_its_rights_until_somebody_says_what_is_meant(
    server: Any,
) -> None:
    with pytest.raises(SettingsError) as refused:
        apply(server, ask(server, [], {}))
    for told in ("bewithu_worker has rights on bewithu, bewithu_old", "--beside", "--take-over"):
        assert told in str(refused.value)
    assert server.told == []


def test_said_what_is_meant_it_is_carried_out(server: Any) -> None:
    beside = ask(server, [], {}, beside=True)
    assert apply(server, beside) == statements(beside)
    assert server.told == [given.statement for given in statements(beside)]
    server.told.clear()
    taken = ask(server, [], {})
    apply(server, taken, take_over=True)
    assert server.told == [given.statement for given in statements(taken)]
    assert any("REPLACE" in statement for statement in server.told)


def test_beside_another_only_those_need_a_password_who_are_given_something(server: Any) -> None:
    server.users = ["default", WORKER, ADMIN]
    apply(server, ask(server, [], {}, beside=True))
    server.users = ["default", ADMIN]
    with pytest.raises(SettingsError, match=r"^bewithu_worker: new"):
        apply(server, ask(server, [], {}, beside=True))


def failing(server: Server, error: Exception, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = server.rows

    def fail(statement: str, **parameters: Any) -> Any:
        if "system.grants" in statement:
            raise error
        return rows(statement, **parameters)

    monkeypatch.setattr(server, "rows", fail)


def test_a_server_without_a_list_of_rights_refuses_nothing(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    unknown = DatabaseError("Unknown table expression identifier 'system.grants'")
    unknown.code = 60
    failing(server, unknown, monkeypatch)
    assert apply(server, ask(server, [], {}))


def test_a_server_that_is_away_is_not_taken_for_one_without(
    server: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    failing(server, Unavailable("ClickHouse", "connection refused"), monkeypatch)
    with pytest.raises(Unavailable):
        apply(server, ask(server, [], {}))
    assert server.told == []


def test_who_may_not_see_it_is_told_so_and_nothing_is_begun(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the engine's own words, whose user may not see rights."""
    told: list[str] = []
    monkeypatch.setattr(database, "embedded", False)
    monkeypatch.setattr(database, "run", told.append)
    with pytest.raises(SettingsError, match=r"default may not read system\.grants.*--beside.*--take-over"):
        apply(database, Asked("default", {}, maker="default"))
    assert told == []


# --- the engine's own list of rights: it has users where its settings name some ---

USERS = """
<clickhouse>
  <profiles><default/></profiles>
  <quotas><default/></quotas>
  <users>
    <default><no_password/><access_management>1</access_management></default>
    <bewithu_worker>
      <no_password/>
      <grants>
        <query>GRANT SELECT, INSERT ON bewithu.landing_*</query>
        <query>GRANT SELECT ON bewithu.migrations</query>
        <query>GRANT SELECT ON system.tables</query>
        <query>GRANT CREATE TEMPORARY TABLE ON *.*</query>
      </grants>
    </bewithu_worker>
    <somebody><no_password/><grants><query>GRANT SELECT ON theirs.*</query></grants></somebody>
  </users>
</clickhouse>
"""
ASK = """
import sys
import clickhouse_connect
from bewithu.errors import SettingsError
from sinks.clickhouse.access.apply import apply
from sinks.clickhouse.access.statements import Asked
from sinks.clickhouse.database import Database

path = f"{sys.argv[1]}/data?config-file={sys.argv[1]}/config.xml"
database = Database(lambda: clickhouse_connect.get_client(interface="chdb", path=path), "chdb with users")
for own in ("bewithu_green", "bewithu"):
    try:
        apply(database, Asked(own, {}))
    except SettingsError as refused:
        print(refused)
"""


def test_the_engine_tells_which_databases_a_worker_has_rights_on(tmp_path: Path) -> None:
    """In a process of its own: an engine's settings are those of its process."""
    users = tmp_path / "users.xml"
    users.write_text(USERS)
    (tmp_path / "config.xml").write_text(f"<clickhouse><users_config>{users}</users_config></clickhouse>")
    asked = subprocess.run(
        [sys.executable, "-c", ASK, str(tmp_path)],
        capture_output=True,
        text=True,
        timeout=120 * PATIENCE,
        check=False,
    )
    assert asked.returncode == 0, asked.stderr
    green, own = asked.stdout.splitlines()
    assert green.startswith("bewithu_worker has rights on bewithu, which this would take away")
    # On its own database it goes on to what is next.
    assert own.startswith("bewithu_grafana: new, and without a password")


# --- the command ---


def test_show_prints_what_apply_would_do_beside_another(bewithu: CommandLine, database: Database) -> None:
    bewithu.read(database)
    answer = bewithu("access", "show", "--beside", "--json")
    assert answer.code == 0
    assert {given["user"] for given in answer.document} == {"bewithu_admin", "bewithu_worker"}
    assert not any("REPLACE" in given["statement"] for given in answer.document)


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("apply", "--beside", "--take-over"), "one of them"),
        (("apply", "--beside", "--area", "11002"), "readers stay with the serving database"),
        (("show", "--beside", "--area", "11002"), "readers stay with the serving database"),
    ],
)
def test_options_that_contradict_each_other_are_refused(
    bewithu: CommandLine, database: Database, words: tuple[str, ...], told: str
) -> None:
    bewithu.read(database)
    answer = bewithu("access", *words)
    assert answer.code == 2
    assert told in answer.err


@pytest.mark.parametrize("option", ["--beside", "--take-over"])
def test_the_command_hands_on_what_is_meant(
    bewithu: CommandLine, server: Any, monkeypatch: pytest.MonkeyPatch, option: str
) -> None:
    monkeypatch.setattr(server, "close", lambda: None, raising=False)
    monkeypatch.setattr("bewithu.cli.access.connect", lambda _: server)
    assert bewithu("access", "apply").code == 2
    assert server.told == []
    assert bewithu("access", "apply", option).code == 0
    assert any("REPLACE" in statement for statement in server.told) == (option == "--take-over")
