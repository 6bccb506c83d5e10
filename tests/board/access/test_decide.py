"""Who may see or do what of which area: a table of decisions, and what holds for all of them."""

from __future__ import annotations

from typing import get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bewithu.board.access.visitor import NOBODY, PUBLIC, ROLES, Grant, Visitor, What, decide, own_areas
from schemas.areas import areas, is_within
from tests.board.access.logins import (
    COORDINATOR,
    FLANDERS,
    GHENT,
    LIEGE,
    LIEGE_CITY,
    OPERATOR,
    READER,
    WALLONIA,
    person,
)

CODES = st.sampled_from(sorted(areas()))
GRANTS = st.frozensets(st.builds(Grant, st.sampled_from(ROLES), CODES), max_size=3)
WHATS: tuple[What, ...] = get_args(What)


@pytest.mark.parametrize(
    ("visitor", "what", "allowed", "refused"),
    [
        (NOBODY, "totals", [], ["BE", LIEGE_CITY]),
        (PUBLIC, "details", ["BE", LIEGE_CITY, GHENT], []),
        (PUBLIC, "comments", [], ["BE", LIEGE_CITY]),
        (PUBLIC, "records", [], ["BE"]),
        (READER, "totals", [LIEGE_CITY, "62000", LIEGE, WALLONIA, "BE"], [GHENT, FLANDERS, "62003"]),
        (READER, "details", [LIEGE_CITY], ["62000", LIEGE, WALLONIA, "BE", GHENT]),
        (READER, "comments", [], [LIEGE_CITY]),
        (READER, "act", [], [LIEGE_CITY]),
        (COORDINATOR, "details", [LIEGE, "62000", LIEGE_CITY, "63023"], [WALLONIA, "BE", GHENT]),
        (COORDINATOR, "comments", [LIEGE, LIEGE_CITY], [WALLONIA, "BE", GHENT]),
        (COORDINATOR, "act", [LIEGE, LIEGE_CITY], [WALLONIA, "BE", GHENT]),
        (COORDINATOR, "records", [], ["BE", LIEGE]),
        (OPERATOR, "records", ["BE"], []),
        (OPERATOR, "act", ["BE", GHENT, LIEGE_CITY], []),
    ],
)
def test_a_role_counts_for_its_area_and_what_lies_in_it(
    visitor: Visitor, what: What, allowed: list[str], refused: list[str]
) -> None:
    assert [code for code in allowed + refused if decide(visitor, what, code).allowed] == allowed


def test_a_decision_gives_its_reason_and_the_role_that_is_missing() -> None:
    assert decide(READER, "details", LIEGE_CITY).reason == "reader of 62063"
    assert decide(READER, "totals", "BE").reason == "reader of 62063, which lies in BE"
    refused = decide(READER, "act", LIEGE_CITY)
    assert (refused.needs, refused.area) == ("coordinator", LIEGE_CITY)
    assert refused.reason == "act of 62063 need the role coordinator"


@given(GRANTS, st.sampled_from(WHATS), CODES, CODES)
def test_what_is_allowed_around_is_allowed_inside_but_for_totals(
    grants: frozenset[Grant], what: What, inner: str, outer: str
) -> None:
    visitor = Visitor("x", grants)
    if what != "totals" and is_within(inner, outer) and decide(visitor, what, outer).allowed:
        assert decide(visitor, what, inner).allowed


@given(GRANTS, GRANTS, st.sampled_from(WHATS), CODES)
def test_another_grant_never_takes_anything_away(
    some: frozenset[Grant], more: frozenset[Grant], what: What, code: str
) -> None:
    if decide(Visitor("x", some), what, code).allowed:
        assert decide(Visitor("x", some | more), what, code).allowed


@given(GRANTS, CODES, CODES)
def test_own_areas_are_exactly_those_whose_details_are_seen(
    grants: frozenset[Grant], within: str, code: str
) -> None:
    visitor = Visitor("x", grants)
    own = own_areas(visitor, within)
    if is_within(code, within):
        assert any(is_within(code, each) for each in own) == decide(visitor, "details", code).allowed
    assert not any(is_within(a, b) for a in own for b in own if a != b)


def test_the_name_is_no_part_of_what_is_seen() -> None:
    assert person("a", ("reader", GHENT)).sight == person("b", ("reader", GHENT)).sight != READER.sight
