"""What `bewithu recover` is asked for by hand: offsets that are missing in the midst, and mails that still waited."""

from __future__ import annotations

from contextlib import closing
from datetime import UTC, datetime, timedelta

import pytest

from sinks.clickhouse.database import Database
from tests.chaos.ledger import Ledger
from tests.chaos.stage import Stage
from tests.parts.deadlines import wait_until
from tests.recovery.stage import (
    agencies,
    assert_all_is_stored,
    drain,
    lose_clickhouse,
    mails_once_evaluated,
    published,
    run,
    stop_workers,
    values,
    wait_until_committed,
)

FACTS = ("registration", "benefit_grant", "housing_change")
#: Of each partition the batches between its first and its last.
MIDST = """
SELECT batch, topic, partition, first_offset, last_offset FROM batches
WHERE (topic, partition, first_offset) NOT IN (SELECT topic, partition, min(first_offset) FROM batches GROUP BY 1, 2)
    AND (topic, partition, first_offset) NOT IN (SELECT topic, partition, max(first_offset) FROM batches GROUP BY 1, 2)
"""


def lose_the_midst(made: Stage, ledger: Ledger) -> int:
    """Takes the batches between the first and the last of each partition from the store, as if workers had run on over
    the restore of a backup. Returns how many records they had."""
    with closing(Database.at(made.database_url)) as database:
        batches = database.rows(MIDST)
        places = {
            (topic, partition, offset)
            for _, topic, partition, first, last in batches
            for offset in range(first, last + 1)
        }
        whole = {sent.event["event_id"] for place, sent in ledger.items() if place not in places}
        events = {sent.event["event_id"] for place, sent in ledger.items() if place in places} - whole
        for event in FACTS:
            delete(database, f"facts_{event}", "has({lost:Array(UUID)}, event_id)", list(events))
        delete(database, "batches", "has({lost:Array(UUID)}, batch)", [row[0] for row in batches])
        return len(places)


def delete(database: Database, table: str, where: str, lost: list[object]) -> None:
    database.run(f"ALTER TABLE {table} DELETE WHERE {where} SETTINGS mutations_sync = 2", lost=lost)


@pytest.mark.timeout(300)
def test_what_is_missing_in_the_midst_is_found_and_read_again(made: Stage) -> None:
    ledger = Ledger()
    made.start_worker().wait_until_ready()
    flowing = agencies(made, ledger, seed=2)
    wait_until(lambda: published(made) >= 600, 60, "600 records to be stored")
    flowing.stop()
    drain(made, len(ledger))
    wait_until_committed(made, ledger)
    before = values(made.database_url)
    stop_workers(made)

    lost = lose_the_midst(made, ledger)
    assert lost > 100, "there is no hole: the test shows nothing"
    # A worker goes on behind its last batch, and leaves the hole as it is.
    made.start_worker().wait_until_ready()
    while_running = run(made, "recover", "offsets", "--set-back")
    assert while_running.code == 1
    assert "stop" in while_running.err
    stop_workers(made)
    assert published(made) == len(ledger) - lost

    found = run(made, "recover", "offsets", "--json")
    assert found.code == 1
    assert sum(_length(missing) for each in found.document for missing in each["missing"]) == lost
    set_back = run(made, "recover", "offsets", "--set-back")
    assert set_back.code == 0, set_back.err
    made.start_worker().wait_until_ready()
    drain(made, len(ledger))
    assert_all_is_stored(made, ledger)
    assert values(made.database_url) == before
    assert run(made, "recover", "offsets").code == 0


def _length(offsets: str) -> int:
    first, _, last = offsets.partition("-")
    return int(last or first) - int(first) + 1


@pytest.mark.timeout(300)
def test_mails_that_waited_when_the_store_was_lost_are_told_when_they_are_asked_for(made: Stage) -> None:
    ledger, since = Ledger(), datetime.now(UTC) - timedelta(minutes=1)
    made.start_worker().wait_until_ready()
    backup = run(made, "backup", "create", "first")
    assert backup.code == 0, backup.err
    made.mail.stop()
    flowing = agencies(made, ledger, seed=3)
    wait_until(lambda: queued(made) > 0, 90, "mails to wait", log=made.workers[0].process.log)
    flowing.stop()
    drain(made, len(ledger))
    waiting = queued(made)
    wait_until(
        lambda: run(made, "recover", "alerts", "--json").document["published"] >= 1,
        30,
        "the alerts to be on their topic",
    )
    stop_workers(made)

    lose_clickhouse(made)
    restored = run(made, "backup", "restore", "first")
    assert restored.code == 0, restored.err
    told = run(made, "recover", "alerts", "--tell-since", f"{since:%Y-%m-%dT%H:%M}", "--json")
    assert told.code == 0, told.err
    assert told.document["to_tell"] == told.document["recovered"] > 0
    made.mail.start()
    made.start_worker().wait_until_ready()
    drain(made, len(ledger))
    mails = mails_once_evaluated(made)
    assert len(mails) >= waiting > 0
    assert set(mails.values()) == {1}


def queued(made: Stage) -> int:
    with closing(Database.at(made.database_url)) as database:
        return int(database.value("SELECT uniqExact(message_id) FROM mail_log WHERE outcome = 'queued'"))
