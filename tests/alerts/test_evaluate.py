"""Alert states against time, each case drawn as a timeline. Any history is in test_alert_model.py."""

from __future__ import annotations

import math
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from alerts.evaluate import State, evaluate, latest, state_after, transition_id
from alerts.judging import findings
from schemas.alerting import Transition
from tests.alerts.samples import LIEGE, NOON, finding, rule, series

HOUR = timedelta(hours=1)


def run(timeline: str, for_: str, below: bool = False, **changes: Any) -> list[str]:
    """Evaluates once an hour; the steps with their hour. `x` over 150, `.` not, `?` no value, `-` nothing reported."""
    watched = rule(**({"for_": for_, "condition": {"below": 150} if below else {"above": 150}} | changes))
    values = {"x": 100.0 if below else 200.0, ".": 150.0, "?": None, "-": None}
    log: list[Transition] = []
    for hour, mark in enumerate(timeline):
        state = latest(log).get((watched.id, LIEGE))
        decision = evaluate(
            watched, finding(watched, values[mark], silent=mark == "-"), state, NOON + hour * HOUR
        )
        assert decision.reason
        if decision.transition is not None:
            log.append(decision.transition)
    return [f"{(step.at - NOON) // HOUR} {step.kind}" for step in log]


@pytest.mark.parametrize(
    ("timeline", "for_", "steps"),
    [
        ("......", "2h", []),
        ("..x...", "2h", ["2 pending", "3 dropped"]),
        ("..xx..", "2h", ["2 pending", "4 dropped"]),
        ("..xxx.", "2h", ["2 pending", "4 firing", "5 resolved"]),
        ("..xxxx", "2h", ["2 pending", "4 firing"]),
        ("xxx.xxx.", "2h", ["0 pending", "2 firing", "3 resolved", "4 pending", "6 firing", "7 resolved"]),
        (".x.x.x", "2h", ["1 pending", "2 dropped", "3 pending", "4 dropped", "5 pending"]),
        (".x.", "0s", ["1 firing", "2 resolved"]),
        # Where there is no value nothing changes; the time between two values counts for `for`.
        ("?x??x?.", "3h", ["1 pending", "4 firing", "6 resolved"]),
        ("xxx?????xx", "2h", ["0 pending", "2 firing"]),
        ("x????", "2h", ["0 pending"]),
    ],
)
def test_a_timeline_gives_these_steps(timeline: str, for_: str, steps: list[str]) -> None:
    assert run(timeline, for_) == steps
    assert run(timeline, for_, below=True) == steps


@pytest.mark.parametrize(
    ("timeline", "for_", "keep", "steps"),
    [
        ("-x-", "0s", "0s", ["1 firing", "2 resolved"]),
        ("x--x", "1h", "0s", ["0 pending", "1 dropped", "3 pending"]),
        ("x?--", "0s", "1h", ["0 firing", "2 recovering", "3 resolved"]),
        ("----", "0s", "0s", []),
    ],
)
def test_where_all_that_was_reported_was_taken_back_an_alert_ends(
    timeline: str, for_: str, keep: str, steps: list[str]
) -> None:
    assert run(timeline, for_, keep_firing_for=keep) == steps


def test_an_alert_on_too_little_goes_on_where_nothing_is_left_and_none_begins() -> None:
    assert run("x--", "0s", below=True) == ["0 firing"]
    assert run("---", "0s", below=True) == []


def test_an_end_where_nothing_is_left_tells_zero_and_of_a_share_no_number() -> None:
    watched = rule(for_="0s")
    firing = State("firing", NOON, 2, NOON)
    ends = evaluate(watched, finding(watched, None, silent=True), firing, NOON + HOUR).transition
    assert ends is not None
    assert (ends.kind, ends.value, ends.reason) == ("resolved", 0, "nothing is reported")
    share = replace(series([[None]], silent=[True]), nothing=math.nan)
    (found,) = findings(watched, [LIEGE], {watched.indicator: share}, NOON.date(), provisional=True)
    assert (found.holds, found.stays, found.value) == (None, False, None)


def test_a_transition_says_what_was_seen_and_why() -> None:
    pending = evaluate(rule(), finding(rule(), 412), None, NOON).transition
    assert pending is not None
    assert (pending.value, pending.threshold, pending.day, pending.since) == (412, 150, NOON.date(), NOON)
    assert pending.reason == "412 is above 150; fires when it has held for 2d"
    state = latest([pending])["arrivals_high", LIEGE]
    waiting = evaluate(rule(), finding(rule(), 400), state, NOON + timedelta(hours=30))
    assert (waiting.transition, waiting.reason) == (None, "400 is above 150, for 1d6h of 2d")
    firing = evaluate(rule(), finding(rule(), 1234567.5), state, NOON + timedelta(days=2)).transition
    assert firing is not None
    assert (firing.kind, firing.since, firing.reason) == ("firing", NOON, "1234567.5 is above 150, for 2d")


