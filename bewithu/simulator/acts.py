"""One thing that happens in a life and that an agency reports."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

REGISTRATION = "bewithu.registration.v1"
BENEFIT = "bewithu.benefit_grant.v1"
HOUSING = "bewithu.housing_change.v1"
SCHOOL = "bewithu.school_enrolment.v1"
EMPLOYMENT = "bewithu.employment.v1"
COURSE = "bewithu.integration_course.v1"
CAPACITY = "bewithu.reception_capacity.v1"
HEARTBEAT = "bewithu.agency_heartbeat.v1"

#: Kinds of agency. A municipality's and a CPAS' code is the kind, a dash and the NIS code: `mun-21004`. Those for
#: school, work and courses are in `competence`.
DVZ, FEDASIL, MUNICIPALITY, CPAS = "dvz", "fedasil", "mun", "cpas"
LOCAL = (MUNICIPALITY, CPAS)


@dataclass(frozen=True, slots=True)
class Act:
    """`status` at `moment` (see `moments`) in `municipality` (a code as from `places.home`).

    `detail` holds the topic's own fields that are not null. Members of a household share their common acts.
    """

    moment: float
    topic: str
    status: str
    agency: str
    municipality: str
    detail: Mapping[str, Any]
