"""Which way an alert goes: Alertmanager's tree, and what it changes for those who are responsible."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from alerts.address_book import load_address_book, told
from alerts.routing import Route, group_of, way_to, ways
from bewithu.errors import DefinitionError
from tests.alerts.samples import LIEGE, book, coordinator, rule, transition

NAMUR, ANTWERP, WALLONIA = "90000", "10000", "03000"
WATCHED = rule(labels={"domain": "housing"}, overrides={ANTWERP: {"severity": "critical"}})


def tree(**fields: Any) -> Route:
    return Route.model_validate(fields)


def names(routing: Route, area: str = LIEGE) -> list[str]:
    return [way.name for way in ways(transition(area=area), WATCHED, routing)]


def test_without_routes_all_alerts_of_a_rule_go_into_one_mail_after_half_a_minute() -> None:
    (way,) = ways(transition(), WATCHED, Route())
    assert (way.name, way.to, way.group_by, way.group_wait) == ("", None, ("rule",), timedelta(seconds=30))


@pytest.mark.parametrize(
    ("matchers", "fits"),
    [
        ({"severity": "warning"}, True),
        ({"severity": "critical"}, False),
        ({"level": "province"}, True),
        ({"level": "municipality"}, False),
        ({"area": WALLONIA}, True),
        ({"area": ANTWERP}, False),
        ({"domain": "housing", "region": WALLONIA}, True),
        ({"domain": "work"}, False),
        ({"nothing": ""}, False),
        ({}, True),
    ],
)
def test_a_route_takes_what_is_all_that_it_names(matchers: dict[str, str], fits: bool) -> None:
    assert names(tree(routes=[{"name": "own", "matchers": matchers}])) == (["own"] if fits else [""])


def test_the_first_route_that_fits_takes_it_and_the_deepest_below_it() -> None:
    routing = tree(
        routes=[
            {
                "name": "housing",
                "matchers": {"domain": "housing"},
                "routes": [
                    {"name": "critical", "matchers": {"severity": "critical"}},
                    {"matchers": {"region": WALLONIA}},
                ],
            },
            {"name": "never", "matchers": {"level": "province"}},
        ]
    )
    assert names(routing, ANTWERP) == ["housing/critical"]
    assert names(routing, LIEGE) == ["housing/route-2"]


def test_with_continue_the_next_routes_are_asked_too() -> None:
    routing = tree(
        routes=[
            {"name": "first", "continue": True},
            {"name": "off", "matchers": {"domain": "work"}},
            {"name": "second"},
            {"name": "never"},
        ]
    )
    assert names(routing) == ["first", "second"]


def test_what_a_route_leaves_out_it_has_from_the_one_above() -> None:
    routing = tree(
        group_by=["severity"],
        group_wait="5m",
        routes=[{"name": "a", "group_wait": "0s", "routes": [{"name": "b", "to": ["x@x.be"]}]}],
    )
    (way,) = ways(transition(), WATCHED, routing)
    assert (way.name, way.to, way.group_by, way.group_wait) == (
        "a/b",
        ("x@x.be",),
        ("severity",),
        timedelta(0),
    )


def test_alerts_are_grouped_by_what_their_route_names() -> None:
    (way,) = ways(transition(), WATCHED, tree(group_by=["domain", "region", "unknown"]))
    assert group_of(transition(), WATCHED, way) == ("housing", WALLONIA, "")
    assert group_of(transition(area=NAMUR), WATCHED, way) == ("housing", WALLONIA, "")
    assert group_of(transition(area=ANTWERP), WATCHED, way) == ("housing", "02000", "")


def test_of_those_responsible_a_route_leads_to_whom_it_names() -> None:
    routing = tree(routes=[{"name": "desk", "matchers": {"domain": "housing"}, "to": ["b@x.be", "far@x.be"]}])
    people = book(coordinator("a@x.be", "BE"), coordinator("b@x.be", LIEGE), coordinator("far@x.be", ANTWERP))
    answers = told(transition(), WATCHED, people.model_copy(update={"routing": routing}))
    assert [(each.told, each.reason) for each in answers] == [
        (False, "route desk leads to others"),
        (True, "60000 is the coordinator's area, by route desk"),
        (False, "60000 is not in 10000"),
    ]
    assert way_to("a@x.be", ways(transition(), WATCHED, routing)) is None


def test_a_reader_whom_the_book_does_not_know_is_a_problem_of_the_route(tmp_path: Path) -> None:
    file = tmp_path / "book.yaml"
    file.write_text(
        "contact: c@x.be\n"
        "coordinators: [{name: Ann, email: ann@x.be, language: nl, areas: [BE]}]\n"
        "routing:\n"
        "  routes:\n"
        "    - to: [an@x.be]\n"
    )
    with pytest.raises(DefinitionError, match=r"book.yaml:5.*'an@x.be' is no coordinator.*ann@x.be"):
        load_address_book(file)
