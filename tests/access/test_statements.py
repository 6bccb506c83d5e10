"""Every statement about users is one that ClickHouse's own parser takes, and says the same each time."""

from __future__ import annotations

import hashlib
import re
from importlib.resources import files
from pathlib import Path
from xml.etree import ElementTree

import pytest

from bewithu.errors import SettingsError
from schemas.areas import UnknownArea
from sinks.clickhouse.access.passwords import LEAST, Secret, read_passwords
from sinks.clickhouse.access.statements import ADMIN, GRAFANA, WORKER, Asked, statements, users_of
from sinks.clickhouse.database import Database

VIEWS = {
    "published_values": ["indicator", "area", "value"],
    "published_feeds": ["agency", "seen_at"],
    "published_names": ["id", "fr"],
}
PASSWORD = "correct horse battery staple"


def asked(cluster: str = "", maker: str = ADMIN, beside: bool = False) -> Asked:
    areas = ["11002", "02000"]
    secrets = {user: Secret.of(PASSWORD) for user in users_of(areas)}
    stale = {"bewithu_area_11002": ["published_once"]}
    return Asked("bewithu", VIEWS, areas, secrets, stale, cluster, maker, beside)


def formatted(database: Database, statement: str) -> str:
    text: str = database.value("SELECT formatQuery({asked:String})", asked=statement)
    return " ".join(text.split())


@pytest.mark.parametrize("cluster", ["", "one_shard"])
@pytest.mark.parametrize("maker", [ADMIN, "default"])
@pytest.mark.parametrize("beside", [False, True])
def test_the_engine_takes_each_statement(
    prepared_database: Database, cluster: str, maker: str, beside: bool
) -> None:
    made = statements(asked(cluster, maker, beside))
    found = [formatted(prepared_database, given.statement) for given in made]
    assert len(found) > (2 if beside else 20)
    assert not [each for each in found if re.search(r"\{\w+\}", each)]
    assert all(("ON CLUSTER one_shard" in each) == bool(cluster) for each in found)


def test_each_statement_can_be_repeated() -> None:
    """What makes something leaves what is there; all else says how it should be."""
    repeatable = r"CREATE (\w+ )*IF NOT EXISTS|CREATE OR REPLACE VIEW|ALTER|GRANT|DROP VIEW IF EXISTS"
    for given in statements(asked(maker="default")):
        assert re.match(rf"(--.*\n)*({repeatable})", given.statement), given.statement


def test_what_was_given_before_is_replaced_in_the_same_statement() -> None:
    """A worker is never without its rights while they are given again."""
    for user in (WORKER, ADMIN):
        grants = [
            given.statement
            for given in statements(asked(maker="default"))
            if given.user == user and "GRANT" in given.statement
        ]
        assert [grant.endswith("WITH REPLACE OPTION") for grant in grants] == [True] + [False] * (
            len(grants) - 1
        )
    assert not any("REVOKE" in given.statement for given in statements(asked()))


def test_nobody_gives_rights_to_themselves() -> None:
    assert ADMIN not in {given.user for given in statements(asked())}
    assert ADMIN in {given.user for given in statements(asked(maker="default"))}


def test_a_view_without_an_area_is_not_for_readers_of_one(prepared_database: Database) -> None:
    views = [given for given in statements(asked()) if "CREATE OR REPLACE VIEW" in given.statement]
    assert len(views) == 4
    assert not any("published_feeds" in given.statement for given in views)
    # Names of things are everybody's.
    assert sum("published_names`;" in f"{given.statement};" for given in views) == 2
    dropped = [given.statement for given in statements(asked()) if given.statement.startswith("DROP")]
    assert dropped == ["DROP VIEW IF EXISTS `bewithu_area_11002`.`published_once`"]


def test_a_merged_municipality_is_named_as_what_it_is_today() -> None:
    with pytest.raises(UnknownArea, match=r"merged into 46030"):
        statements(Asked("bewithu", VIEWS, ["11056"]))
    with pytest.raises(ValueError, match="BE is everything"):
        statements(Asked("bewithu", VIEWS, ["BE"]))


def test_a_name_that_would_end_its_quotes_is_refused() -> None:
    with pytest.raises(ValueError, match="is no name"):
        statements(Asked("be`.x TO y", VIEWS))


# --- passwords ---


def test_no_password_is_in_any_statement_and_its_hash_is_clickhouses(prepared_database: Database) -> None:
    made = asked()
    assert not any(PASSWORD in given.statement for given in statements(made))
    secret = made.secrets[WORKER]
    # https://clickhouse.com/docs/sql-reference/statements/create/user: of the password and the salt behind it
    assert prepared_database.value(
        "SELECT lower(hex(SHA256({both:String})))", both=PASSWORD + secret.salt
    ) == secret.hash  # fmt: skip
    assert secret.hash not in repr(made)
    assert len({each.salt for each in made.secrets.values()}) == len(made.secrets)
    assert hashlib.sha256(PASSWORD.encode()).hexdigest() not in {each.hash for each in made.secrets.values()}


def test_who_has_no_password_given_keeps_theirs() -> None:
    kept = statements(Asked("bewithu", VIEWS, secrets={WORKER: Secret.of(PASSWORD)}))
    assert {given.user for given in kept if "IDENTIFIED" in given.statement} == {WORKER}
    assert {given.user for given in kept} == {WORKER, GRAFANA}


def test_passwords_are_read_from_files_named_like_their_users(tmp_path: Path) -> None:
    (tmp_path / WORKER).write_text(f"{PASSWORD}\n")
    (tmp_path / "somebody").write_text(PASSWORD)
    assert set(read_passwords(tmp_path, users_of([]))) == {WORKER}


@pytest.mark.parametrize("content", [b"x" * (LEAST - 1), b"", b"\xff" * 40])
def test_a_password_that_cannot_be_taken_is_told_without_its_content(tmp_path: Path, content: bytes) -> None:
    (tmp_path / WORKER).write_bytes(content)
    with pytest.raises(SettingsError) as refused:
        read_passwords(tmp_path, [WORKER])
    assert WORKER in str(refused.value)
    assert "xxx" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_the_servers_settings_are_whole_and_known_by_what_they_allow(prepared_database: Database) -> None:
    file = files("sinks.clickhouse.access") / "server" / "config.d" / "access.xml"
    (improvements,) = ElementTree.fromstring(file.read_text("utf-8"))
    assert improvements.tag == "access_control_improvements"
    assert {each.text for each in improvements} == {"true"}
    # A limit that is changeable at all needs this one.
    assert any("CHANGEABLE_IN_READONLY" in given.statement for given in statements(asked()))
    assert improvements.find("settings_constraints_replace_previous") is not None
    limits = [given.statement for given in statements(asked()) if "ALTER SETTINGS PROFILE" in given.statement]
    named = set(re.findall(r"^    (\w+) =", limits[0], re.MULTILINE))
    known = {name for (name,) in prepared_database.rows("SELECT name FROM system.settings")}
    assert len(named) == 7
    assert named <= known
