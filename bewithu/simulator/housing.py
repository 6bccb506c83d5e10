"""How a household is housed: shelter first for some, then a home, then other homes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from bewithu.simulator.acts import FEDASIL, HOUSING, MUNICIPALITY, Act
from bewithu.simulator.certificates import month_name
from bewithu.simulator.chance import pick
from bewithu.simulator.incidents import LONGEST_STAY, ariane_share, mean_stay, need_share
from bewithu.simulator.moments import date_of, daytime
from bewithu.simulator.places import home, nearby

#: The transit centre: its code and its municipality.
ARIANE = ("ariane", "21018")
# Hotels near the registration centre and in the larger cities; codes and places are ours.
_HOTEL_CITIES = (
    "21004",
    "21001",
    "21015",
    "21013",
    "11002",
    "44021",
    "62063",
    "52011",
    "92094",
    "35013",
    "24062",
    "53053",
)
_HOTELS = tuple((f"hotel-{number:03}", nis) for number, nis in enumerate(_HOTEL_CITIES, start=1))

# Shares are ours, after Flanders in February 2023: of 31,748 persons 6,250 in municipal places and 1,450 in
# villages.
_AFTER_SHELTER = (("municipal", 0.35), ("host_family", 0.25), ("private", 0.25), ("collective", 0.15))
_DIRECT_AT_FIRST = (("host_family", 0.50), ("private", 0.40), ("municipal", 0.10))
_DIRECT_LATER = (("host_family", 0.25), ("private", 0.65), ("municipal", 0.10))
_NEXT_HOME = (("private", 0.80), ("municipal", 0.12), ("host_family", 0.08))
#: Mean stay in days before moving on; ours.
_MEAN_STAY = {"collective": 200.0, "host_family": 270.0, "municipal": 600.0, "private": 1800.0}
_MOST_MOVES = 3
_OTHER_MUNICIPALITY = 0.35
_OTHER_PROVINCE = 0.4


@dataclass(frozen=True, slots=True)
class Home:
    """Where a household lives from `since` on."""

    since: float
    municipality: str
    site_type: str
    site: str | None


def first_home(random: Random, arrived: float, nis: str, size: int) -> tuple[list[Act], Home]:
    """From the certificate to the first home in `nis`, through shelter where it is needed."""
    month = month_name(date_of(arrived))
    if random.random() < need_share(month):
        acts = _shelter(random, arrived, nis, size)
        kind = acts[-1].detail["destination"]
        since = acts[-1].moment + 0.03 + 0.1 * random.random()
    else:
        acts = []
        kind = pick(random, _DIRECT_AT_FIRST if month < "2022-07" else _DIRECT_LATER)
        since = daytime(random, arrived + 0.04, arrived + 6 * random.random() ** 2)
    first = Home(since, nis, kind, _site(random, kind, nis))
    return [*acts, moved_in(first, size)], first


def later_homes(random: Random, settled: float, first: Home) -> list[Home]:
    """The homes after the first one; the first move is at the earliest three weeks after `settled`."""
    homes = [first]
    moment = settled + 21
    for _ in range(_MOST_MOVES):
        last = homes[-1]
        moment += random.expovariate(1 / _MEAN_STAY[last.site_type])
        kind, nis = pick(random, _NEXT_HOME), _next_municipality(random, last.municipality)
        homes.append(Home(daytime(random, moment, moment), nis, kind, _site(random, kind, nis)))
        moment = homes[-1].since + 21
    return homes[1:]


def moves(homes: Sequence[Home], size: int) -> list[Act]:
    """Out of each home and into the next."""
    acts = []
    for last, following in pairwise(homes):
        acts.append(moved_out(last, following.since - 0.05, following.site_type, size))
        acts.append(moved_in(following, size))
    return acts


def moved_in(to: Home, size: int) -> Act:
    """Arrival at a home, told by its municipality."""
    return Act(to.since, HOUSING, "moved_in", MUNICIPALITY, to.municipality, _detail(to, size))


def moved_out(last: Home, moment: float, destination: str, size: int) -> Act:
    """Departure from a home, told by its municipality."""
    detail = {**_detail(last, size), "destination": destination}
    return Act(moment, HOUSING, "moved_out", MUNICIPALITY, last.municipality, detail)


def _shelter(random: Random, arrived: float, nis: str, size: int) -> list[Act]:
    """Need declared, into emergency housing within a day, out of it when a home is found."""
    asked = arrived + 0.02 + 0.06 * random.random()
    sheltered = asked + 0.02 + 0.8 * random.random()
    month = month_name(date_of(sheltered))
    site, where = ARIANE if random.random() < ariane_share(month) else random.choice(_HOTELS)
    stay = min(LONGEST_STAY, random.expovariate(1 / mean_stay(month)))
    left = daytime(random, sheltered + 0.1, sheltered + stay)
    emergency = _detail(Home(sheltered, where, "emergency", site), size)
    out = {**emergency, "destination": pick(random, _AFTER_SHELTER)}
    return [
        # the need is counted where the household is going to stay, like its certificate
        Act(asked, HOUSING, "need_declared", FEDASIL, nis, {"party_size": size}),
        Act(sheltered, HOUSING, "moved_in", FEDASIL, where, emergency),
        Act(left, HOUSING, "moved_out", FEDASIL, where, out),
    ]


def _detail(where: Home, size: int) -> dict[str, object]:
    return {"site_type": where.site_type, "site": where.site, "party_size": size}


def _site(random: Random, kind: str, nis: str) -> str | None:
    if kind == "collective":
        return f"village-{nis}-{1 + int(2 * random.random())}"
    return f"home-{nis}-{1 + int(9 * random.random())}" if kind == "municipal" else None


def _next_municipality(random: Random, nis: str) -> str:
    if random.random() >= _OTHER_MUNICIPALITY:
        return nis
    return home(random) if random.random() < _OTHER_PROVINCE else nearby(random, nis)
