"""School, work and courses of the simulator's persons: in an order that makes sense, in published numbers."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import UTC, datetime
from itertools import pairwise

import pytest

from bewithu.simulator import Plan
from bewithu.simulator.acts import COURSE, EMPLOYMENT, REGISTRATION, SCHOOL
from schemas.areas import municipalities
from tests.test_simulator import SMALL, Event, accepted
from tests.test_simulator_lives import lives_of

FEBRUARY_2023 = datetime(2023, 2, 15, tzinfo=UTC)
LARGE = Plan(scale=0.2)
FLANDERS, WALLONIA, BRUSSELS = "02000", "03000", "04000"


def follow(told: Mapping[str, list[Event]], allowed: Mapping[str, set[str]], first: set[str]) -> int:
    """How many persons there are; each status must be allowed after the one before."""
    for events in told.values():
        statuses = [event["status"] for event in events]
        assert statuses[0] in first
        assert all(after in allowed[before] for before, after in pairwise(statuses)), statuses
    return len(told)


def region_of(event: Event) -> str:
    return municipalities()[event["municipality"]].region


def pupils(moment: datetime) -> list[Event]:
    at_school: dict[str, Event] = {}
    for topic, event in accepted(LARGE):
        if topic == SCHOOL and event["occurred_at"] < moment:
            at_school[event["person"]] = event
    return [event for event in at_school.values() if event["status"] != "left"]


def test_children_enrol_and_nobody_else() -> None:
    ages = Counter(
        event["age_group"]
        for topic, event in accepted(SMALL)
        if topic == SCHOOL and event["status"] == "enrolled"
    )
    # a correction of the age group may be wrong by one
    assert ages["a00_05"] + ages["a06_17"] > 0.98 * ages.total()
    assert min(ages["a00_05"], ages["a06_17"]) > 20


def test_a_child_enrols_before_it_changes_or_leaves_and_may_enrol_again() -> None:
    allowed = {"enrolled": {"changed", "left"}, "changed": {"changed", "left"}, "left": {"enrolled"}}
    assert follow(lives_of(SCHOOL), allowed, {"enrolled"}) > 100


def test_pupils_of_february_2023_come_near_the_published_ones() -> None:
    found = pupils(FEBRUARY_2023)
    regions = Counter(map(region_of, found))
    assert regions[FLANDERS] / LARGE.scale == pytest.approx(7_766, rel=0.2)
    assert regions[WALLONIA] / LARGE.scale == pytest.approx(2_686, rel=0.2)
    assert regions[BRUSSELS] / LARGE.scale == pytest.approx(2_138, rel=0.5)
    levels = Counter(event["level"] for event in found)
    assert levels["primary"] > levels["secondary"] > levels["pre_primary"] > levels["special"] > 0


def test_the_community_of_a_school_is_that_of_the_place_but_in_brussels_there_are_two() -> None:
    communities = {
        (region_of(event), event["community"], event["agency"])
        for topic, event in accepted(LARGE)
        if topic == SCHOOL and event["status"] == "enrolled" and event["revision"] == 0
    }
    assert communities == {
        (FLANDERS, "flemish", "edu-vl"),
        (WALLONIA, "french", "edu-fwb"),
        (WALLONIA, "german", "edu-dg"),
        (BRUSSELS, "french", "edu-fwb"),
        (BRUSSELS, "flemish", "edu-vl"),
    }


def test_reception_classes_are_left_for_regular_ones() -> None:
    programmes = [
        (before["programme"], after["programme"])
        for events in lives_of(SCHOOL).values()
        for before, after in pairwise(events)
        if after["status"] == "changed"
    ]
    assert ("reception_class", "regular") in programmes
    assert ("regular", "reception_class") not in programmes


def test_who_works_starts_a_job_before_it_ends_and_has_one_at_a_time() -> None:
    jobs = {
        person: [event for event in events if event["status"] in ("started", "ended")]
        for person, events in lives_of(EMPLOYMENT).items()
    }
    told = {person: events for person, events in jobs.items() if events}
    assert follow(told, {"started": {"ended"}, "ended": {"started"}}, {"started"}) > 100
    for events in told.values():
        for started, ended in zip(events[::2], events[1::2], strict=False):
            assert started["contract_type"] == ended["contract_type"]


def test_who_looks_for_work_is_registered_once_at_a_time() -> None:
    listed = {
        person: [event for event in events if event["status"] in ("registered", "deregistered")]
        for person, events in lives_of(EMPLOYMENT).items()
    }
    told = {person: events for person, events in listed.items() if events}
    allowed = {"registered": {"deregistered"}, "deregistered": {"registered"}}
    assert follow(told, allowed, {"registered"}) > 100


def test_a_third_of_the_adults_in_flanders_is_known_to_the_employment_service_at_the_end_of_2022() -> None:
    adults, known, worked = set(), set(), set()
    for topic, event in accepted(LARGE):
        if event["occurred_at"] > datetime(2022, 12, 20, tzinfo=UTC) or event["person"] is None:
            continue
        if topic == EMPLOYMENT:
            (worked if event["status"] == "started" else known).add(event["person"])
        if topic == REGISTRATION and event["status"] == "declared" and region_of(event) == FLANDERS:
            adults |= {event["person"]} if event["age_group"] in ("a18_34", "a35_64") else set()
    assert len(adults & known) / len(adults) == pytest.approx(0.33, abs=0.06)
    assert len(adults & worked) / len(adults) == pytest.approx(0.23, abs=0.06)


def test_a_course_is_booked_before_it_starts_and_ends_once() -> None:
    ended = {"completed", "dropped_out"}
    told = {
        (person, course): [event for event in events if event["course"] == course]
        for person, events in lives_of(COURSE).items()
        for course in ("language", "civic_orientation")
    }
    found = {f"{person}/{course}": events for (person, course), events in told.items() if events}
    allowed = {
        "registered": {"started", "dropped_out"},
        "started": ended,
        "completed": {"registered"},
        "dropped_out": set[str](),
        "exempted": set[str](),
    }
    assert follow(found, allowed, {"registered", "exempted"}) > 100


def test_dutch_courses_by_february_2023_come_near_the_published_enrolments() -> None:
    booked = sum(
        event["status"] == "registered" and event["course_language"] == "nl"
        for topic, event in accepted(LARGE)
        if topic == COURSE and event["occurred_at"] < FEBRUARY_2023
    )
    assert booked / LARGE.scale == pytest.approx(11_890, rel=0.15)


def test_nobody_goes_to_school_to_work_or_to_a_course_before_declaring() -> None:
    declared: dict[str, datetime] = {}
    for topic, event in accepted(SMALL):
        if topic == REGISTRATION and event["status"] == "declared":
            declared.setdefault(event["person"], event["occurred_at"])
    pursuits = [event for topic, event in accepted(SMALL) if topic in (SCHOOL, EMPLOYMENT, COURSE)]
    late = [event for event in pursuits if event["person"] not in declared]
    # their declaration may have been on its way when the plan ended
    assert len(late) < 0.01 * len(pursuits)
    assert all(
        event["occurred_at"] > declared[event["person"]] for event in pursuits if event["person"] in declared
    )