@pytest.mark.parametrize(
    ("timeline", "for_", "keep", "steps"),
    [
        ("x.......", "0s", "2h", ["0 firing", "1 recovering", "3 resolved"]),
        ("x..x....", "0s", "2h", ["0 firing", "1 recovering", "3 relapsed", "4 recovering", "6 resolved"]),
        (
            "x.x.x.x.",
            "0s",
            "2h",
            ["0 firing", *(f"{n} {'recovering' if n % 2 else 'relapsed'}" for n in range(1, 8))],
        ),
        # Where there is no value an alert neither goes on nor ends, and the time counts.
        ("x.??.x", "0s", "3h", ["0 firing", "1 recovering", "4 resolved", "5 firing"]),
        ("x.????", "0s", "3h", ["0 firing", "1 recovering"]),
        (
            ".xx.x...",
            "1h",
            "1h",
            ["1 pending", "2 firing", "3 recovering", "4 relapsed", "5 recovering", "6 resolved"],
        ),
    ],
)
def test_an_alert_that_keeps_firing_is_over_when_its_condition_has_not_held_so_long(
    timeline: str, for_: str, keep: str, steps: list[str]
) -> None:
    assert run(timeline, for_, keep_firing_for=keep) == steps


def test_an_alert_ends_at_the_clearing_threshold_and_begins_at_the_other() -> None:
    watched = rule(condition={"above": 150, "clear": 100}, for_="0s")
    seen: list[str] = []
    log: list[Transition] = []
    for hour, value in enumerate([120, 151, 120, 101, 100, 150, 151]):
        state = latest(log).get((watched.id, LIEGE))
        taken = evaluate(watched, finding(watched, value), state, NOON + hour * HOUR).transition
        if taken:
            log.append(taken)
            seen.append(f"{value} {taken.kind}")
    assert seen == ["151 firing", "100 resolved", "151 firing"]


def test_waiting_to_be_over_is_told_with_its_time() -> None:
    watched = rule(for_="0s", keep_firing_for="2d")
    firing = State("firing", NOON, 2, NOON)
    ends = evaluate(watched, finding(watched, 10), firing, NOON + HOUR)
    assert ends.reason == "10 is not above 150; over when it has not held for 2d"
    assert ends.transition is not None
    waiting = evaluate(watched, finding(watched, 10), state_after(ends.transition), NOON + 7 * HOUR)
    assert (waiting.transition, waiting.reason) == (None, "10 is not above 150, for 6h of 2d")


def test_what_has_no_value_changes_nothing() -> None:
    decision = evaluate(rule(), finding(rule(), None), State("firing", NOON, 2, NOON), NOON + HOUR)
    assert (decision.transition, decision.reason) == (None, "no value is published")


def test_a_shorter_for_lets_a_pending_alert_fire_and_a_higher_threshold_ends_a_firing_one() -> None:
    pending = State("pending", NOON, 1, NOON)
    hurried = evaluate(rule(for_="0s"), finding(rule(), 412), pending, NOON + HOUR).transition
    assert hurried is not None
    assert hurried.kind == "firing"
    higher = rule(condition={"above": 500})
    raised = evaluate(higher, finding(higher, 412), State("firing", NOON, 2, NOON), NOON + HOUR).transition
    assert raised is not None
    assert (raised.kind, raised.reason) == ("resolved", "412 is not above 500")


def test_a_clock_that_is_set_back_delays_an_alert_and_loses_none() -> None:
    state = State("pending", NOON, 1, NOON)
    assert evaluate(rule(), finding(rule(), 412), state, NOON - timedelta(days=1)).transition is None
    ended = evaluate(rule(), finding(rule(), 10), state, NOON - timedelta(days=1)).transition
    assert ended is not None
    assert latest([ended])["arrivals_high", LIEGE] == State("inactive", NOON, 2, NOON - timedelta(days=1))


def test_two_leaders_in_the_same_state_take_the_same_step_under_one_id() -> None:
    state = State("pending", NOON, 1, NOON)
    one = evaluate(rule(), finding(rule(), 412), state, NOON + timedelta(days=2)).transition
    other = evaluate(rule(), finding(rule(), 415), state, NOON + timedelta(days=2, seconds=1)).transition
    assert one is not None
    assert other is not None
    assert one.id == other.id == transition_id("arrivals_high", LIEGE, 2, "firing")


def test_of_two_steps_with_one_number_the_one_that_people_heard_of_counts() -> None:
    state = State("pending", NOON, 1, NOON)
    dropped = evaluate(rule(), finding(rule(), 10), state, NOON + timedelta(days=3)).transition
    firing = evaluate(rule(), finding(rule(), 412), state, NOON + timedelta(days=2)).transition
    assert dropped is not None
    assert firing is not None
    for order in ([dropped, firing], [firing, dropped]):
        assert latest(order)["arrivals_high", LIEGE].phase == "firing"
