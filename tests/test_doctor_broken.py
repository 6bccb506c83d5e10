"""`bewithu doctor` on parts that are broken, one by one: each check says what is wrong and how to mend it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import closing
from pathlib import Path

import pytest
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from bewithu.cli.doctor.broker import check_kafka
from bewithu.cli.doctor.finding import Finding, carried_out
from bewithu.cli.doctor.registry import check_registry
from bewithu.cli.doctor.store import check_store, clock, disk, parts, version
from bewithu.cli.doctor.written import check_address_book, check_board, check_definitions, check_mail
from bewithu.settings import ClickHouse, Http, Kafka, Registry, Settings, Smtp
from schemas.alert_events import alert_events
from schemas.contracts import contracts
from schemas.rejections import rejections
from sinks.clickhouse.access.rights import lacking
from sinks.clickhouse.database import Database
from sinks.clickhouse.disks import Disk
from sinks.clickhouse.migrate import migrations
from streams.registry import SchemaRegistry as RegistryClient
from streams.topics import ensure_topics
from tests.command_line import CommandLine
from tests.parts.deadlines import wait_until
from tests.parts.kafka import ApacheKafka
from tests.parts.registry import SchemaRegistry
from tests.parts.smtp import SmtpServer
from tests.test_doctor import written_book

GIB = 1 << 30
DAY_MS = 86_400_000


def by_name(found: Sequence[Finding]) -> Mapping[str, Finding]:
    assert all(bool(each.mend) == (each.state != "ok") for each in found)
    return {each.what: each for each in found}


def of_store(database: Database) -> Mapping[str, Finding]:
    settings = Settings(clickhouse=ClickHouse(url=f"chdb://{database.name.removeprefix('chdb at ')}"))
    return by_name(list(check_store(settings)))


def test_kafka_without_topics_or_with_others_settings(apache_kafka: ApacheKafka) -> None:
    kafka = Kafka(bootstrap_servers=apache_kafka.bootstrap_servers)
    admin = AdminClient({"bootstrap.servers": kafka.bootstrap_servers})
    ours = [topic for topic in admin.list_topics(timeout=10).topics if topic.startswith("bewithu.")]

    def remove(names: Sequence[str]) -> None:
        for gone in admin.delete_topics(list(names)).values() if names else ():
            gone.result()
        wait_until(lambda: not set(names) & set(admin.list_topics(timeout=10).topics), 20, "topics to go")

    def found(settings: Kafka = kafka) -> Mapping[str, Finding]:
        return by_name(list(check_kafka(settings, 10)))

    remove(ours)
    try:
        missing = found()["Kafka topics"]
        assert (missing.state, missing.mend) == ("failed", "run bewithu migrate")
        one, other, third, *_ = contracts()
        assert one in missing.detail
        strange = [
            NewTopic(one, 1, 1, config={"retention.ms": str(DAY_MS)}),
            NewTopic(other, 4, 1, config={"cleanup.policy": "compact"}),
            NewTopic(rejections().topic, 4, 1, config={"cleanup.policy": "delete"}),
        ]
        for made in admin.create_topics(strange).values():
            made.result()
        ensure_topics(kafka)
        wait_until(lambda: found()["Kafka topics"].state == "ok", 20, "all topics to be there")
        seen = found()
        assert seen["Kafka"].state == "ok"
        assert (seen["Kafka partitions"].state, seen["Kafka partitions"].detail) == (
            "warning",
            f"fewer than 4: {one}",
        )
        assert seen["Kafka replication"].state == "ok"
        assert found(kafka.model_copy(update={"replication": 3}))["Kafka replication"].state == "warning"
        assert (seen["Kafka retention"].state, seen["Kafka retention"].detail) == (
            "failed",
            f"compacted: {other}",
        )
        remove([other])
        ensure_topics(kafka)
        short = found()["Kafka retention"]
        assert (short.state, short.detail) == ("warning", f"less than 7 days: {one}")
        remove([one])
        ensure_topics(kafka)
        kept = found()["Kafka retention"]
        assert (kept.state, kept.detail) == ("warning", f"what we publish is not kept: {rejections().topic}")
        remove([rejections().topic])
        ensure_topics(kafka)
        wait_until(lambda: {each.state for each in found().values()} == {"ok"}, 20, "all to be well")
        assert alert_events().topic in admin.list_topics(timeout=10).topics
        assert third in admin.list_topics(timeout=10).topics
    finally:
        remove([each for each in admin.list_topics(timeout=10).topics if each.startswith("bewithu.")])


def test_a_registry_without_our_versions_or_that_watches_less(schema_registry: SchemaRegistry) -> None:
    settings = Registry(url=schema_registry.url)
    empty = by_name(list(check_registry(settings)))
    assert (empty["schema subjects"].state, empty["schema subjects"].mend) == (
        "failed",
        "run bewithu migrate",
    )
    with closing(RegistryClient(settings)) as registry:
        for contract in contracts().values():
            registry.register(contract)
        some = by_name(list(check_registry(settings)))
        assert rejections().subject in some["schema subjects"].detail
        assert some["schema compatibility"].state == "warning"
        registry.register_all()
    assert {each.state for each in check_registry(settings)} == {"ok"}
    subject = next(iter(contracts().values())).subject
    schema_registry.content.compatibility[subject] = "NONE"
    loose = by_name(list(check_registry(settings)))["schema compatibility"]
    assert (loose.state, loose.detail) == ("warning", f"not FULL_TRANSITIVE: {subject} NONE")


def test_a_store_that_is_not_brought_to_this_version(database: Database) -> None:
    assert of_store(database)["ClickHouse migrations"].state == "ok"
    last = migrations()[-1]
    database.run(
        "ALTER TABLE migrations DELETE WHERE number = {number:UInt32} SETTINGS mutations_sync = 2",
        number=last.number,
    )
    try:
        old = of_store(database)["ClickHouse migrations"]
        assert (old.state, old.mend) == ("failed", "run bewithu migrate")
        assert old.detail == f"not applied: {last.number:04} {last.title}"
    finally:
        row = [[last.number, last.title, last.checksum]]
        database.insert("migrations", ["number", "title", "checksum"], row)
    database.insert("migrations", ["number", "title", "checksum"], [[9999, "later", "x"]])
    try:
        assert of_store(database)["ClickHouse migrations"].state == "failed"
    finally:
        database.run("ALTER TABLE migrations DELETE WHERE number = 9999 SETTINGS mutations_sync = 2")


def test_a_mutation_that_fails(database: Database) -> None:
    database.run("CREATE TABLE stuck (a String) ENGINE = MergeTree ORDER BY tuple()")
    try:
        database.run("INSERT INTO stuck VALUES ('x')")
        database.run("ALTER TABLE stuck DELETE WHERE throwIf(a = 'x') SETTINGS mutations_sync = 0")
        wait_until(
            lambda: of_store(database)["ClickHouse mutations"].state == "failed", 20, "the mutation to fail"
        )
        assert "of stuck fails" in of_store(database)["ClickHouse mutations"].detail
        database.run("KILL MUTATION WHERE table = 'stuck' SYNC")
    finally:
        database.run("DROP TABLE stuck SYNC")
    assert of_store(database)["ClickHouse mutations"].state == "ok"


def test_every_right_of_the_worker_is_asked_for(database: Database) -> None:
    class Without:
        """The embedded engine has no users: this one may not write mails down."""

        def value(self, statement: str) -> object:
            return False if "mail_log" in statement else database.value(statement)

    assert lacking(database) == []
    assert lacking(Without()) == ["SELECT, INSERT ON mail_log"]  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("found", "state"),
    [
        (version("x", "26.9.2.1"), "ok"),
        (version("x", "25.8.1.1"), "warning"),
        (clock(0.4, 0.1), "ok"),
        (clock(-3.0, 2.0), "ok"),
        (clock(-3.0, 0.1), "warning"),
        (clock(90.0, 0.1), "failed"),
        (disk([Disk("a", 400 * GIB, 1000 * GIB), Disk("b", 60 * GIB, 100 * GIB)]), "ok"),
        (disk([Disk("a", 400 * GIB, 1000 * GIB), Disk("b", 9 * GIB, 100 * GIB)]), "warning"),
        (disk([Disk("a", GIB // 2, 20 * GIB)]), "failed"),
        (disk([]), "ok"),
        (parts("facts_registration", 499), "ok"),
        (parts("facts_registration", 500), "warning"),
        (parts("facts_registration", 1_000), "failed"),
    ],
)
def test_figures_of_the_store_are_judged(found: Finding, state: str) -> None:
    assert found.state == state
    assert bool(found.mend) == (state != "ok")


def test_a_mail_server_that_refuses_or_greets_nobody(smtp_server: SmtpServer) -> None:
    smtp_server.login = ("me", "geheim")
    well = Smtp.model_validate({"port": smtp_server.port, "username": "me", "password": "geheim"})
    wrong = Smtp.model_validate({"port": smtp_server.port, "username": "me", "password": "geheim-2"})
    tls = Smtp.model_validate({"port": smtp_server.port, "starttls": True})
    states = []
    for smtp in (well, wrong, tls):
        settings = Settings(smtp=smtp)
        (found,) = carried_out(
            [("mail server", lambda settings=settings: check_mail(settings, 5), "mend it")]
        )
        states.append(found.state)
        assert "geheim" not in found.detail
    assert states == ["ok", "failed", "failed"]


@pytest.mark.parametrize(
    ("http", "state"),
    [
        (Http(public_url="https://board.example"), "ok"),
        (Http(public_url="http://board.example"), "warning"),
        (Http(public_url="board.example"), "warning"),
        (Http(), "warning"),
        (Http(host="0.0.0.0"), "warning"),
    ],
)
def test_an_address_of_the_board_that_readers_cannot_follow(http: Http, state: str) -> None:
    (found,) = check_board(Settings(http=http))
    assert found.state == state


def test_an_address_book_or_rules_with_nobody_and_nothing_in_it(tmp_path: Path) -> None:
    empty = tmp_path / "rules"
    empty.mkdir()
    (demo,) = check_address_book(Settings())
    assert demo.state == "warning"
    book = written_book(tmp_path, "contact: a@example.invalid\ncoordinators: []\n")
    (nobody,) = carried_out(
        [("address book", lambda: check_address_book(Settings(address_book=book)), "mend it")]
    )
    assert nobody.state in ("warning", "failed")
    (none,) = carried_out([("definitions", lambda: check_definitions(Settings(rules=empty)), "")])
    assert none.state in ("warning", "failed")


def test_a_warning_ends_well_unless_it_is_asked_for(
    bewithu: CommandLine, schema_registry: SchemaRegistry, apache_kafka: ApacheKafka, database: Database,
    smtp_server: SmtpServer,
) -> None:  # fmt: skip
    bewithu.read(database)
    bewithu.set(
        KAFKA__BOOTSTRAP_SERVERS=apache_kafka.bootstrap_servers, REGISTRY__URL=schema_registry.url,
        SMTP__PORT=smtp_server.port,
    )  # fmt: skip
    assert bewithu("migrate").code == 0
    assert (bewithu("doctor").code, bewithu("doctor", "--strict").code) == (0, 1)
