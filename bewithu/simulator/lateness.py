"""How long after it happened an agency records an act, and how long after that it publishes.

Log-normal, median and sigma by agency and status. Orders of magnitude, as no source measures them:
certificates within the day, the register and Fedasil within days, municipal housing slow and uneven, CPAS
decisions days to weeks, jobs weeks, as employers declare them; schools in weekly batches.
"""

from __future__ import annotations

from random import Random

from bewithu.simulator.acts import (
    CAPACITY,
    COURSE,
    CPAS,
    DVZ,
    EMPLOYMENT,
    FEDASIL,
    MUNICIPALITY,
    SCHOOL,
    Act,
)
from bewithu.simulator.chance import lag
from bewithu.simulator.competence import EMPLOYMENT_SERVICES, INTEGRATION_AGENCIES, MINISTRIES, REGIONS
from bewithu.simulator.incidents import RESTATED_ON, RESTATED_SHARE, RESTATED_YEAR
from bewithu.simulator.moments import date_of

# Days: median, sigma.
_RECORDING = {
    (DVZ, "certified"): (0.02, 1.0),
    (FEDASIL, "need_declared"): (0.05, 1.2),
    (FEDASIL, "moved_in"): (0.15, 1.2),
    (FEDASIL, "moved_out"): (0.3, 1.2),
    (MUNICIPALITY, "declared"): (0.3, 1.2),
    (MUNICIPALITY, "card_issued"): (0.2, 1.2),
    (MUNICIPALITY, "renewed"): (0.2, 1.2),
    (MUNICIPALITY, "not_renewed"): (0.5, 0.8),
    (MUNICIPALITY, "struck_off"): (3.0, 1.0),
    (MUNICIPALITY, "moved_in"): (2.5, 1.1),
    (MUNICIPALITY, "moved_out"): (3.5, 1.1),
    (CPAS, "requested"): (1.0, 1.0),
    (CPAS, "granted"): (2.0, 1.0),
    (CPAS, "changed"): (2.0, 1.0),
    (CPAS, "refused"): (2.0, 1.0),
    (CPAS, "ended"): (4.0, 1.0),
}
#: The same by what is told, whoever tells it.
_RECORDING_ANYWHERE = {
    (EMPLOYMENT, "registered"): (0.02, 1.0),
    (EMPLOYMENT, "deregistered"): (0.1, 1.0),
    (EMPLOYMENT, "started"): (12.0, 0.7),
    (EMPLOYMENT, "ended"): (14.0, 0.7),
    **dict.fromkeys(((SCHOOL, status) for status in ("enrolled", "changed", "left")), (2.0, 0.9)),
    **dict.fromkeys(((CAPACITY, status) for status in ("opened", "changed", "closed")), (0.4, 1.0)),
    **dict.fromkeys(
        ((COURSE, status) for status in ("registered", "started", "completed", "dropped_out", "exempted")),
        (1.5, 0.9),
    ),
}
_PUBLISHING = {
    DVZ: 0.01,
    FEDASIL: 0.03,
    MUNICIPALITY: 0.1,
    CPAS: 0.3,
    **dict.fromkeys(REGIONS.values(), 0.5),
    **dict.fromkeys(MINISTRIES.values(), 3.5),
    **dict.fromkeys(EMPLOYMENT_SERVICES, 0.5),
    **dict.fromkeys(INTEGRATION_AGENCIES, 0.8),
}


def recording_delay(random: Random, act: Act, late: float) -> float:
    """Days until it is recorded. `late` is the share of the CPAS' acts that are weeks late."""
    median, sigma = _RECORDING_ANYWHERE.get((act.topic, act.status)) or _RECORDING[act.agency, act.status]
    days = lag(random, median, sigma)
    if act.agency == CPAS and random.random() < late:
        return days + 14 + 42 * random.random()
    if act.agency == DVZ and random.random() < RESTATED_SHARE and date_of(act.moment).year == RESTATED_YEAR:
        return RESTATED_ON + 5 * random.random() - act.moment
    return days


def publishing_delay(random: Random, act: Act) -> float:
    """Days from the record to the message."""
    return random.expovariate(1 / _PUBLISHING[act.agency])
