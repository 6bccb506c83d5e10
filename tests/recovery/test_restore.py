"""ClickHouse is lost and restored from a backup that was made while events flowed: nothing is lost, nothing double."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

import pytest
from confluent_kafka import TopicPartition
from confluent_kafka.admin import AdminClient

from bewithu.clock import brussels_day
from sinks.clickhouse.database import Database
from tests.chaos import checks
from tests.chaos.ledger import Ledger
from tests.chaos.stage import GROUP, Stage, stage
from tests.chaos.watcher import Watcher
from tests.parts.deadlines import wait_until
from tests.recovery.stage import agencies, drain, lose_clickhouse, published, run, stop_workers, values


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Stage]:
    (tmp_path / "backups").mkdir()
    with stage(tmp_path / "stage", seed=5, backups=tmp_path / "backups") as found:
        yield found


def assert_all_is_right(made: Stage, ledger: Ledger) -> None:
    with closing(Database.at(made.database_url)) as database:
        different, compared = checks.values(database, ledger, brussels_day(datetime.now(UTC)))
        broken = [
            *checks.books(database, ledger),
            *checks.facts(database, ledger),
            *checks.quarantine(database, ledger),
            *different,
        ]
    assert not broken, "\n".join(broken)
    assert compared


def wait_until_committed(made: Stage, ledger: Ledger) -> None:
    watcher = Watcher(made.kafka.bootstrap_servers, GROUP, made.clickhouse.port, ledger)
    watcher.start()
    try:
        wait_until(
            lambda: watcher.look() and sum(watcher.committed.values()) == len(ledger),
            30,
            "all to be committed",
        )
    finally:
        watcher.stop()


@pytest.mark.timeout(240)
def test_a_lost_store_is_restored_and_goes_on_from_what_it_has(made: Stage) -> None:
    ledger = Ledger()
    made.start_worker().wait_until_ready()
    flowing = agencies(made, ledger, seed=1)
    wait_until(
        lambda: published(made) >= 300, 60, "300 records to be stored", log=made.workers[0].process.log
    )
    backup = run(made, "backup", "create", "first", "--json")
    assert backup.code == 0, backup.err
    in_backup = published(made)
    wait_until(lambda: flowing.sent >= in_backup + 400, 60, "400 more events to be sent")
    flowing.stop()
    drain(made, len(ledger))
    assert_all_is_right(made, ledger)
    before = values(made.database_url)
    wait_until_committed(made, ledger)
    assert run(made, "recover", "offsets").code == 0

    stop_workers(made)
    lose_clickhouse(made)
    restored = run(made, "backup", "restore", "first", "--json")
    assert restored.code == 0, restored.err
    assert restored.document["begun"] == backup.document["begun"]
    had = published(made)
    assert had < len(ledger) - 300, "the backup has everything: the test shows nothing"
    behind = run(made, "recover", "offsets", "--json")
    assert behind.code == 1
    assert (
        sum(each["committed"] - each["stored"] for each in behind.document if each["missing"])
        == len(ledger) - had
    )
    assert not any(each["lost"] for each in behind.document)

    made.start_worker().wait_until_ready()
    made.workers[0].wait_until_it_logs("the store has less than the group committed")
    drain(made, len(ledger))
    assert_all_is_right(made, ledger)
    assert values(made.database_url) == before
    wait_until_committed(made, ledger)
    assert run(made, "recover", "offsets").code == 0
    assert run(made, "backup", "restore", "first").code == 1, "restored over tables"

    # Again; and meanwhile Kafka has deleted the first records behind the backup of one partition.
    stop_workers(made)
    lose_clickhouse(made)
    assert run(made, "backup", "restore", "first").code == 0
    place, first, behind_lost = delete_records(made)
    told = run(made, "recover", "offsets", "--json")
    assert told.code == 1
    lost = {(each["topic"], each["partition"]): each["lost"] for each in told.document if each["lost"]}
    assert lost == {place: [f"{first}-{behind_lost - 1}"]}
    assert f"LOST: {place[0]}/{place[1]} offsets {first}-{behind_lost - 1} are not stored" in told.err

    made.start_worker().wait_until_ready()
    made.workers[0].wait_until_it_logs(f"LOST: {place[0]}/{place[1]} offsets {first}-{behind_lost - 1}")
    left = Ledger()
    for (topic, partition, offset), sent in ledger.items():
        if (topic, partition) != place or not first <= offset < behind_lost:
            left.note((topic, partition, offset), sent)
    drain(made, len(left))
    assert_all_is_right(made, left)


def delete_records(made: Stage) -> tuple[tuple[str, int], int, int]:
    """Half of what the store lacks of one partition; returns the partition and the offsets that are gone."""
    lacking = Counter(
        {
            (each["topic"], each["partition"]): each["committed"] - each["stored"]
            for each in run(made, "recover", "offsets", "--json").document
            if each["missing"]
        }
    )
    place, count = lacking.most_common(1)[0]
    (found,) = (
        each
        for each in run(made, "recover", "offsets", "--json").document
        if (each["topic"], each["partition"]) == place
    )
    behind = found["stored"] + count // 2
    assert behind > found["stored"] + 1
    admin = AdminClient({"bootstrap.servers": made.kafka.bootstrap_servers, "log_level": 0})
    for done in admin.delete_records([TopicPartition(*place, behind)]).values():
        done.result(timeout=20)
    return place, found["stored"], behind
