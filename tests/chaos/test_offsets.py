"""A worker takes up where the last one stopped: what was committed is not read again."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from sinks.clickhouse.database import Database
from tests.chaos.agencies import Agencies, schema_ids
from tests.chaos.ledger import Ledger
from tests.chaos.stage import GROUP, Stage, stage
from tests.chaos.watcher import Watcher
from tests.parts.deadlines import wait_until
from tests.parts.processes import running

EVENTS = 300


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path / "stage", seed=3) as found:
        yield found


def batches_and_records(made: Stage) -> tuple[int, int]:
    """How many batches were noted, and the records in them, repeated ones included."""
    with closing(Database.at(made.database_url)) as database:
        ((batches, records),) = database.rows("SELECT count(), sum(records) FROM batches")
        return batches, records


def publish(made: Stage, ledger: Ledger, seed: int) -> int:
    agencies = Agencies(
        made.kafka.bootstrap_servers, schema_ids(made.schema_ids()), ledger, seed, per_second=300
    )
    agencies.start()
    wait_until(lambda: agencies.sent >= EVENTS, 30, f"{EVENTS} events to be sent")
    agencies.stop()
    return len(ledger)


@pytest.mark.timeout(120)
def test_a_worker_that_is_started_again_reads_nothing_that_was_committed(made: Stage) -> None:
    ledger = Ledger()
    watcher = Watcher(made.kafka.bootstrap_servers, GROUP, made.clickhouse.port, ledger)
    first = made.start_worker()
    first.wait_until_ready()
    total = publish(made, ledger, seed=1)
    with running(watcher):
        wait_until(
            lambda: watcher.look() and sum(watcher.committed.values()) == total, 30, "all to be committed"
        )
        assert batches_and_records(made)[1] == total
        first.process.kill()
        made.workers.remove(first)

        made.start_worker().wait_until_ready()
        more = publish(made, ledger, seed=2)
        wait_until(
            lambda: watcher.look() and sum(watcher.committed.values()) == more, 60, "the rest to be committed"
        )
        assert batches_and_records(made)[1] == more, "records were read again"
        assert watcher.records == more
        assert watcher.broken == []
