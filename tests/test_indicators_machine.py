"""Anything that can happen to events and to the worker, in any order: every value stays the oracle's (laws 1 to 4).

A machine draws what happens next: agencies send, send again, correct, cancel, or hold something back; a refresh runs,
breaks off between any two statements, or is followed by an audit or a rebuild; a person is erased, and old events are
forgotten. It compares all
values of all indicators with the oracle now and then, and at the end. BEWITHU_TEST_EXAMPLES asks for more runs.
"""

from __future__ import annotations

import random
from collections.abc import Callable
from datetime import date, timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    precondition,
    rule,
    run_state_machine_as_test,
)

from bewithu.clock import brussels_day
from schemas.contracts import contracts
from schemas.indicators import Counted
from sinks.clickhouse.database import Database
from sinks.clickhouse.erasure import Erasure
from sinks.clickhouse.generations import begin
from sinks.clickhouse.indicator_store import ClickHouseIndicators
from tests import oracle
from tests.events import MAKERS, Message, Platform, Sent, bytes_of, empty, histories, moments
from tests.stored_values import assert_same, values_of
from tests.test_indicators_match_oracle import DEFINITIONS, EXAMPLES, Crash, indicators

#: Of the municipalities of `tests.events`, those that no merger made or ended: a correction to them is never refused.
ALWAYS_VALID = ("62063", "21004")
#: No refresh of so few events has more statements.
STATEMENTS = st.integers(0, 14)

pytestmark = pytest.mark.timeout(600 + 10 * EXAMPLES)


#: Event types about persons, which are forgotten when they are old.
PERSONAL = sorted(contract.event_type for contract in contracts().values() if contract.kept_days)


def event_type_of(message: Message) -> str:
    return contracts()[message.topic].event_type


def day_of(message: Message) -> date:
    return brussels_day(message.event["occurred_at"])


