"""Certificate, declaration, card, yearly renewal, striking off."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from random import Random

from bewithu.simulator.acts import DVZ, MUNICIPALITY, REGISTRATION, Act
from bewithu.simulator.chance import lag, pick
from bewithu.simulator.housing import Home
from bewithu.simulator.moments import at_office, date_of, day_number

#: About 9 % of the certificates were never followed by a registration in a municipality (1 October 2023).
DECLARES = 0.91
# About 0.8 % of the stock a month is struck off (470 of 60,000); part of it are those who do not renew, see
# below.
_EXITS_A_DAY = 0.006 / 30.4
_RENEWAL_YEARS = range(2023, 2028)
# In 2023 a third had not renewed at the expiry. For the other years no figure is published.
_NOT_RENEWED = {2023: 0.33}
_NOT_RENEWED_OTHERWISE = 0.18
_RENEWS_LATER = 0.75

# Of 17,374 struck off by November 2024 more than 5,000 had gone back to Ukraine; 2 of 11,066 were
# naturalised. Deaths (117 of 11,066) are drawn by person, in `life`. The other shares are ours.
_REASONS = (
    ("returned", 0.38),
    ("departed", 0.29),
    ("ex_officio", 0.2298),
    ("other_status", 0.07),
    ("withdrawn", 0.03),
    ("naturalised", 0.0002),
)
_REASONS_AFTER_EXPIRY = (("ex_officio", 0.45), ("returned", 0.40), ("departed", 0.15))


@dataclass(frozen=True, slots=True)
class Departure:
    """When the household is struck off, and why."""

    moment: float
    reason: str


def expiry(moment: float) -> date:
    """Last day of validity of what is issued then: the next 4 March, from 4 January on the one after."""
    day = date_of(moment)
    return date(day.year if day < date(day.year, 1, 4) else day.year + 1, 3, 4)


def certified(arrived: float, nis: str) -> Act:
    return Act(arrived, REGISTRATION, "certified", DVZ, nis, {"valid_until": expiry(arrived)})


def declaration(random: Random, arrived: float, first: Home, sheltered: bool) -> float:
    """When the household declares its residence in its first home's municipality."""
    if sheltered:
        return at_office(random, first.since, lag(random, 10, 0.7))
    # three weeks in the middle; spring 2022 had a long tail, 6 to 8 weeks in the larger cities
    sigma = 0.85 if date_of(arrived) < date(2022, 6, 1) else 0.6
    return at_office(random, first.since, lag(random, 21, sigma))


def residence(random: Random, declared: float, homes: Sequence[Home]) -> tuple[list[Act], Departure]:
    """The acts from the card on, as long as nothing ends them, and the departure that will."""
    leaving = Departure(declared + random.expovariate(_EXITS_A_DAY), pick(random, _REASONS))
    card = at_office(random, declared, lag(random, 25, 0.5))
    acts = [_told(card, "card_issued", homes, {"valid_until": expiry(card)})]
    for year in _RENEWAL_YEARS:
        if card < day_number(date(year, 1, 4)):
            renewal, lost = _renewal(random, year, homes)
            acts += renewal
            if lost:
                return acts, min(lost, leaving, key=lambda departure: departure.moment)
    return acts, leaving


def declared_at(moment: float, nis: str) -> Act:
    return Act(moment, REGISTRATION, "declared", MUNICIPALITY, nis, {})


def struck_off(leaving: Departure, nis: str) -> Act:
    return Act(leaving.moment, REGISTRATION, "struck_off", MUNICIPALITY, nis, {"reason": leaving.reason})


def home_at(moment: float, homes: Sequence[Home]) -> Home:
    """The home of that moment, or the first one before."""
    return next((home for home in reversed(homes) if home.since <= moment), homes[0])


def _renewal(random: Random, year: int, homes: Sequence[Home]) -> tuple[list[Act], Departure | None]:
    """The wave from 4 January to 4 March, the tail on its last day, and who is lost after it."""
    opens, expires = day_number(date(year, 1, 4)), day_number(date(year, 3, 4))
    valid = {"valid_until": date(year + 1, 3, 4)}
    if random.random() >= _NOT_RENEWED.get(year, _NOT_RENEWED_OTHERWISE):
        # the root makes the queue grow towards the end; the last days are for the weekend of 4 March
        moment = at_office(random, opens, (expires - opens - 3) * math.sqrt(random.random()))
        return [_told(moment, "renewed", homes, valid)], None
    evening = expires + 0.75 + 0.2 * random.random()
    late = _told(evening, "not_renewed", homes, {})
    if random.random() < _RENEWS_LATER:
        return [late, _told(at_office(random, evening, lag(random, 24, 0.7)), "renewed", homes, valid)], None
    lost = Departure(at_office(random, evening, lag(random, 60, 0.5)), pick(random, _REASONS_AFTER_EXPIRY))
    return [late], lost


def _told(moment: float, status: str, homes: Sequence[Home], detail: Mapping[str, object]) -> Act:
    return Act(moment, REGISTRATION, status, MUNICIPALITY, home_at(moment, homes).municipality, detail)
