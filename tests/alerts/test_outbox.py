"""What is mailed when: once each, in order, with patience while the mail server is away."""

from __future__ import annotations

from datetime import timedelta

import pytest

from alerts.addressing import addressed, message_id
from alerts.outbox import Due, backoff, due, open_notices
from alerts.rules import Rule
from schemas.alerting import MailNote, Outcome, Transition
from tests.alerts.samples import LIEGE, NOON, book, coordinator, rule, transition

ANN, BO = "ann@x.be", "bo@x.be"
PEOPLE = book(coordinator(ANN, LIEGE), coordinator(BO, "BE"), coordinator("far@x.be", "02000"))
RULES = {"arrivals_high": rule()}
TWO_RULES = RULES | {"shares_low": rule(id="shares_low")}
FIRING = transition("firing", 2)
RESOLVED = transition("resolved", 3)


def notes(*outcomes: tuple[Outcome, float], about: Transition = FIRING, address: str = ANN) -> list[MailNote]:
    """Notes of one mail, each with the seconds after noon at which it was made."""
    return [
        MailNote("<m@x>", about.id, address, outcome, NOON + timedelta(seconds=seconds), f"said {outcome}")
        for outcome, seconds in outcomes
    ]


def decide(found: list[MailNote], seconds: float, rules: dict[str, Rule] | None = None) -> list[Due]:
    mails = open_notices([FIRING, RESOLVED], found)
    return list(
        due(mails, PEOPLE, RULES if rules is None else rules, NOON + timedelta(seconds=seconds), "x.be")
    )


def only(found: list[MailNote], seconds: float) -> tuple[str, str]:
    (decision,) = decide(found, seconds)
    return decision.action, decision.reason


# --- who is addressed ---


def test_a_firing_is_queued_for_everyone_who_is_told_and_noted_as_addressed_in_one_go() -> None:
    written = addressed(FIRING, rule(), PEOPLE, frozenset(), "x.be", NOON)
    assert [(note.outcome, note.coordinator) for note in written] == [
        ("addressed", ""),
        ("queued", ANN),
        ("queued", BO),
    ]
    assert written[0].detail == "2 of 3 coordinators"
    assert [note.detail for note in written[1:]] == ["60000 is the coordinator's area", "60000 lies in BE"]
    assert written[1].message_id == message_id([FIRING], ANN, "x.be") != written[2].message_id


def test_the_end_of_an_alert_is_told_to_those_who_heard_of_it_only() -> None:
    written = addressed(RESOLVED, rule(), PEOPLE, frozenset({BO, "gone@x.be"}), "x.be", NOON)
    assert [note.coordinator for note in written] == ["", BO]


def test_a_rule_that_is_no_longer_defined_reaches_nobody_and_the_note_says_so() -> None:
    (note,) = addressed(FIRING, None, PEOPLE, frozenset(), "x.be", NOON)
    assert (note.outcome, note.detail) == ("addressed", "nobody: rule arrivals_high is no longer defined")


def test_message_ids_differ_by_transition_reader_and_onset_and_by_nothing_else() -> None:
    assert message_id([FIRING], ANN, "x.be") == message_id([transition("firing", 2, value=9.0)], ANN, "x.be")
    earlier = transition("firing", 2, since=NOON - timedelta(days=9))
    ids = {message_id([step], who, "x.be") for step in (FIRING, RESOLVED, earlier) for who in (ANN, BO)}
    assert len(ids) == 6


# --- one mail through its life ---


def test_a_queued_mail_is_sent_now() -> None:
    assert only(notes(("queued", 0)), 0) == ("send", "queued")


@pytest.mark.parametrize("final", ["sent", "given_up"])
def test_nothing_more_is_done_about_a_finished_mail_whatever_follows(final: Outcome) -> None:
    assert decide(notes(("queued", 0), ("sending", 1), (final, 2), ("retry", 3)), 1000) == []


@pytest.mark.parametrize(
    ("failures", "seconds"), [(1, 1), (2, 2), (3, 4), (4, 8), (9, 256), (10, 300), (1000, 300)]
)
def test_the_pause_doubles_from_one_second_up_to_five_minutes(failures: int, seconds: int) -> None:
    assert backoff(failures) == timedelta(seconds=seconds)


