"""A second database is filled from Kafka beside the serving one, held against it, and takes its place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.chaos.ledger import Ledger
from tests.chaos.stage import Stage, stage
from tests.parts.deadlines import wait_until
from tests.parts.processes import free_port, running, start_process
from tests.recovery.stage import (
    agencies,
    assert_all_is_stored,
    drain,
    mails_once_evaluated,
    published,
    run,
    stop_workers,
    worker_command,
)
from tests.worker_process import Worker


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Stage]:
    with stage(tmp_path / "stage", seed=6) as found:
        found.settings = {"BEWITHU_REFRESH__EVALUATION_SECONDS": "0.5", "BEWITHU_REFRESH__AUDIT_SECONDS": "1"}
        yield found


@pytest.mark.timeout(300)
def test_a_database_that_was_filled_anew_takes_the_place_of_the_serving_one(made: Stage) -> None:
    ledger = Ledger()
    made.start_worker().wait_until_ready()
    flowing = agencies(made, ledger, seed=1)
    wait_until(
        lambda: published(made) >= 250, 60, "250 records to be stored", log=made.workers[0].process.log
    )
    with made.clickhouse.client() as client:
        client.command("CREATE DATABASE green")
    url = made.database_url.replace("/default", "/green")
    green = {"BEWITHU_CLICKHOUSE__URL": url, "BEWITHU_KAFKA__GROUP": "bewithu-green"}
    port = free_port()
    quiet = Worker(
        start_process(
            worker_command("--quiet"),
            made.folder / "quiet.log",
            folder=made.folder,
            environment={**made.environment(), **green, "BEWITHU_HTTP__PORT": str(port)},
        ),
        port,
    )
    with running(quiet):
        wait_until(
            lambda: len(quiet.ask("/health/ready")[1].get("reasons", ())) == 1, 60, "it to be quiet and work"
        )
        assert "is quiet" in quiet.wait_until_it_names("is quiet")
        flowing.stop()
        drain(made, len(ledger))
        drain(made, len(ledger), url)
        assert made.workers[0].ask("/health/ready")[0] == 200, "the serving one stopped to serve"
        told = mails_once_evaluated(made)
        assert told
        # Both took in the same; nobody was told from the second one.
        compared = run(made, "beside", "compare", "default", "--json", **green)
        assert compared.code == 0, compared.out + compared.err
        with made.clickhouse.client(database="green") as client:
            assert client.query("SELECT count() FROM alert_log").result_rows == [(0,)]

        stop_workers(made)
        carried = run(made, "beside", "carry-over", "default", "--json", **green)
        assert carried.code == 0, carried.err
        assert carried.document["rows"]["alert_log"] > 0
    made.settings |= green
    made.start_worker().wait_until_ready()
    more = agencies(made, ledger, seed=2)
    wait_until(lambda: more.sent >= 100, 30, "100 more events to be sent")
    more.stop()
    drain(made, len(ledger), url)
    assert_all_is_stored(made, ledger, url)
    after = mails_once_evaluated(made)
    assert {mail: after[mail] for mail in told} == dict(told), "somebody was told again"
