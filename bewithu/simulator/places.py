"""Where people stay: municipalities weighted by published shares, population and a preference for cities."""

from __future__ import annotations

from bisect import bisect
from dataclasses import dataclass
from functools import cache
from itertools import accumulate
from random import Random

from bewithu.simulator.moments import day_number
from schemas.areas import Municipality, areas, mergers, municipalities

BRUSSELS_REGION = "04000"

# Share of Belgium by province (the region where there is none). Regions: 59 % Flanders, 22 % Brussels, 19 %
# Wallonia (Fedasil, end of 2023). Walloon provinces: the Walloon government's balance after two years.
# Flemish provinces: by proxy, Ukrainian pupils in Dutch-language schools in 2022 (1,408 / 939 / 857 / 741 /
# 660 of 4,605).
_SHARES = {
    BRUSSELS_REGION: 0.22,
    "10000": 0.59 * 1408 / 4605,
    "40000": 0.59 * 939 / 4605,
    "30000": 0.59 * 857 / 4605,
    "20001": 0.59 * 741 / 4605,
    "70000": 0.59 * 660 / 4605,
    "60000": 0.06,
    "50000": 0.05,
    "20002": 0.03,
    "90000": 0.03,
    "80000": 0.02,
}

# Cities draw more than their population's part: 1.5 gives Liège and Charleroi the published 1.5 % and 1 % of
# Belgium.
_CITY, _PREFERENCE = 65_000, 1.5

# Inhabitants on 1 January 2020 of the municipalities that merged since (Statbel, population by municipality).
_BEFORE_MERGER = {
    "11002": 529_247,
    "11007": 10_949,
    "11056": 19_154,
    "23023": 8_836,
    "23024": 9_189,
    "23032": 6_699,
    "37007": 10_833,
    "37012": 5_368,
    "37015": 20_603,
    "37018": 14_429,
    "44012": 10_881,
    "44034": 22_610,
    "44040": 11_811,
    "44043": 24_756,
    "44045": 6_570,
    "44048": 11_702,
    "44073": 7_809,
    "46003": 49_047,
    "46013": 16_846,
    "46014": 42_044,
    "71022": 78_714,
    "71057": 18_727,
    "71069": 10_977,
    "73006": 32_477,
    "73009": 11_010,
    "73032": 9_730,
    "73040": 8_437,
    "73083": 31_142,
    "82003": 16_276,
    "82005": 3_656,
}


@dataclass(frozen=True, slots=True)
class Choice:
    """Codes with the running sum of their weights."""

    codes: tuple[str, ...]
    running: tuple[float, ...]

    def draw(self, random: Random) -> str:
        return self.codes[bisect(self.running, random.random() * self.running[-1])]


def home(random: Random) -> str:
    """A municipality to stay in, as a code of the time before the mergers of 2024 and 2025; see `code_on`."""
    return _everywhere().draw(random)


def nearby(random: Random, nis: str) -> str:
    """A municipality of the same province, or of Brussels; rarely the same one. Codes as in `home`."""
    return _around()[_province_of(municipalities()[nis])].draw(random)


def elsewhere(random: Random, nis: str) -> str:
    """Another municipality of the same province, or of Brussels. Codes as in `home`."""
    found = nearby(random, nis)
    while found == nis:
        found = nearby(random, nis)
    return found


def code_on(nis: str, day: int) -> str:
    """The code in use on the day with that number for a code from `home`."""
    merged = _merged().get(nis)
    return nis if merged is None or day <= merged[0] else merged[1]


def _province_of(place: Municipality) -> str:
    """The code of the province, or of the region for Brussels."""
    return place.province or place.region


@cache
def _merged() -> dict[str, tuple[int, str]]:
    """Last day's number and the code after it, by code."""
    return {
        place.nis: (day_number(place.valid_to), place.current_nis)
        for place in municipalities().values()
        if place.valid_to is not None
    }


@cache
def _around() -> dict[str, Choice]:
    weights: dict[str, dict[str, float]] = {}
    arose = {merger.new_nis for merger in mergers()} - {merger.old_nis for merger in mergers()}
    for nis, place in municipalities().items():
        if nis not in arose:
            weights.setdefault(_province_of(place), {})[nis] = _weight(nis)
    return {code: _choice(found) for code, found in weights.items()}


@cache
def _everywhere() -> Choice:
    weights: dict[str, float] = {}
    for code, choice in _around().items():
        before = 0.0
        for nis, running in zip(choice.codes, choice.running, strict=True):
            weights[nis] = _SHARES[code] * (running - before) / choice.running[-1]
            before = running
    return _choice(weights)


def _weight(nis: str) -> float:
    population = _BEFORE_MERGER.get(nis) or areas()[nis].population
    return population * (_PREFERENCE if population >= _CITY else 1.0)


def _choice(weights: dict[str, float]) -> Choice:
    return Choice(tuple(weights), tuple(accumulate(weights.values())))