def test_a_mail_that_was_not_taken_waits_for_its_pause_and_goes_out_then() -> None:
    tried = notes(("queued", 0), ("sending", 0), ("retry", 0), ("sending", 1), ("retry", 1))
    assert only(tried, 2.9) == ("wait", "tried 2 times; next 0:00:02 after the last")
    assert only(tried, 3) == ("send", "attempt 3")


def test_a_mail_that_nobody_takes_is_given_up_after_three_days_and_not_before() -> None:
    tried = notes(("queued", 0), ("sending", 72 * 3600 - 1), ("retry", 72 * 3600 - 1))
    assert only(tried, 72 * 3600 - 0.5)[0] == "wait"
    action, reason = only(tried, 72 * 3600)
    assert (action, reason) == ("give_up", "not taken for 72 hours, last: said retry")


def test_a_mail_that_waited_three_days_for_a_worker_is_tried_before_it_is_given_up() -> None:
    assert only(notes(("queued", 0)), 100 * 3600) == ("send", "queued")


def test_a_mail_whose_sending_has_no_outcome_is_sent_once_more_and_not_twice() -> None:
    lost = notes(("queued", 0), ("sending", 1))
    assert only(lost, 100) == ("wait", "it is being handed to the mail server")
    assert only(lost, 121) == ("send", "the last sending ended without an answer on record")
    lost += notes(("sending", 121))
    assert only(lost, 200)[0] == "wait"
    assert only(lost, 241) == ("give_up", "2 sendings ended without an answer on record")


def test_an_answer_after_a_lost_one_is_followed_as_usual() -> None:
    tried = notes(("queued", 0), ("sending", 1), ("sending", 200), ("retry", 200))
    assert only(tried, 200.5)[0] == "wait"
    assert only(tried, 201)[0] == "send"


def test_a_retry_without_a_sending_does_not_hide_a_lost_one() -> None:
    # Mails that were not tried because the server was away get a `retry` without a `sending`.
    tried = notes(("queued", 0), ("retry", 0), ("sending", 1), ("sending", 200))
    assert only(tried, 400)[0] == "give_up"


def test_an_address_that_left_the_book_and_a_rule_that_was_withdrawn_are_given_up() -> None:
    assert only(notes(("queued", 0), address="gone@x.be"), 0) == (
        "give_up",
        "the address is no longer in the address book",
    )
    (decision,) = decide(notes(("queued", 0)), 0, rules={})
    assert (decision.action, decision.reason) == ("give_up", "rule arrivals_high is no longer defined")


# --- order ---


def test_the_end_of_an_alert_never_overtakes_its_beginning() -> None:
    found = [
        *notes(("queued", 0), ("sending", 0), ("retry", 0)),
        *notes(("queued", 0.5), about=RESOLVED),
        *notes(("queued", 0.5), about=RESOLVED, address=BO),
    ]
    waiting, behind, free = decide(found, 0.6)
    assert [each.action for each in (waiting, behind, free)] == ["wait", "wait", "send"]
    assert behind.reason == "an earlier mail of this alert has not left yet"
    assert (free.address, free.notices[0].transition) == (BO, RESOLVED)


def test_the_end_of_an_alert_is_told_though_its_beginning_had_to_be_given_up() -> None:
    found = [*notes(("queued", 0), ("sending", 0), ("sending", 130)), *notes(("queued", 1), about=RESOLVED)]
    assert [(each.notices[0].transition.kind, each.action) for each in decide(found, 300)] == [
        ("firing", "give_up"),
        ("resolved", "send"),
    ]


def test_mails_leave_in_the_order_of_their_queueing() -> None:
    namur = transition("firing", 2, area="90000", rule="shares_low")
    found = [
        *notes(("queued", 5), address=BO),
        *notes(("queued", 2)),
        *notes(("queued", 3), about=namur, address=BO),
    ]
    decisions = due(
        open_notices([FIRING, namur], found), PEOPLE, TWO_RULES, NOON + timedelta(seconds=9), "x.be"
    )
    assert [(each.address, each.notices[0].transition.area) for each in decisions] == [
        (ANN, LIEGE),
        (BO, "90000"),
        (BO, LIEGE),
    ]


def test_notes_without_their_transition_are_left_for_later() -> None:
    assert open_notices([RESOLVED], notes(("queued", 0))) == ()
