"""Courses: adults learn the language of the region, and some follow civic orientation.

Of Dutch as a second language 11,890 enrolments in regular courses were counted by February 2023 (Flanders). For
whom courses are compulsory was not found, region by region: the shares are ours.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from random import Random
from typing import Any

from bewithu.simulator.acts import COURSE, Act
from bewithu.simulator.chance import lag
from bewithu.simulator.competence import integration_agency
from bewithu.simulator.moments import at_office
from bewithu.simulator.people import Person
from bewithu.simulator.stays import Span, municipality_at

#: Share of adults who take a place, by the agency that offers it.
_LANGUAGE = {"integ-agii": 0.58, "integ-bapa": 0.3, "integ-cri": 0.3, "integ-info": 0.5}
_ORIENTATION = {"integ-agii": 0.14, "integ-bapa": 0.12, "integ-cri": 0.2, "integ-info": 0.3}
_EXEMPTED = 0.04
_NEXT_LEVEL = 0.35
_NEVER_STARTS, _DROPS_OUT = 0.12, 0.25
#: Days: from the declaration to the booking, from there to the first lesson, the course.
_TO_BOOK, _TO_START, _LESSONS = 75, 30, 110
_OLDEST = 68.0


def courses(random: Random, person: Person, lived: Sequence[Span]) -> list[Act]:
    """An adult's courses, as long as the person stays (at least one stay)."""
    first, gone = lived[0].since, lived[-1].until
    if not 18 <= person.age(first) < _OLDEST:
        return []
    agency, language = integration_agency(random, lived[0].municipality)
    acts: list[Act] = []
    if random.random() < _LANGUAGE[agency]:
        acts += _course(random, first, agency, {"course": "language", "course_language": language}, lived)
        if acts[-1].status == "completed" and random.random() < _NEXT_LEVEL:
            acts += _course(random, acts[-1].moment, agency, acts[-1].detail, lived)
    if random.random() < _ORIENTATION[agency]:
        acts += _course(random, first, agency, {"course": "civic_orientation"}, lived)
    known = [act for act in acts if act.moment < gone]
    return [*known, *_broken_off(known, gone, lived)]


def _course(
    random: Random, since: float, agency: str, which: Mapping[str, Any], lived: Sequence[Span]
) -> list[Act]:
    """From the booking on: what the steps are if the person stays."""
    booked = at_office(random, since, lag(random, _TO_BOOK, 0.8))
    if which["course"] == "civic_orientation" and random.random() < _EXEMPTED:
        return [_told(booked, "exempted", agency, which, lived)]
    acts = [_told(booked, "registered", agency, which, lived)]
    started = at_office(random, booked, lag(random, _TO_START, 0.5))
    if random.random() < _NEVER_STARTS:
        return [*acts, _told(started, "dropped_out", agency, which, lived)]
    acts.append(_told(started, "started", agency, which, lived))
    days = lag(random, _LESSONS, 0.25)
    if random.random() < _DROPS_OUT:
        left = at_office(random, started, 1 + days * random.random())
        return [*acts, _told(left, "dropped_out", agency, which, lived)]
    return [*acts, _told(at_office(random, started, days), "completed", agency, which, lived)]


def _broken_off(known: Sequence[Act], gone: float, lived: Sequence[Span]) -> list[Act]:
    """Who leaves the country in the middle of a course drops out of it."""
    last = {str(act.detail["course"]): act for act in sorted(known, key=lambda act: act.moment)}
    return [
        _told(gone, "dropped_out", act.agency, act.detail, lived)
        for act in last.values()
        if act.status in ("registered", "started")
    ]


def _told(moment: float, status: str, agency: str, which: Mapping[str, Any], lived: Sequence[Span]) -> Act:
    return Act(moment, COURSE, status, agency, municipality_at(lived, moment), which)
