"""The two logs in ClickHouse: what is written is read back, once, in order, also when it was written twice."""

from __future__ import annotations

from datetime import timedelta
from typing import get_args

import pytest

from alerts.evaluate import latest
from bewithu.clock import BRUSSELS
from schemas.alerting import KINDS, OUTCOMES, MailNote, Outcome, Transition
from sinks.clickhouse.alert_log import ClickHouseAlertLog
from sinks.clickhouse.database import Database
from tests.alerts.samples import NOON, transition

ANN = "ann@example.invalid"


@pytest.fixture
def log(database: Database) -> ClickHouseAlertLog:
    return ClickHouseAlertLog(database)


def note(outcome: Outcome, seconds: float = 0, about: str = "t1", coordinator: str = ANN) -> MailNote:
    at = NOON + timedelta(seconds=seconds)
    return MailNote(f"<{about}@bewithu.invalid>", about, coordinator, outcome, at, f"note {outcome} ‘x’")


def step(number: int, kind: str, **changes: object) -> Transition:
    fields = {"id": f"{number}{kind}", "at": NOON + timedelta(minutes=number)} | changes
    return transition(kind, number, **fields)  # type: ignore[arg-type]


def test_a_transition_comes_back_as_it_was_written(log: ClickHouseAlertLog) -> None:
    written = step(1, "firing", reason="412 > 150: 'quoted' \\ and\nbroken", value=0.1 + 0.2)
    log.append([written])
    assert list(log.transitions([written.id])) == [written]
    assert list(log.states()) == [written]
    assert list(log.recent(5)) == [written]


def test_every_kind_and_outcome_has_a_place_in_the_tables(log: ClickHouseAlertLog) -> None:
    log.append([step(number, kind) for number, kind in enumerate(KINDS)])
    assert {each.kind for each in log.recent(10)} == set(KINDS)
    log.note([note(outcome, number) for number, outcome in enumerate(OUTCOMES)])
    assert {each.outcome for each in log.notes_about("t1")} == set(get_args(Outcome))


def test_a_step_written_twice_counts_once_and_its_first_writing_counts(log: ClickHouseAlertLog) -> None:
    first = step(1, "firing")
    again = step(1, "firing", at=NOON + timedelta(hours=3))
    log.append([again])
    log.append([first])
    assert list(log.states()) == list(log.unaddressed()) == list(log.transitions([first.id])) == [first]


def test_the_states_are_those_that_the_whole_log_gives(log: ClickHouseAlertLog) -> None:
    history = [
        step(1, "pending"),
        step(2, "dropped"),
        step(2, "firing", at=NOON),
        step(1, "pending", id="other", area="50000"),
        step(10, "pending", id="ten", area="30000"),
        step(9, "resolved", id="nine", area="30000", at=NOON + timedelta(days=1)),
    ]
    for each in history:
        log.append([each])
    assert latest(log.states()) == latest(history)
    assert len(log.states()) == 3


def test_the_states_before_a_moment_are_those_that_the_log_gave_then(log: ClickHouseAlertLog) -> None:
    history = [
        step(1, "firing"),
        step(2, "resolved"),
        step(1, "pending", id="other", area="50000"),
        step(5, "firing", id="later", area="30000"),
    ]
    log.append(history)
    for minutes in range(8):
        moment = NOON + timedelta(minutes=minutes)
        assert latest(log.states_before(moment)) == latest(each for each in history if each.at < moment)
    # Belgium's clock is an hour ahead.
    assert log.states_before((NOON + timedelta(minutes=2)).astimezone(BRUSSELS)) == (history[2], history[0])


def test_unaddressed_are_firing_and_resolved_without_a_note_of_who_was_addressed(
    log: ClickHouseAlertLog,
) -> None:
    log.append(
        [step(1, "pending"), step(2, "firing"), step(3, "resolved"), step(4, "pending"), step(5, "dropped")]
    )
    assert [each.number for each in log.unaddressed()] == [2, 3]
    log.note([note("addressed", about="2firing", coordinator="")])
    assert [each.number for each in log.unaddressed()] == [3]


def test_a_mail_is_unfinished_until_it_is_sent_or_given_up(log: ClickHouseAlertLog) -> None:
    log.note(
        [note("addressed", coordinator="", about="t1"), note("queued"), note("queued", coordinator="bo@x.be")]
    )
    log.note([note("sending", 1)])
    log.note([note("retry", 1), note("retry", 1)])
    assert [each.outcome for each in log.unfinished() if each.coordinator == ANN] == [
        "queued",
        "sending",
        "retry",
    ]
    log.note([note("sending", 2)])
    log.note([note("sent", 3)])
    assert [(each.coordinator, each.outcome) for each in log.unfinished()] == [("bo@x.be", "queued")]
    log.note([note("given_up", 4, coordinator="bo@x.be")])
    assert list(log.unfinished()) == []


def test_recipients_are_those_that_a_mail_was_queued_for(log: ClickHouseAlertLog) -> None:
    log.note(
        [note("queued"), note("queued", coordinator="bo@x.be"), note("queued", about="t2"), note("sent", 1)]
    )
    assert log.recipients(["t1", "t3"]) == {"t1": {ANN, "bo@x.be"}}
    assert log.recipients([]) == {}


def test_nothing_to_write_is_nothing_to_do(log: ClickHouseAlertLog) -> None:
    log.append([])
    log.note([])
    assert list(log.transitions([])) == list(log.recent(1)) == []


def test_what_did_not_reach_its_reader_is_listed_with_what_is_known_of_it(log: ClickHouseAlertLog) -> None:
    fires, ends = transition("firing", 2), transition("resolved", 3)
    log.append([fires, ends])

    def written(about: Transition, reader: str, *outcomes: Outcome) -> None:
        for second, outcome in enumerate(outcomes):
            at = NOON + timedelta(seconds=second)
            log.note([MailNote("<m@x>", about.id, reader, outcome, at, f"{reader} {outcome}")])

    written(fires, "sent@x.be", "queued", "sending", "retry", "sending", "sent")
    written(fires, "lost@x.be", "queued", "sending", "retry", "sending", "given_up")
    written(ends, "late@x.be", "queued", "sending", "retry")
    found = log.undelivered(NOON - timedelta(hours=1))
    assert [(each.state, each.reader, each.kind, each.tries, each.detail) for each in found] == [
        ("given up", "lost@x.be", "firing", 2, "lost@x.be given_up"),
        ("waiting", "late@x.be", "resolved", 1, "late@x.be retry"),
    ]
    assert found[0].queued_at == NOON
    assert log.undelivered(NOON + timedelta(seconds=1)) == ()