class Lives(RuleBasedStateMachine):
    """`database` is set by the test: one process has one embedded engine."""

    database: Database

    @initialize(possible=moments())
    def begin(self, possible: list[Any]) -> None:
        empty(self.database, keep=["generations", "disclosure_rules"])
        self.platform = Platform(self.database, indicators())
        self.possible = possible
        self.heard: list[Message] = []
        self.held: list[Sent] = []
        self.drawn = 0
        #: Of persons, events from this day on are taken, and of those who were forgotten none.
        self.since = date.min
        self.forgotten: set[str] = set()

    # What agencies do.

    @rule(data=st.data(), event_type=st.sampled_from(sorted(MAKERS)), is_late=st.booleans())
    def an_event_happens_with_all_that_is_sent_of_it(
        self, data: st.DataObject, event_type: str, is_late: bool
    ) -> None:
        self.drawn += 1
        moment = data.draw(st.sampled_from(self.possible))
        sent = data.draw(histories(moment, self.drawn, [event_type]))
        now, later = (sent[:1], sent[1:]) if is_late else (sent, [])
        self.held += later
        self.deliver(now)

    @precondition(lambda self: self.held)
    @rule(data=st.data())
    def what_was_held_back_arrives(self, data: st.DataObject) -> None:
        number = data.draw(st.integers(0, len(self.held) - 1))
        self.deliver([self.held.pop(number)])

    @precondition(lambda self: self.heard)
    @rule(data=st.data(), partition=st.integers(0, 1))
    def something_is_sent_again(self, data: st.DataObject, partition: int) -> None:
        self.deliver([Sent(data.draw(st.sampled_from(self.heard)))], partition)

    @precondition(lambda self: self.heard)
    @rule(data=st.data(), cancelled=st.booleans(), place=st.sampled_from(ALWAYS_VALID))
    def something_is_corrected(self, data: st.DataObject, cancelled: bool, place: str) -> None:
        before = data.draw(st.sampled_from(self.heard))
        if self.is_too_old(before):
            return
        # Above those that are held back, too: of two messages with one revision the oracle cannot say which counts.
        sent = [*self.heard, *(each.message for each in self.held)]
        mine = [each for each in sent if each.event["event_id"] == before.event["event_id"]]
        revision = 1 + max(each.event["revision"] for each in mine)
        self.deliver([Sent(before.changed(revision=revision, cancelled=cancelled, municipality=place))])

    # What becomes of the worker.

    @rule()
    def a_refresh_runs(self) -> None:
        self.platform.refresh_step()

    @rule(number=STATEMENTS)
    def a_refresh_breaks_off_and_another_worker_leads(self, number: int) -> None:
        self.breaks_off(number, lambda: self.platform.refresh_step())

    @rule(number=STATEMENTS, seed=st.integers(0, 9))
    def an_audit_breaks_off(self, number: int, seed: int) -> None:
        store = ClickHouseIndicators(self.database, indicators())
        self.breaks_off(number, lambda: store.audit(self.platform.clock.now(), random.Random(seed)))

    @rule(name=st.sampled_from(sorted(DEFINITIONS)))
    def an_indicator_is_to_be_worked_out_anew(self, name: str) -> None:
        found = indicators()[name]
        if isinstance(found, Counted):
            begin(self.database, [found], self.platform.clock.now())

    @rule(days=st.lists(st.integers(-1, 5), min_size=len(PERSONAL), max_size=len(PERSONAL)))
    def old_events_are_forgotten(self, days: list[int]) -> None:
        self.platform.refresh()
        self.forget(days, lambda forget: forget())

    @rule(
        days=st.lists(st.integers(-1, 5), min_size=len(PERSONAL), max_size=len(PERSONAL)),
        number=st.integers(0, 45),
    )
    def old_events_are_forgotten_and_that_breaks_off(self, days: list[int], number: int) -> None:
        self.platform.refresh()
        self.forget(days, lambda forget: self.breaks_off(number, forget))

    @precondition(lambda self: self.erasable())
    @rule(data=st.data(), number=st.integers(0, 25))
    def a_person_is_erased_and_the_leader_breaks_off(self, data: st.DataObject, number: int) -> None:
        who = data.draw(st.sampled_from(self.erasable()))

        def until(is_done: Callable[[], bool]) -> None:
            self.breaks_off(number, self.platform.refresh_step)
            while not is_done():
                self.platform.refresh()

        Erasure(self.database, "test").erase(who, self.platform.clock.now(), until)
        self.heard = [each for each in self.heard if each.event["person"] != who]

    # What must be true.

    @precondition(lambda self: self.heard)
    @rule()
    def every_value_is_the_oracles(self) -> None:
        self.platform.refresh()
        events = [(contracts()[each.topic].event_type, each.event) for each in self.heard]
        wanted = oracle.values(events, DEFINITIONS, self.days(), oracle.areas_of(events))
        assert_same(values_of(self.database, indicators(), wanted), wanted)
        audited = ClickHouseIndicators(self.database, indicators()).audit(
            self.platform.clock.now(), random.Random(self.drawn)
        )
        assert audited is None or audited.is_well

    def teardown(self) -> None:
        if getattr(self, "heard", None):
            self.every_value_is_the_oracles()

    def forget(self, days: list[int], do: Callable[[Callable[[], object]], object]) -> None:
        first = min(self.possible).date()
        cuts = {event: first + timedelta(days=day) for event, day in zip(PERSONAL, days, strict=True)}
        store = ClickHouseIndicators(self.database, indicators())
        do(lambda: store.forget(self.platform.clock.now(), cuts))
        self.since = max(self.since, *cuts.values())
        people = {each.event["person"] for each in self.heard} - {None}
        recent = {
            each.event["person"]
            for each in self.heard
            if day_of(each) >= cuts.get(event_type_of(each), date.min)
        }
        self.forgotten |= people - recent

    def is_too_old(self, message: Message) -> bool:
        """The intake refuses it; or it is of somebody who is new to the platform, and whom the oracle knows."""
        if event_type_of(message) not in PERSONAL:
            return False
        return day_of(message) < self.since or message.event["person"] in self.forgotten

    def erasable(self) -> list[str]:
        """Persons of whom nothing was forgotten: what nobody has cannot be taken back."""
        people = {each.event["person"] for each in self.heard} - {None}
        return sorted(people - {each.event["person"] for each in self.heard if self.is_too_old(each)})

    def deliver(self, sent: list[Sent], partition: int = 0) -> None:
        for each in sent:
            if self.is_too_old(each.message):
                continue
            self.platform.take(each.message.topic, partition, [bytes_of(each, self.platform.registry.wire)])
            if not each.flaw:
                self.heard.append(each.message)

    def breaks_off(self, number: int, work: Callable[[], object]) -> None:
        """Before its statement with that number, reading or writing, counted from 0; a new worker goes on."""
        left = number

        def counted(*arguments: Any, **named: Any) -> Any:
            nonlocal left
            if left == 0:
                raise Crash
            left -= 1
            return run(*arguments, **named)

        run = self.database._run
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr(self.database, "_run", counted)
            try:
                work()
            except Crash:
                log, clock = self.platform.log, self.platform.clock
                self.platform = Platform(self.database, indicators())
                self.platform.log, self.platform.clock = log, clock

    def days(self) -> list[date]:
        first = min(self.possible).date() - timedelta(days=2)
        return [first + timedelta(days=number) for number in (*range(18), 400)]


def test_every_value_stays_the_oracles_whatever_happens(prepared_database: Database) -> None:
    Lives.database = prepared_database
    count = max(2, round(0.4 * EXAMPLES))
    suppressed = [HealthCheck.too_slow, HealthCheck.filter_too_much]
    limits = settings(
        max_examples=count,
        stateful_step_count=12,
        suppress_health_check=suppressed,
        print_blob=True,
    )
    # Its generations are of clocks that went on: other tests would take them for those of the future.
    empty(prepared_database)
    try:
        run_state_machine_as_test(Lives, settings=limits)
    finally:
        empty(prepared_database)
