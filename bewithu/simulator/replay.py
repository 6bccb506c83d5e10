"""From a plan to the messages of all agencies, in the order in which they are published."""

from __future__ import annotations

import heapq
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date
from itertools import accumulate, count, groupby

from bewithu.simulator.certificates import full_month, months, openings
from bewithu.simulator.chance import pick, stream, stream_of
from bewithu.simulator.heartbeats import Heartbeats
from bewithu.simulator.ledger import Ledger
from bewithu.simulator.life import lives
from bewithu.simulator.messages import Message, Subject, messages, publication
from bewithu.simulator.moments import day_number, milliseconds
from bewithu.simulator.people import Mixture, household, mixture
from bewithu.simulator.plan import HORIZON, Plan
from bewithu.simulator.publication import Publication
from bewithu.simulator.pursuits import pursuits
from bewithu.simulator.sites import Sites

# The registration centre's hours: 8:30 to 18:00.
_OPENS, _OPEN = 0.354, 0.396
#: Acts at school, at work and in courses are numbered from here on: behind those of any life.
_PURSUITS = 300


@dataclass(frozen=True, slots=True, order=True)
class Arrival:
    """A household of `size` that gets its certificates at that moment."""

    moment: float
    number: int
    size: int


@dataclass(slots=True)
class Waiting:
    """The messages that are still to be published before `end` (milliseconds since 1970)."""

    end: int
    _heap: list[tuple[int, int, Message]] = field(default_factory=list)
    _serial: Iterator[int] = field(default_factory=count)

    def put(self, message: Message) -> None:
        if message.published < self.end:
            heapq.heappush(self._heap, (message.published, next(self._serial), message))

    def due(self, before: int) -> Iterator[Publication]:
        while self._heap and self._heap[0][0] < before:
            yield publication(heapq.heappop(self._heap)[2])


def simulate(plan: Plan) -> Iterator[Publication]:
    """Everything that agencies publish within the plan, by `published_at`; the same for equal plans.

    Works day by day: in memory is only what the lives of those who have arrived will still bring.
    """
    waiting = Waiting(milliseconds(day_number(plan.until) + 1.0))
    ledger, sites = Ledger(), Sites(plan)
    heartbeats = Heartbeats(plan, ledger)
    for day, told_by_people in _days(plan):
        # nobody tells on this day of what is published before it
        yield from waiting.due(milliseconds(day))
        for told in told_by_people:
            sites.note(told[0].act)
            _post(told, ledger, waiting)
        for told in _told_of_sites(plan, sites, day):
            _post(told, ledger, waiting)
        for message in heartbeats.on(day):
            waiting.put(message)
    yield from waiting.due(waiting.end)


def _post(told: Sequence[Message], ledger: Ledger, waiting: Waiting) -> None:
    """All messages about one act."""
    ledger.note(told)
    for message in told:
        waiting.put(message)


def _days(plan: Plan) -> Iterator[tuple[int, Iterator[Sequence[Message]]]]:
    """Each day of the plan, with all that will ever be told of those who arrive on it, by act."""
    for first in months(plan):
        mix = mixture(first)
        by_day = groupby(_arrivals(plan, first, mix), key=lambda arrival: int(arrival.moment))
        arrivals = {day: list(found) for day, found in by_day}
        for day in map(day_number, openings(first)):
            if day_number(plan.since) <= day <= day_number(plan.until):
                found = arrivals.get(day, ())
                yield day, (told for arrival in found for told in _told(plan, first, mix, arrival))


def _arrivals(plan: Plan, first: date, mix: Mixture) -> list[Arrival]:
    """The month's households within the plan, by moment. A smaller scale has the first of a larger one's."""
    random = stream(plan.seed, _month_number(first), -1)
    weights = openings(first)
    days, running = [float(day_number(day)) for day in weights], list(accumulate(weights.values()))
    left = full_month(plan, first)
    found = []
    for number in count():
        if left <= 0:
            break
        size = min(left, pick(random, mix.sizes))
        left -= size
        day = days[bisect(running, random.random() * running[-1])]
        found.append(Arrival(day + _OPENS + _OPEN * random.random(), number, size))
    since, until = day_number(plan.since), day_number(plan.until) + 1
    return sorted(arrival for arrival in found if since <= arrival.moment < until)


def _told(plan: Plan, first: date, mix: Mixture, arrival: Arrival) -> Iterator[Sequence[Message]]:
    month = _month_number(first)
    random = stream(plan.seed, month, arrival.number)
    name = f"{plan.seed}/{month}/{arrival.number}"
    members = household(random, name, arrival.size, arrival.moment, mix)
    # all lives are drawn before the first message, so that they do not depend on the faults that are planned
    lived = list(lives(random, members, arrival.moment, plan.asking))
    for person, acts in lived:
        for number, act in enumerate(acts):
            if act.moment < HORIZON:
                yield list(messages(random, plan, Subject(person.pseudonym, person), number, act))
    for person, acts in lived:
        faults = stream_of(f"{person.pseudonym}/faults")
        for number, act in enumerate(pursuits(person, acts), start=_PURSUITS):
            if act.moment < HORIZON:
                yield list(messages(faults, plan, Subject(person.pseudonym, person), number, act))


def _told_of_sites(plan: Plan, sites: Sites, day: int) -> Iterator[Sequence[Message]]:
    for name, number, act in sites.until(day + 1.0):
        yield list(messages(stream_of(f"{name}/{number}"), plan, Subject(name), number, act))


def _month_number(first: date) -> int:
    return first.year * 12 + first.month
