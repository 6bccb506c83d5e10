"""What a worker tells of itself: the lag, the parts that it needs, and what it did while it led."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest
from aiokafka.errors import KafkaError
from clickhouse_connect.driver.exceptions import DatabaseError
from faust.types import TP

from alerts.announce import Announced
from alerts.teller import StepReport
from bewithu.errors import DataRefused, Unavailable
from bewithu.fitting.leader import Leader
from bewithu.settings import ClickHouse
from sinks.clickhouse.contract_tables import landing_table
from sinks.clickhouse.database import Database
from sinks.clickhouse.indicator_store import Refreshed
from sinks.clickhouse.watched_database import Outcome, WatchedDatabase, answers
from streams.lag import Lag, watch_lag
from streams.transport import BatchConsumer
from tests.alerts.samples import transition
from tests.intake_samples import REGISTRATION
from tests.metrics.stage import TOPIC, Stage
from tests.parts.deadlines import wait_until_async
from tests.parts.processes import free_port

NOW = datetime(2025, 3, 3, 9, 30, tzinfo=UTC)


# --- Kafka ---


async def lag_of(ends: Mapping[TP, tuple[int, int]], committed: Mapping[TP, int | None]) -> Mapping[TP, int]:
    async def asked(seconds: float) -> Mapping[TP, tuple[int, int]]:
        return ends

    consumer: Any = SimpleNamespace(_thread=SimpleNamespace(ends=asked), _committed_offset=committed)
    return await BatchConsumer.lag(consumer, 1)


async def test_the_lag_is_what_lies_behind_the_last_commit() -> None:
    new, old, none, beyond = (TP(TOPIC, number) for number in range(4))
    ends = {new: (0, 30), old: (100, 130), none: (0, 0), beyond: (0, 5)}
    # Of `old` nothing was committed, and what came first is no longer kept; a commit may be newer than the ends.
    assert await lag_of(ends, {new: 10, old: None, none: None, beyond: 6}) == {
        new: 20,
        old: 30,
        none: 0,
        beyond: 0,
    }


async def test_while_kafka_does_not_answer_there_is_no_lag_and_it_is_logged_once(
    caplog: pytest.LogCaptureFixture,
) -> None:
    answers: list[Any] = [{TP(TOPIC, 0): 7, TP("bewithu-__assignor-__leader", 0): 1}]
    asked, lag = 0, Lag()

    async def ask(seconds: float) -> Mapping[TP, int]:
        nonlocal asked
        asked += 1
        if isinstance(answers[0], Exception):
            raise answers[0]
        return dict(answers[0])

    watching = asyncio.create_task(watch_lag(lag, ask, every=0.001))
    try:
        # Faust's own topic is left out.
        await wait_until_async(lambda: lag.records == {TP(TOPIC, 0): 7}, 10, "the lag", every=0.005)
        with caplog.at_level(logging.WARNING):
            for error in (KafkaError("broken"), TimeoutError(), OSError("refused")):
                answers[0], before = error, asked
                await wait_until_async(lambda before=before: asked > before + 2, 10, "tries", every=0.005)
                assert (lag.records, lag.kafka_answers) == ({}, False)
        assert len(caplog.records) == 1
        answers[0] = {TP(TOPIC, 0): 0}
        await wait_until_async(lambda: lag.kafka_answers, 10, "an answer", every=0.005)
    finally:
        watching.cancel()


def test_a_worker_that_has_not_asked_kafka_does_not_say_that_it_is_down() -> None:
    """As while the registry is away at the start."""
    stage = Stage()
    stage.metrics.lag.kafka_answers = Lag().kafka_answers
    assert "bewithu_kafka_up" not in stage.samples()
    for answers_now in (True, False):
        stage.metrics.lag.kafka_answers = answers_now
        assert stage.samples()["bewithu_kafka_up"] == answers_now


# --- ClickHouse ---


def test_errors_of_clickhouse_are_counted_by_whose_they_are(
    database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    watched = WatchedDatabase(database._connect, "the test's")
    monkeypatch.setattr(watched, "_client", database._client)
    assert watched.value("SELECT 1") == 1
    with pytest.raises(DatabaseError):
        watched.rows("SELECT no_such_column")
    with pytest.raises(DataRefused):
        watched.insert_avro(landing_table(REGISTRATION.topic), b"Obj\x01junk")
    assert (dict(watched.errors), answers([watched])) == ({"statement": 1, "data": 1}, True)

    def full(*_: object) -> None:
        raise DatabaseError("Code: 243. DB::Exception: not enough space", code=243)

    with pytest.raises(Unavailable):
        watched._run(full)
    assert (watched.errors["state"], answers([watched])) == (1, False)
    assert watched.value("SELECT 1") == 1
    assert answers([watched])


def test_a_server_that_is_away_is_an_error_of_the_connection() -> None:
    watched = WatchedDatabase.of(ClickHouse(url=f"http://127.0.0.1:{free_port()}/default"))
    stage = Stage()
    with pytest.raises(Unavailable):
        watched.value("SELECT 1")
    stage.database.errors, stage.database.last = watched.errors, watched.last
    told = stage.samples()
    assert told['bewithu_clickhouse_errors_total{kind="connection"}'] == 1
    assert told['bewithu_clickhouse_errors_total{kind="data"}'] == 0
    assert told["bewithu_clickhouse_up"] == 0


def test_one_failure_on_a_connection_that_is_rarely_used_is_soon_past() -> None:
    board, intake, unused = (WatchedDatabase(_nobody, "nowhere") for _ in range(3))
    assert answers([board, intake, unused]), "nothing was asked yet"
    board.last = Outcome(10.0, answered=False)
    assert not answers([board, intake, unused])
    intake.last = Outcome(9.0, answered=True)
    assert not answers([board, intake, unused])
    intake.last = Outcome(11.0, answered=True)
    assert answers([board, intake, unused])
    intake.last = Outcome(12.0, answered=False)
    assert not answers([board, intake, unused])


def _nobody() -> Any:
    raise AssertionError("nobody connects here")


def test_readiness_and_the_intake_are_told_as_they_are() -> None:
    stage = Stage()
    told = stage.samples()
    assert (told["bewithu_ready"], told["bewithu_intake_up"], told["bewithu_rebalances_total"]) == (1, 1, 2)
    assert told[f'bewithu_consumer_lag_records{{partition="0",topic="{TOPIC}"}}'] == 7
    assert told['bewithu_build_info{version="1.2.3"}'] == 1
    stage.worker.ready, stage.worker.progress.away = False, "ClickHouse is away"
    told = stage.samples()
    assert (told["bewithu_ready"], told["bewithu_intake_up"]) == (0, 0)


# --- the leader ---


class Clock:
    """Half a second passes with every look."""

    def __init__(self) -> None:
        self.moment = NOW

    def now(self) -> datetime:
        self.moment += timedelta(seconds=0.5)
        return self.moment


class Scripted:
    """A leader whose parts answer what a test says."""

    def __init__(self) -> None:
        self.refreshes: list[Refreshed | Exception | None] = []
        self.reports: list[StepReport | Exception] = []
        self.leader = Leader(self.refresh, self.tell, Clock(), announce=self.announce)
        self.stage = Stage(leader=self.leader)

    def refresh(
        self, now: datetime, on_values: Callable[[], object], leads: Callable[[], bool]
    ) -> Refreshed | None:
        found = self.refreshes.pop(0) if self.refreshes else None
        if isinstance(found, Exception):
            raise found
        if found:
            on_values()
        return found

    async def tell(self, now: datetime) -> StepReport:
        report = self.reports.pop(0)
        if isinstance(report, Exception):
            raise report
        return report

    async def announce(self) -> Announced:
        return Announced(2)

    def samples(self) -> Mapping[str, float]:
        return self.stage.samples()


async def test_what_the_leader_did_is_counted_by_outcome() -> None:
    scripted = Scripted()
    taken = (transition("firing"), transition("firing"), transition("resolved"))
    scripted.reports = [
        StepReport(
            taken,
            sent=3,
            put_off=1,
            given_up=2,
            waiting=4,
            unanswered=1,
            evaluation_seconds=0.2,
            mail_seconds=0.1,
        ),
        StepReport(trouble="ClickHouse is away"),
        RuntimeError("a bug"),
    ]
    await scripted.leader.step()
    assert scripted.samples()["bewithu_mails_waiting"] == 4
    await scripted.leader.step()
    # Nobody knows what waits.
    assert "bewithu_mails_waiting" not in scripted.samples()
    with pytest.raises(RuntimeError):
        await scripted.leader.step()
    told = scripted.samples()
    mails = {"sent": 3, "put_off": 1, "unanswered": 1, "given_up": 2}
    assert {each: told[f'bewithu_mails_total{{outcome="{each}"}}'] for each in mails} == mails
    assert told['bewithu_rule_evaluations_total{outcome="done"}'] == 1
    assert told['bewithu_rule_evaluations_total{outcome="failed"}'] == 2
    assert told['bewithu_alert_transitions_total{kind="firing"}'] == 2
    assert told['bewithu_alert_transitions_total{kind="dropped"}'] == 0
    assert told["bewithu_alert_events_total"] == 4
    assert told['bewithu_stage_duration_seconds_sum{stage="evaluate"}'] == pytest.approx(0.2)
    assert told['bewithu_stage_duration_seconds_count{stage="mail"}'] == 1
    assert told['bewithu_stage_duration_seconds_count{stage="announce"}'] == 2


async def test_a_refresh_tells_how_long_it_took_and_how_long_its_events_were_on_their_way() -> None:
    scripted = Scripted()
    at = round(NOW.timestamp() * 1000)
    # Values can be read half a second after the refresh began, which is half a second after `NOW`.
    scripted.refreshes = [
        Refreshed(2, 11, 1.5, more=False, kafka_times=[at, at - 4_000]),
        Unavailable("ClickHouse", "gone"),
    ]
    scripted.reports = [StepReport()]
    await scripted.leader.step()
    with pytest.raises(Unavailable):
        await scripted.leader.step()
    told = scripted.samples()
    assert told['bewithu_stage_duration_seconds_sum{stage="refresh"}'] == 1.5
    assert told["bewithu_end_to_end_latency_seconds_count"] == 2
    assert told["bewithu_end_to_end_latency_seconds_sum"] == pytest.approx(1 + 5)
    assert told["bewithu_indicator_values_changed_total"] == 11
    assert told['bewithu_indicator_refreshes_total{outcome="done"}'] == 1
    assert told['bewithu_indicator_refreshes_total{outcome="failed"}'] == 1
