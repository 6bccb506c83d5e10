"""Reception sites: places are announced before the first person moves in, and more of them when they run out.

Fedasil tells of shelter, the regions of other sites, also of those that a municipality runs.

The transit centre Ariane had 1,500 places (Nieuwsblad, July 2022) and 250 in November 2022 (Het Belang van
Limburg). Ours is more crowded that autumn, see `incidents`, so it keeps them until the crowd is gone. All other
sites grow with those whom they house, and close some time after the last one left.
"""

from __future__ import annotations

import heapq
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from itertools import count

from bewithu.simulator.acts import CAPACITY, FEDASIL, HOUSING, Act
from bewithu.simulator.chance import pick, stream_of
from bewithu.simulator.competence import region
from bewithu.simulator.housing import ARIANE
from bewithu.simulator.moments import day_number
from bewithu.simulator.plan import Plan

_ARIANE_PLACES = (
    (date(2022, 3, 1), 1_500),
    (date(2023, 2, 1), 1_000),
    (date(2023, 5, 1), 400),
    (date(2023, 9, 1), 250),
)
#: Days: a site is announced an hour before its first arrival; one that stays empty is closed.
_BEFORE, _EMPTY = 0.04, 75.0
#: 7:00, before the registration centre opens.
_EARLY = 0.29
#: Who runs the villages is ours.
_OPERATORS = (("regional", 0.4), ("municipal", 0.3), ("red_cross", 0.2), ("ngo", 0.1))


@dataclass(frozen=True, slots=True)
class Site:
    """A place where people are housed. `agency` and `municipality` as in acts."""

    code: str
    site_type: str
    agency: str
    municipality: str

    def operator(self, seed: int) -> str:
        if self.code == ARIANE[0]:
            return "red_cross"
        if self.site_type == "collective":
            return pick(stream_of(f"{seed}/{self.code}"), _OPERATORS)
        return "private" if self.agency == FEDASIL else "municipal"


@dataclass(slots=True)
class State:
    """How many live in a site, how many could (0: it is closed), since when it is empty, how much was told of it."""

    occupied: int = 0
    places: int = 0
    empty_since: float = 0.0
    told: int = 0


def places_for(occupied: int) -> int:
    """The places of a site with so many residents when its agency counts them: some are free."""
    return occupied + 1 + occupied // 4


@dataclass(slots=True)
class Sites:
    """All sites of a plan. What happens in them is noted in any order, and told of in the order of time."""

    plan: Plan
    _states: dict[Site, State] = field(default_factory=dict)
    _ahead: list[tuple[float, int, Site, str, int]] = field(default_factory=list)
    _serial: Iterator[int] = field(default_factory=count)

    def __post_init__(self) -> None:
        """Announces the transit centre on the plan's first morning, and what becomes of it."""
        ariane = Site(ARIANE[0], "emergency", FEDASIL, ARIANE[1])
        before = [day for day, _ in _ARIANE_PLACES if day <= self.plan.since]
        for day, places in _ARIANE_PLACES[len(before) - 1 :]:
            moment = day_number(max(day, self.plan.since)) + _EARLY
            self._expect(moment, ariane, "planned", max(1, round(places * self.plan.scale)))

    def note(self, act: Act) -> None:
        """Somebody moves in or out. Nothing but such moves at sites counts."""
        code = act.detail.get("site")
        if act.topic == HOUSING and code is not None:
            agency = FEDASIL if act.agency == FEDASIL else region(act.municipality)
            site = Site(code, act.detail["site_type"], agency, act.municipality)
            self._expect(act.moment, site, act.status, 0)

    def until(self, moment: float) -> Iterator[tuple[str, int, Act]]:
        """What agencies tell of until `moment`: the site's name, the number of the act there, and the act."""
        while self._ahead and self._ahead[0][0] < moment:
            at, _, site, what, places = heapq.heappop(self._ahead)
            state = self._states.setdefault(site, State())
            for act in self._happens(at, site, state, what, places):
                state.told += 1
                yield f"{self.plan.seed}/{site.code}", state.told, act

    def _happens(self, at: float, site: Site, state: State, what: str, places: int) -> Iterator[Act]:
        match what:
            case "moved_in":
                yield from self._moved_in(at, site, state)
            case "moved_out":
                self._moved_out(at, site, state)
            case "empty":
                if not state.occupied and state.places and at >= state.empty_since + _EMPTY:
                    yield self._changed(at, site, state, 0)
            case "planned":
                yield self._changed(at, site, state, places)

    def _moved_in(self, at: float, site: Site, state: State) -> Iterator[Act]:
        state.occupied += 1
        if not state.places:
            yield self._changed(max(float(int(at)), at - _BEFORE), site, state, places_for(state.occupied))
        elif state.occupied > state.places and site.code != ARIANE[0]:
            yield self._changed(at, site, state, places_for(state.occupied))

    def _moved_out(self, at: float, site: Site, state: State) -> None:
        state.occupied -= 1
        if not state.occupied and site.code != ARIANE[0]:
            state.empty_since = at
            self._expect(at + _EMPTY, site, "empty", 0)

    def _changed(self, at: float, site: Site, state: State, places: int) -> Act:
        """Another number of places from `at` on: the site opens with its first ones, and closes with its last."""
        status = "closed" if not places else "changed" if state.places else "opened"
        state.places = places
        detail = {
            "site": site.code,
            "site_type": site.site_type,
            "operator": site.operator(self.plan.seed),
            "places": places,
        }
        return Act(at, CAPACITY, status, site.agency, site.municipality, detail)

    def _expect(self, at: float, site: Site, what: str, places: int) -> None:
        heapq.heappush(self._ahead, (at, next(self._serial), site, what, places))
