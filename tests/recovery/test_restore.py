"""ClickHouse is lost and restored from a backup that was made while events flowed: nothing is lost, nothing double."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from uuid import UUID

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from bewithu.fitting.offsets import look
from bewithu.settings import Kafka
from schemas.offsets import Place, Range
from sinks.clickhouse.backups import Backups
from sinks.clickhouse.database import Database
from sinks.clickhouse.prepare import prepare
from streams.standing import Standing
from tests.chaos.ledger import Ledger
from tests.chaos.stage import GROUP, Stage
from tests.e2e.platform import RULE
from tests.parts.deadlines import wait_until
from tests.recovery.stage import (
    agencies,
    assert_all_is_stored,
    drain,
    lose_clickhouse,
    mails_once_evaluated,
    metric,
    published,
    run,
    stop_workers,
    values,
    wait_until_committed,
)


@pytest.mark.timeout(300)
def test_a_lost_store_is_restored_and_goes_on_from_what_it_has(made: Stage) -> None:
    ledger, rule = Ledger(), made.folder / "rules" / "rule.yaml"
    rule.write_text(RULE.replace("above: 20", "above: 100000"))
    made.start_worker().wait_until_ready()
    flowing = agencies(made, ledger, seed=1)
    wait_until(
        lambda: published(made) >= 200, 60, "200 records to be stored", log=made.workers[0].process.log
    )
    backup = run(made, "backup", "create", "first", "--json")
    assert backup.code == 0, backup.err
    in_backup = published(made)
    # Alerts begin after the backup, on what it has not.
    stop_workers(made)
    rule.write_text(RULE.replace("above: 20", f"above: {most_registered(made) + 2}"))
    made.start_worker()
    wait_until(lambda: flowing.sent >= in_backup + 300, 60, "300 more events to be sent")
    flowing.stop()
    drain(made, len(ledger))
    assert_all_is_stored(made, ledger)
    before = values(made.database_url)
    wait_until_committed(made, ledger)
    assert standing(made) == []
    told, steps = mails_once_evaluated(made), alert_steps(made)
    assert told
    assert {kind for *_, kind in steps} == {"firing"}

    stop_workers(made)
    lose_clickhouse(made)
    restored = run(made, "backup", "restore", "first", "--json")
    assert restored.code == 0, restored.err
    assert restored.document == {**backup.document, "bytes": restored.document["bytes"]}
    had = published(made)
    assert had < len(ledger) - 200, "the backup has everything: the test shows nothing"
    behind = run(made, "recover", "offsets", "--json")
    assert behind.code == 1
    lacking = [each["committed"] - each["stored"] for each in behind.document if each["missing"]]
    assert sum(lacking) == len(ledger) - had
    assert not any(each["lost"] for each in behind.document)

    alerts = run(made, "recover", "alerts", "--json")
    assert alerts.code == 0, alerts.err
    assert alerts.document["published"] == alerts.document["recovered"] > 0
    assert run(made, "recover", "alerts", "--json").document["recovered"] == 0

    made.start_worker().wait_until_ready()
    made.workers[0].wait_until_it_logs("the store has less than the group committed")
    drain(made, len(ledger))
    assert_all_is_stored(made, ledger)
    assert values(made.database_url) == before
    wait_until_committed(made, ledger)
    assert standing(made) == []
    # Rules were evaluated since: what was told before the loss was not told again, and no alert was taken back because
    # what it rests on was not read again yet.
    assert mails_once_evaluated(made) == told
    assert alert_steps(made) == steps
    assert metric(made, "bewithu_audit_differences_total") == 0
    assert_that_what_kafka_deleted_is_told(made, ledger)


def most_registered(made: Stage) -> float:
    """The highest value that the rule sees in any region."""
    with closing(Database.at(made.database_url)) as database:
        return float(
            database.value(
                "SELECT max(newest) FROM (SELECT area, argMax(value, day) AS newest FROM indicator_values WHERE"
                " indicator = 'registrations_7d' AND breakdown = '' AND area IN ('02000', '03000', '04000')"
                " AND day < today() GROUP BY area)"
            )
        )


def alert_steps(made: Stage) -> Sequence[Sequence[object]]:
    with closing(Database.at(made.database_url)) as database:
        return database.rows("SELECT DISTINCT rule, area, number, kind FROM alert_log ORDER BY ALL")


def assert_that_what_kafka_deleted_is_told(made: Stage, ledger: Ledger) -> None:
    """Once more; and meanwhile Kafka has deleted the first records behind the backup of one partition."""
    stop_workers(made)
    lose_clickhouse(made)
    with closing(Database.at(made.database_url)) as database:
        Backups(database, "backups").restore("first")
        prepare(database)
    place, gone = delete_records(made)
    sentence = f"LOST: {place[0]}/{place[1]} offsets {gone} are not noted as stored"
    told = run(made, "recover", "offsets", "--json")
    assert told.code == 1
    assert sentence in told.err
    assert {(each["topic"], each["partition"]): each["lost"] for each in told.document if each["lost"]} == {
        place: [str(gone)]
    }

    made.start_worker().wait_until_ready()
    made.workers[0].wait_until_it_logs(sentence)
    drain(made, len(ledger) - (gone.behind - gone.first))
    kept = Ledger()
    for (topic, partition, offset), sent in ledger.items():
        if (topic, partition) != place or not gone.first <= offset < gone.behind:
            kept.note((topic, partition, offset), sent)
    # A backup copies facts after their notes, so it may have some of what is not noted.
    with closing(Database.at(made.database_url)) as database:
        for event_type in ("registration", "benefit_grant", "housing_change"):
            found = set(database.rows(f"SELECT event_id, revision FROM facts_{event_type} FINAL"))
            assert keys(kept, event_type) <= found <= keys(ledger, event_type)
    (left,) = (each for each in standing(made) if each.place == place)
    assert (left.missing, left.lost) == ((), (gone,))


def keys(ledger: Ledger, event_type: str) -> set[tuple[UUID, int]]:
    """The events and revisions that must be in the facts."""
    topic = f"bewithu.{event_type}.v1"
    return {
        (sent.event["event_id"], sent.event["revision"]) for sent in ledger.sound() if sent.topic == topic
    }


def standing(made: Stage) -> Sequence[Standing]:
    """The partitions that are not whole."""
    with closing(Database.at(made.database_url)) as database:
        found = look(Kafka(bootstrap_servers=made.kafka.bootstrap_servers, group=GROUP), database)
    assert found
    return [each for each in found if each.missing or each.lost or each.is_cut]


def delete_records(made: Stage) -> tuple[Place, Range]:
    """Half of what the store lacks of one partition; returns the partition and the offsets that are gone."""
    most = max(standing(made), key=lambda each: sum(found.behind - found.first for found in each.missing))
    (missing,) = most.missing
    gone = Range(missing.first, missing.first + (missing.behind - missing.first) // 2)
    admin = AdminClient({"bootstrap.servers": made.kafka.bootstrap_servers, "log_level": 0})
    for done in admin.delete_records([TopicPartition(*most.place, gone.behind)]).values():
        done.result(timeout=20)
    return most.place, gone
