"""Publishes every step of every alert for other systems, as an event (docs/alerts-to-other-systems.md).

What was published is noted afterwards, so after a crash in between it is published again, with the same id: at least
once. Of one alert nothing is sent before what comes before it is confirmed, so its events are in their order.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from alerts.evaluate import Alert, to_millisecond
from alerts.ports import AlertEvents, EventLog
from alerts.rules import Rule
from bewithu.clock import Clock, SystemClock
from bewithu.errors import Unavailable
from schemas.alert_events import AlertEvent
from schemas.alerting import Transition
from schemas.areas import UnknownArea, area

log = logging.getLogger(__name__)

#: A step must not hold up the next evaluation while a long log is published; the rest follows in the next step.
EVENTS_PER_STEP: Final = 2_000
WAVES_PER_STEP: Final = 50
LONGEST_PAUSE: Final = timedelta(minutes=1)


@dataclass(frozen=True, slots=True)
class Announced:
    """What one step did. `trouble`: why it ended early, or why none was tried, if so."""

    published: int = 0
    trouble: str = ""


def event(transition: Transition, rule: Rule | None) -> AlertEvent:
    """`rule` as it is written now; None when it is no longer defined."""
    labels = dict(rule.labels) if rule else {}
    try:
        level = area(transition.area).level.value
    except UnknownArea:
        # An area of an earlier geography: overrides cannot be looked up.
        return AlertEvent(transition, "unknown", rule.severity if rule else "unknown", labels)
    return AlertEvent(
        transition, level, rule.told_in(transition.area).severity if rule else "unknown", labels
    )


def next_of_each(transitions: Iterable[Transition]) -> tuple[Transition, ...]:
    """The first of each alert. `transitions`: each alert's in their order."""
    first: dict[Alert, Transition] = {}
    for each in transitions:
        first.setdefault((each.rule, each.area), each)
    return tuple(first.values())


def pause(failures: int) -> timedelta:
    """How long to leave Kafka alone after so many failures in a row: 1 s, 2 s, 4 s, … up to a minute."""
    return min(timedelta(seconds=2 ** (min(failures, 30) - 1)), LONGEST_PAUSE) if failures else timedelta(0)


class Announcer:
    """For the leader alone, after it evaluated: a Kafka that is away keeps no mail from leaving."""

    def __init__(
        self, events: AlertEvents, event_log: EventLog, rules: Sequence[Rule], real_clock: Clock | None = None
    ) -> None:
        self._events = events
        self._log = event_log
        self._rules: Mapping[str, Rule] = {rule.id: rule for rule in rules}
        self._real: Clock = real_clock or SystemClock()
        # Published, but the store did not take the note. Nothing is published before it has it.
        self._unnoted: list[str] = []
        self._failures = 0
        self._trouble = ""
        self._again_at: datetime | None = None

    async def step(self) -> Announced:
        """Publishes what is not noted yet. Raises nothing while the store, Kafka or its registry is away."""
        if self._again_at is not None and self._real.now() < self._again_at:
            return Announced(trouble=self._trouble)
        published: list[str] = []
        trouble = ""
        try:
            trouble = await asyncio.to_thread(self._publish, published)
        except Unavailable as error:
            trouble = str(error)
        self._remember(trouble)
        return Announced(len(published), trouble)

    def _publish(self, published: list[str]) -> str:
        """Adds to `published` what the broker confirmed, and tells what kept it from confirming the rest."""
        self._note()
        waiting = list(self._log.unpublished(EVENTS_PER_STEP))
        for _ in range(WAVES_PER_STEP):
            wave = next_of_each(waiting)
            if not wave:
                break
            done = self._events.publish([event(each, self._rules.get(each.rule)) for each in wave])
            published += done.ids
            self._unnoted += done.ids
            self._note()
            if done.trouble:
                return str(Unavailable("Kafka", done.trouble))
            sent = frozenset(done.ids)
            waiting = [each for each in waiting if each.id not in sent]
        return ""

    def _note(self) -> None:
        if self._unnoted:
            self._log.note_published(tuple(self._unnoted), to_millisecond(self._real.now()))
            self._unnoted.clear()

    def _remember(self, trouble: str) -> None:
        if trouble and trouble != self._trouble:
            log.warning("alert events wait: %s", trouble)
        self._failures = self._failures + 1 if trouble else 0
        self._trouble = trouble
        self._again_at = self._real.now() + pause(self._failures) if trouble else None
