"""Work: adults register as jobseekers, take jobs of several kinds, lose them, and look again.

Calibrated on Flanders: a third of those between 16 and 64 was known to the employment service in December 2022,
and a third of these had found a job; 23 % had some work experience in February 2023 (VDAB).
"""

from __future__ import annotations

from collections.abc import Sequence
from random import Random

from bewithu.simulator.acts import EMPLOYMENT, Act
from bewithu.simulator.chance import lag, pick
from bewithu.simulator.competence import employment_service
from bewithu.simulator.moments import at_office
from bewithu.simulator.people import Person
from bewithu.simulator.plan import HORIZON
from bewithu.simulator.stays import Span, municipality_at

_REGISTERS = 0.5
_WORKS = 0.72
_DAYS_TO_REGISTER, _SPREAD = 110, 1.0
#: Mean days until a job: a first one since the registration or, without one, since the declaration; a next one.
_FIRST_JOB, _FIRST_JOB_UNKNOWN, _NEXT_JOB = 230.0, 420.0, 150.0
_REGISTERS_AGAIN = 0.5
#: Kinds of job with their shares and mean days, which are ours. A student's contract is for those under 26.
_JOBS = (
    (("temporary_agency", 90.0), 0.33),
    (("fixed_term", 200.0), 0.27),
    (("open_ended", 800.0), 0.22),
    (("flexi_job", 150.0), 0.08),
    (("student", 60.0), 0.06),
    (("self_employed", 700.0), 0.04),
)
_BESIDES = ("flexi_job", "student")
_WORKING_AGE = (18.0, 64.0)


def working(random: Random, person: Person, lived: Sequence[Span]) -> list[Act]:
    """An adult's steps on the labour market, as long as the person stays (at least one stay)."""
    first, gone = lived[0].since, min(lived[-1].until, HORIZON)
    if not _WORKING_AGE[0] <= person.age(first) < _WORKING_AGE[1]:
        return []
    acts: list[Act] = []
    registers, works = random.random() < _REGISTERS, random.random() < _WORKS
    registered = at_office(random, first, lag(random, _DAYS_TO_REGISTER, _SPREAD)) if registers else None
    if registered is not None:
        acts.append(_told(registered, "registered", lived))
    looking = first if registered is None else registered
    wait = _FIRST_JOB_UNKNOWN if registered is None else _FIRST_JOB
    while works and (start := at_office(random, looking, random.expovariate(1 / wait))) < gone:
        kind, days = pick(random, _JOBS)
        if kind == "student" and person.age(start) >= 26:
            kind = "fixed_term"
        end = at_office(random, start, 1 + random.expovariate(1 / days))
        acts.append(_told(start, "started", lived, kind))
        if registered is not None and kind not in _BESIDES:
            off = at_office(random, start, lag(random, 6, 0.5))
            registered = None
            acts.append(_told(min(off, end - 0.01), "deregistered", lived))
        acts.append(_told(min(end, gone), "ended", lived, kind))
        if registered is None and random.random() < _REGISTERS_AGAIN:
            registered = at_office(random, end, lag(random, 8, 0.6))
            acts.append(_told(registered, "registered", lived))
        looking, wait = max(end, registered or end), _NEXT_JOB
    known = [act for act in acts if act.moment <= gone]
    if _is_registered(known) and gone < HORIZON:
        known.append(_told(gone, "deregistered", lived))
    return known


def _is_registered(acts: Sequence[Act]) -> bool:
    last = max(
        (act for act in acts if act.status in ("registered", "deregistered")),
        key=lambda act: act.moment,
        default=None,
    )
    return last is not None and last.status == "registered"


def _told(moment: float, status: str, lived: Sequence[Span], kind: str | None = None) -> Act:
    nis = municipality_at(lived, moment)
    detail = {} if kind is None else {"contract_type": kind}
    return Act(moment, EMPLOYMENT, status, employment_service(nis), nis, detail)
