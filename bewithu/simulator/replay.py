"""From a plan to the messages of all agencies, in the order in which they are published."""

from __future__ import annotations

import heapq
from bisect import bisect
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from itertools import accumulate, count, groupby

from bewithu.simulator.certificates import full_month, months, openings
from bewithu.simulator.chance import pick, stream
from bewithu.simulator.life import lives
from bewithu.simulator.messages import Message, messages, publication
from bewithu.simulator.moments import day_number, milliseconds
from bewithu.simulator.people import Mixture, household, mixture
from bewithu.simulator.plan import LATEST, Plan
from bewithu.simulator.publication import Publication

# The registration centre's hours: 8:30 to 18:00.
_OPENS, _OPEN = 0.354, 0.396
# No plan runs longer; what happens later in a life is not worked out.
_HORIZON = day_number(LATEST) + 1.0

Waiting = list[tuple[int, int, Message]]


@dataclass(frozen=True, slots=True, order=True)
class Arrival:
    """A household of `size` that gets its certificates at that moment."""

    moment: float
    number: int
    size: int


def simulate(plan: Plan) -> Iterator[Publication]:
    """Everything that agencies publish within the plan, by `published_at`; the same for equal plans.

    Works day by day: in memory is only what the lives of those who have arrived will still bring.
    """
    waiting: Waiting = []
    serial = count()
    end = milliseconds(day_number(plan.until) + 1.0)
    for first in months(plan):
        mix = mixture(first)
        for day, arrivals in groupby(_arrivals(plan, first, mix), key=lambda arrival: int(arrival.moment)):
            # nobody who arrives from this day on is told of before it
            yield from _due(waiting, milliseconds(day))
            for arrival in arrivals:
                for message in _told(plan, first, mix, arrival):
                    if message.published < end:
                        heapq.heappush(waiting, (message.published, next(serial), message))
    yield from _due(waiting, end)


def _due(waiting: Waiting, before: int) -> Iterator[Publication]:
    while waiting and waiting[0][0] < before:
        yield publication(heapq.heappop(waiting)[2])


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


def _told(plan: Plan, first: date, mix: Mixture, arrival: Arrival) -> Iterator[Message]:
    month = _month_number(first)
    random = stream(plan.seed, month, arrival.number)
    name = f"{plan.seed}/{month}/{arrival.number}"
    members = household(random, name, arrival.size, arrival.moment, mix)
    # all lives are drawn before the first message, so that they do not depend on the faults that are planned
    for person, acts in list(lives(random, members, arrival.moment, plan.asking)):
        for number, act in enumerate(acts):
            if act.moment < _HORIZON:
                yield from messages(random, plan, person, number, act)


def _month_number(first: date) -> int:
    return first.year * 12 + first.month
