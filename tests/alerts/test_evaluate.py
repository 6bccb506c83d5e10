"""Alert states against time, each case drawn as a timeline, and any history against a plain definition of firing."""

from __future__ import annotations

import random
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.evaluate import Phase, State, evaluate, latest, transition_id
from schemas.alerting import Transition
from tests.alerts.samples import LIEGE, NOON, reading, rule

HOUR = timedelta(hours=1)


def run(timeline: str, for_: str, below: bool = False) -> list[str]:
    """Evaluates once an hour; the steps with their hour. `x` over 150, `.` not, `?` no value yet, `s` suppressed."""
    watched = rule(for_=for_, condition={"below": 150} if below else {"above": 150})
    values = {"x": 100.0 if below else 200.0, ".": 150.0, "s": None}
    log: list[Transition] = []
    for hour, mark in enumerate(timeline):
        seen = None if mark == "?" else reading(values[mark])
        state = latest(log).get((watched.id, LIEGE))
        decision = evaluate(watched, seen, state, NOON + hour * HOUR)
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
        # No value and a suppressed one change nothing; the time between two values counts for `for`.
        ("?x?sx?.", "3h", ["1 pending", "4 firing", "6 resolved"]),
        ("xxxs??ssxx", "2h", ["0 pending", "2 firing"]),
        ("x????", "2h", ["0 pending"]),
    ],
)
def test_a_timeline_gives_these_steps(timeline: str, for_: str, steps: list[str]) -> None:
    assert run(timeline, for_) == steps
    assert run(timeline, for_, below=True) == steps


def test_a_transition_says_what_was_seen_and_why() -> None:
    pending = evaluate(rule(), reading(412), None, NOON).transition
    assert pending is not None
    assert (pending.value, pending.threshold, pending.day, pending.since) == (412, 150, NOON.date(), NOON)
    assert pending.reason == "412 is above 150; fires when it has held for 2d"
    state = latest([pending])["arrivals_high", LIEGE]
    waiting = evaluate(rule(), reading(400), state, NOON + timedelta(hours=30))
    assert (waiting.transition, waiting.reason) == (None, "400 is above 150, for 1d6h of 2d")
    firing = evaluate(rule(), reading(1234567.5), state, NOON + timedelta(days=2)).transition
    assert firing is not None
    assert (firing.kind, firing.since, firing.reason) == ("firing", NOON, "1234567.5 is above 150, for 2d")


@pytest.mark.parametrize(
    ("value", "reason"),
    [
        (None, "the value of 2022-03-14 is suppressed"),
        (float("nan"), "the value of 2022-03-14 is suppressed"),
    ],
)
def test_a_value_that_is_no_number_changes_nothing(value: float | None, reason: str) -> None:
    decision = evaluate(rule(), reading(value), State("firing", NOON, 2), NOON + HOUR)
    assert (decision.transition, decision.reason) == (None, reason)


def test_a_shorter_for_lets_a_pending_alert_fire_and_a_higher_threshold_ends_a_firing_one() -> None:
    pending = State("pending", NOON, 1)
    hurried = evaluate(rule(for_="0s"), reading(412), pending, NOON + HOUR).transition
    assert hurried is not None
    assert hurried.kind == "firing"
    raised = evaluate(
        rule(condition={"above": 500}), reading(412), State("firing", NOON, 2), NOON + HOUR
    ).transition
    assert raised is not None
    assert (raised.kind, raised.reason) == ("resolved", "412 is not above 500")


def test_a_clock_that_is_set_back_delays_an_alert_and_loses_none() -> None:
    state = State("pending", NOON, 1)
    assert evaluate(rule(), reading(412), state, NOON - timedelta(days=1)).transition is None
    ended = evaluate(rule(), reading(10), state, NOON - timedelta(days=1)).transition
    assert ended is not None
    assert latest([ended])["arrivals_high", LIEGE] == State("inactive", NOON, 2)


def test_two_leaders_in_the_same_state_take_the_same_step_under_one_id() -> None:
    state = State("pending", NOON, 1)
    one = evaluate(rule(), reading(412), state, NOON + timedelta(days=2)).transition
    other = evaluate(rule(), reading(415), state, NOON + timedelta(days=2, seconds=1)).transition
    assert one is not None
    assert other is not None
    assert one.id == other.id == transition_id("arrivals_high", LIEGE, 2, "firing")


def test_of_two_steps_with_one_number_the_one_that_people_heard_of_counts() -> None:
    state = State("pending", NOON, 1)
    dropped = evaluate(rule(), reading(10), state, NOON + timedelta(days=3)).transition
    firing = evaluate(rule(), reading(412), state, NOON + timedelta(days=2)).transition
    assert dropped is not None
    assert firing is not None
    for order in ([dropped, firing], [firing, dropped]):
        assert latest(order)["arrivals_high", LIEGE].phase == "firing"


def phase_by_definition(moments: Sequence[tuple[datetime, bool]], for_: timedelta) -> Phase:
    """Firing: during the present run of `True` there was an evaluation at least `for_` after the run's first."""
    run: list[datetime] = []
    for moment, holds in moments:
        run = [*run, moment] if holds else []
    if not run:
        return "inactive"
    return "firing" if run[-1] - run[0] >= for_ else "pending"


evaluations = st.lists(
    st.tuples(
        st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3)),
        st.sampled_from([None, float("nan"), "absent", 0.0, 150.0, 150.5, 412.0]),
    ),
    max_size=40,
)


@given(evaluations, st.sampled_from(["0s", "1s", "12h", "2d", "5d"]), st.randoms(use_true_random=False))
def test_any_history_with_restarts_anywhere_gives_the_phase_of_the_definition(
    history: Sequence[tuple[timedelta, float | str | None]], for_: str, chance: random.Random
) -> None:
    watched = rule(for_=for_)
    now = datetime(2022, 3, 14, 11, 2, 0, 123456, UTC)
    log: list[Transition] = []
    moments: list[tuple[datetime, bool]] = []
    for pause, value in history:
        # The log keeps whole milliseconds, so the definition must look at those as well.
        now += timedelta(milliseconds=pause // timedelta(milliseconds=1))
        seen = None if isinstance(value, str) else reading(value)
        # A restart anywhere: all that is known is the log, in whatever order and with doubles.
        known = [*log, *chance.choices(log, k=3)] if log else []
        chance.shuffle(known)
        decision = evaluate(watched, seen, latest(known).get((watched.id, LIEGE)), now)
        if decision.transition is not None:
            log.append(decision.transition)
        if isinstance(value, float) and value == value:
            moments.append((now, value > 150))
        state = latest(log).get((watched.id, LIEGE))
        assert (state.phase if state else "inactive") == phase_by_definition(moments, watched.for_)
    assert [step.number for step in log] == list(range(1, len(log) + 1))
    assert len({step.id for step in log}) == len(log)
