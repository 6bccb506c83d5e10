"""Small cells are hidden, and cannot be worked out from a total and the cells beside them (law 6)."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from schemas.areas import COUNTRY, Level, ancestors, area, areas, areas_of_level, children
from sinks.clickhouse.suppression import group_of, needed_areas, suppressed_areas, suppressed_parts

MINIMUM = 5
LIEGE, VERVIERS = "62000", "63000"
#: Zeros, small counts and ties with them are what matters.
COUNTS = st.one_of(st.just(0), st.integers(1, MINIMUM + 1), st.integers(0, 200))


def summed_up(municipalities: Mapping[str, int]) -> Counter[str]:
    """Every area's count, of the counts of municipalities."""
    counts: Counter[str] = Counter()
    for code, count in municipalities.items():
        for place in ancestors(code):
            counts[place] += count
    return counts


@st.composite
def belgiums(draw: st.DrawFn) -> Counter[str]:
    """Counts of all areas where some arrondissements of one or two regions have any."""
    arrondissements = [each.code for each in areas_of_level(Level.ARRONDISSEMENT)]
    chosen = draw(st.lists(st.sampled_from(arrondissements), min_size=1, max_size=4, unique=True))
    counts = {code: draw(COUNTS) for each in chosen for code in children(each)}
    return summed_up(counts)


def hidden_in(counts: Mapping[str, float]) -> frozenset[str]:
    """All areas that are hidden; each is asked for alone, with no more than the counts that it needs."""
    asked = [code for code in areas() if counts.get(code) or area(code).parent in counts]
    return frozenset(
        code
        for code in asked
        if suppressed_areas([code], {each: counts.get(each, 0) for each in needed_areas([code])}, MINIMUM)
    )


def worked_out(counts: Mapping[str, float], hidden: frozenset[str]) -> set[str]:
    """The hidden areas that someone works out who sees all others, from sums up and down through all levels."""
    unknown = set(hidden)
    sums = [{parent, *children(parent)} for parent in areas() if children(parent) and counts.get(parent)]
    while found := [lone for each in sums if len(lone := each & unknown) == 1]:
        unknown.difference_update(*found)
    return set(hidden) - unknown


def by_subtraction(total_is_shown: bool, counts: Mapping[str, float], hidden: frozenset[str]) -> list[str]:
    """The cells that someone works out who sees the total and the cells that are not hidden."""
    unknown = [code for code in counts if code in hidden]
    return unknown if total_is_shown and len(unknown) == 1 else []


@settings(deadline=None)
@given(belgiums())
def test_no_hidden_area_is_its_parent_s_total_minus_its_siblings(counts: Counter[str]) -> None:
    hidden = hidden_in(counts)
    for parent in list(counts):
        group = {code: float(counts[code]) for code in children(parent)}
        assert by_subtraction(parent not in hidden, group, hidden) == []


@settings(deadline=None)
@given(belgiums())
@example(summed_up({children("62000")[0]: 3, children("63000")[0]: 9, children("64000")[0]: 30}))
def test_no_hidden_area_can_be_worked_out_from_all_that_is_shown(counts: Counter[str]) -> None:
    assert worked_out(counts, hidden_in(counts)) == set()


@settings(deadline=None)
@given(belgiums())
def test_every_small_count_is_hidden_and_every_zero_is_shown(counts: Counter[str]) -> None:
    hidden = hidden_in(counts)
    assert {code for code, count in counts.items() if 0 < count < MINIMUM} <= hidden
    assert not {code for code in areas() if counts[code] == 0} & hidden


@settings(deadline=None)
@given(belgiums())
def test_nothing_is_hidden_where_nothing_is_small(counts: Counter[str]) -> None:
    municipalities = {each.code: counts[each.code] * MINIMUM for each in areas_of_level(Level.MUNICIPALITY)}
    assert hidden_in(summed_up(municipalities)) == frozenset()


@settings(deadline=None)
@given(belgiums())
def test_areas_are_judged_alike_alone_and_together(counts: Counter[str]) -> None:
    assert suppressed_areas(list(areas()), counts, MINIMUM) == hidden_in(counts)


@settings(deadline=None)
@given(st.dictionaries(st.sampled_from("abcdefgh"), COUNTS, min_size=1))
@example({"a": 3})
@example({"a": 3, "b": 0})
@example({"a": 7, "b": 3, "c": 7})
def test_no_hidden_part_is_the_total_minus_the_other_parts(counts: dict[str, int]) -> None:
    hidden = suppressed_parts(counts, MINIMUM)
    assert {part for part, count in counts.items() if 0 < count < MINIMUM} <= hidden
    assert not {part for part, count in counts.items() if count == 0} & hidden
    # A total that is small itself is not shown, and its parts with it (PublishedValues.breakdowns).
    total_is_shown = sum(counts.values()) >= MINIMUM
    assert by_subtraction(total_is_shown, counts, hidden) == []


@pytest.mark.parametrize(
    ("counts", "hidden"),
    [
        ([3, 20, 9, 30], {0, 2}),  # one small: the next smallest goes with it
        ([3, 2, 9, 30], {0, 1}),  # two small: enough
        ([3, 0, 9, 30], {0, 2}),  # a zero would not protect
        ([3, 9, 9, 9], {0, 1}),  # of equal ones the first by name
        ([5, 6, 7, 8], set()),
        ([0, 0, 0, 0], set()),
    ],
)
def test_so_many_others_are_hidden_as_are_needed(counts: Sequence[int], hidden: set[int]) -> None:
    parts = dict(zip("abcd", counts, strict=True))
    assert suppressed_parts(parts, MINIMUM) == {"abcd"[place] for place in hidden}
    # The same for municipalities: the first four of an arrondissement.
    codes = children(LIEGE)[:4]
    found = suppressed_areas(codes, summed_up(dict(zip(codes, counts, strict=True))), MINIMUM)
    assert found == {codes[place] for place in hidden}


def only_children() -> list[str]:
    return [code for code in areas() if len(group_of(code)) == 1 and code != COUNTRY]


def test_brussels_arrondissement_is_the_only_one_of_its_region() -> None:
    assert "21000" in only_children()
    assert area("21000").parent == "04000"


@pytest.mark.parametrize("code", only_children())
def test_an_only_child_is_hidden_with_its_parent(code: str) -> None:
    parent = area(code).parent
    assert parent is not None
    (sibling, *_) = (each for each in group_of(parent) if each != parent)
    # The sibling is small, so the parent is hidden with it though it is not small; the child has the same count.
    counts: Mapping[str, float] = {parent: 9, code: 9, sibling: 2}
    assert suppressed_areas([parent, code, sibling], counts, MINIMUM) == {parent, code, sibling}
    assert suppressed_areas([code], {each: counts.get(each, 0) for each in needed_areas([code])}, MINIMUM)
    shown = {**counts, sibling: MINIMUM}
    assert suppressed_areas([parent, code, sibling], shown, MINIMUM) == frozenset()


@pytest.mark.parametrize("minimum", [0, 1])
def test_a_minimum_of_nought_or_one_hides_nothing(minimum: int) -> None:
    counts = summed_up(dict.fromkeys(children(VERVIERS), 1))
    assert suppressed_areas(list(areas()), counts, minimum) == frozenset()
    assert suppressed_parts({"a": 1, "b": 2}, minimum) == frozenset()
