"""Any history of values, clocks, restarts and leaders against a plain definition of when an alert fires."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from alerts.evaluate import Phase, State, evaluate, latest
from alerts.rules import Rule
from schemas.alerting import Transition
from tests.alerts.samples import LIEGE, finding, rule

BEGIN = datetime(2022, 3, 14, 11, 2, 0, 123000, UTC)
THRESHOLD, CLEAR = 150, 100


@dataclass(frozen=True)
class Moment:
    at: datetime
    value: float


def phase_by_definition(moments: Sequence[Moment], for_: timedelta, keep: timedelta) -> Phase:
    """Looks at the whole history anew: cuts it into one episode after the other.

    An episode begins with a value above the threshold. It fires from the first moment at least `for_` later, if all
    values up to then were above; it ends with the first moment at least `keep` after a value that was not above the
    clearing threshold, if none since was.
    """
    begin = 0
    while begin < len(moments):
        first = moments[begin]
        if first.value <= THRESHOLD:
            begin += 1
            continue
        place = begin
        while place < len(moments) and moments[place].value > THRESHOLD:
            if moments[place].at - first.at >= for_:
                break
            place += 1
        if place == len(moments):
            return "pending"
        if moments[place].value <= THRESHOLD:
            begin = place + 1
            continue
        calm: datetime | None = None
        for over in range(place + 1, len(moments)):
            if moments[over].value > CLEAR:
                calm = None
                continue
            calm = calm or moments[over].at
            if moments[over].at - calm >= keep:
                begin = over + 1
                break
        else:
            return "recovering" if calm else "firing"
    return "inactive"


pauses = st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=3))
values = st.sampled_from([None, 0.0, 100.0, 120.0, 150.0, 150.5, 412.0])
spans = st.sampled_from(["0s", "1s", "12h", "2d", "5d"])


def watched(for_: str, keep: str) -> Rule:
    return rule(for_=for_, keep_firing_for=keep, condition={"above": THRESHOLD, "clear": CLEAR})


def state_of(log: Sequence[Transition], chance: random.Random) -> State | None:
    """As after a restart: all that is known is the log, in whatever order and with doubles."""
    known = [*log, *chance.choices(log, k=3)] if log else []
    chance.shuffle(known)
    return latest(known).get(("arrivals_high", LIEGE))


def told(log: Sequence[Transition]) -> list[str]:
    """What people hear, in the order of the steps; a step that was written twice is told once."""
    steps = {step.id: step for step in log if step.kind in ("firing", "resolved")}
    return [step.kind for step in sorted(steps.values(), key=lambda step: step.number)]


def alternates(kinds: Sequence[str]) -> bool:
    return list(kinds) == ["firing", "resolved"] * (len(kinds) // 2) + ["firing"] * (len(kinds) % 2)


@given(st.lists(st.tuples(pauses, values), max_size=40), spans, spans, st.randoms(use_true_random=False))
def test_any_history_with_restarts_anywhere_gives_the_phase_of_the_definition(
    history: Sequence[tuple[timedelta, float | None]], for_: str, keep: str, chance: random.Random
) -> None:
    asked, now = watched(for_, keep), BEGIN
    log: list[Transition] = []
    moments: list[Moment] = []
    for pause, value in history:
        # The log keeps whole milliseconds, so the definition must look at those as well.
        now += timedelta(milliseconds=pause // timedelta(milliseconds=1))
        taken = evaluate(asked, finding(asked, value), state_of(log, chance), now).transition
        if taken:
            log.append(taken)
        if value is not None:
            moments.append(Moment(now, value))
        state = state_of(log, chance)
        by_definition = phase_by_definition(moments, asked.for_, asked.keep_firing_for)
        assert (state.phase if state else "inactive") == by_definition
    assert [step.number for step in log] == list(range(1, len(log) + 1))
    assert len({step.id for step in log}) == len(log)
    assert alternates(told(log))


@given(
    st.lists(st.tuples(pauses, values, st.none() | pauses, values), max_size=40),
    spans,
    spans,
    st.randoms(use_true_random=False),
)
def test_two_leaders_that_overlap_by_a_step_and_clocks_that_jump_tell_no_alert_twice(
    rounds: Sequence[tuple[timedelta, float | None, timedelta | None, float | None]],
    for_: str,
    keep: str,
    chance: random.Random,
) -> None:
    """In some rounds a second leader, with another clock and older values, starts from the same state."""
    asked, now = watched(for_, keep), BEGIN
    log: list[Transition] = []
    for pause, value, behind, older in rounds:
        now += chance.choice([1, 1, 1, -1]) * pause
        state = state_of(log, chance)
        leaders = [(now, value), *([] if behind is None else [(now - behind, older)])]
        chance.shuffle(leaders)
        for clock, seen in leaders:
            taken = evaluate(asked, finding(asked, seen), state, clock).transition
            if taken:
                log.append(taken)
        assert alternates(told(log))
