"""`bewithu doctor`: settings with their sources, parts with their states, no secrets."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import closing
from pathlib import Path

from bewithu.settings import Kafka, Registry
from sinks.clickhouse.database import Database
from streams.registry import SchemaRegistry as RegistryClient
from streams.topics import ensure_topics
from tests.command_line import CommandLine
from tests.e2e.platform import COORDINATORS
from tests.parts.processes import free_port
from tests.parts.registry import SchemaRegistry
from tests.parts.smtp import SmtpServer
from tests.parts.tansu import Tansu

EVERY = (
    "definitions", "address book", "ClickHouse", "clock", "ClickHouse migrations", "ClickHouse rights",
    "ClickHouse disk", "ClickHouse parts", "ClickHouse mutations", "ClickHouse replicas", "Kafka", "Kafka topics",
    "Kafka partitions", "Kafka replication", "schema registry", "schema subjects", "schema compatibility",
    "mail server", "board address", "access to the board", "links in mails",
)  # fmt: skip


def written_book(folder: Path, text: str = COORDINATORS) -> Path:
    file = folder / "coordinators.yaml"
    file.write_text(text)
    return file


def test_doctor_shows_every_setting_with_its_source_and_no_secret(
    bewithu: CommandLine,
    tansu: Tansu,
    schema_registry: SchemaRegistry,
    database: Database,
    smtp_server: SmtpServer,
    tmp_path: Path,
) -> None:
    (tmp_path / "secret").write_text("geheim-1\n")
    (tmp_path / "key").write_text("geheim-4" * 8)
    (tmp_path / "bewithu.toml").write_text('[kafka]\ngroup = "from-toml"\n[http]\nport = 1\n')
    smtp_server.login = ("me", "geheim-2")
    bewithu.read(database)
    bewithu.set(
        KAFKA__BOOTSTRAP_SERVERS=tansu.bootstrap_servers, REGISTRY__URL=schema_registry.url,
        SMTP__PORT=smtp_server.port, SMTP__USERNAME="me", SMTP__PASSWORD="geheim-2",
        CLICKHOUSE__PASSWORD_FILE=tmp_path / "secret",
        HTTP__PORT=2, HTTP__PUBLIC_URL="https://me:geheim-3@board.invalid",
        HTTP__LINK_KEY_FILE=tmp_path / "key", ADDRESS_BOOK=written_book(tmp_path),
    )  # fmt: skip
    # A doctor makes nothing: what is to be made is made before.
    ensure_topics(Kafka(bootstrap_servers=tansu.bootstrap_servers))
    with closing(RegistryClient(Registry(url=schema_registry.url))) as registry:
        registry.register_all()
    table, answer = bewithu("doctor"), bewithu("doctor", "--json")
    assert (table.code, answer.code) == (0, 0)
    assert "geheim" not in table.out + table.err + answer.out + answer.err
    rows = {row["what"]: (row["state"], row["detail"]) for row in answer.document}
    assert rows["setting kafka.group"] == ("bewithu.toml", "from-toml")
    assert rows["setting http.port"] == ("environment", "2")
    assert rows["setting kafka.partitions"] == ("default", "4")
    assert rows["setting smtp.password"] == ("environment", "***")
    assert rows["setting clickhouse.password"] == ("password_file", "***")
    assert rows["setting http.public_url"] == ("environment", "https://***@board.invalid")
    parts = {what: state for what, (state, _) in rows.items() if not what.startswith("setting")}
    # The embedded broker tells no retention.
    assert parts.pop("Kafka retention") in ("ok", "warning")
    assert parts == dict.fromkeys(EVERY, "ok")
    assert rows["links in mails"][1] == "signed, TLS, for 14d, to https://***@board.invalid"
    assert rows["setting http.link_key"] == ("link_key_file", "***")


def test_doctor_says_which_part_is_away_and_which_definition_is_wrong(
    bewithu: CommandLine, tmp_path: Path
) -> None:
    here = {
        name: f"127.0.0.1:{free_port()}" for name in ("ClickHouse", "Kafka", "schema registry", "mail server")
    }
    (tmp_path / "a.yaml").write_text("id: a")
    bewithu.set(
        CLICKHOUSE__URL=f"http://{here['ClickHouse']}/default", KAFKA__BOOTSTRAP_SERVERS=here["Kafka"],
        REGISTRY__URL=f"http://me:geheim@{here['schema registry']}", SMTP__PORT=here["mail server"].split(":")[1],
        INDICATORS=tmp_path,
    )  # fmt: skip
    answer = bewithu("doctor", "--json")
    assert answer.code == 1
    rows: Mapping[str, tuple[str, str]] = {
        row["what"]: (row["state"], row["detail"]) for row in answer.document
    }
    for part, address in here.items():
        state, detail = rows[part]
        assert state == "failed"
        assert address in detail
    assert rows["definitions"][0] == "failed"
    assert "a.yaml:1: " in rows["definitions"][1]
    assert rows["address book"][0] == "warning"
    assert rows["board address"][0] == "warning"
    assert rows["links in mails"][0] == "ok"
    assert all(row["mend"] for row in answer.document if row["state"] in ("failed", "warning"))
    assert rows["links in mails"][1].startswith("none: set BEWITHU_HTTP__LINK_KEY_FILE")
    assert "geheim" not in answer.out + answer.err
