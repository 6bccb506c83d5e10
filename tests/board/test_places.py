"""The map and its table."""

from __future__ import annotations

from datetime import date
from math import pi

import pytest

from bewithu.board import Value
from bewithu.board.frame import WIDTH, frame_around
from bewithu.board.places import LARGEST, LARGEST_OF_FEW, SMALLEST, Places, places
from bewithu.board.words import words
from schemas.areas import Level, area, areas, areas_of_level, is_within
from schemas.areas.outlines import project
from tests.board.fake_catalogue import SHAPES

INFO = {shape.info.id: shape.info for shape in SHAPES}
DAY = date(2025, 11, 24)


def value(code: str, number: float | None, *, moved: float | None = None) -> Value:
    return Value("x", code, "", DAY, number, suppressed=number is None, change_7d=moved)


def shown(*values: Value, where: str = "BE", id_: str = "registered_persons") -> Places:
    return places(values, INFO[id_], area(where), words("en"))


def test_the_surface_of_a_circle_is_in_proportion_to_its_value() -> None:
    found = shown(value("44021", 1000), value("62063", 250), value("21004", 90))
    per_person = [
        pi * circle.radius**2 / number for circle, number in zip(found.circles, (1000, 250, 90), strict=True)
    ]
    assert per_person == pytest.approx([per_person[0]] * 3)
    assert found.circles[0].radius == LARGEST
    assert [key.text for key in found.legend] == ["1,000", "200", "40"]


def test_the_smallest_value_can_still_be_seen_and_zero_has_no_circle() -> None:
    found = shown(value("44021", 5_000_000), value("62063", 5), value("21004", 0))
    assert [circle.radius for circle in found.circles] == [LARGEST, SMALLEST]
    assert [row.figure.text for row in found.highest] == ["5,000,000", "5", "0"]


def test_a_handful_of_people_does_not_look_like_a_crowd() -> None:
    (circle,) = shown(value("44021", 5)).circles
    assert circle.radius == pytest.approx(LARGEST / 2)


def test_a_hidden_number_is_a_hollow_circle_between_the_numbers_and_the_zeros() -> None:
    found = shown(value("44021", 8), value("62063", None), value("21004", 0))
    assert [row.code for row in found.highest] == ["44021", "62063", "21004"]
    hollow = next(circle for circle in found.circles if circle.code == "62063")
    assert (hollow.look, found.hidden) == ("hidden", True)
    assert hollow.title == "Liège: hidden: it rests on fewer than 5"
    row = found.highest[1]
    assert (row.figure.text, row.per_thousand, row.change.short) == ("<\xa05*", "–", "–")


def test_below_zero_looks_different_and_says_its_sign() -> None:
    found = shown(value("44021", -8), value("62063", 3), id_="net_movement_7d")
    looks = {circle.code: (circle.look, circle.title) for circle in found.circles}
    assert looks["44021"] == ("below", "Ghent: −8 persons")
    assert looks["62063"] == ("above", "Liège: 3 persons")
    assert found.below
    assert [row.code for row in found.highest] == ["62063", "44021"]


def test_an_area_shows_its_own_municipalities_and_counts_the_silent_ones() -> None:
    found = shown(value("44021", 8), value("62063", 9), where="60000")
    assert [row.code for row in found.highest] == ["62063"]
    liege = [each for each in areas_of_level(Level.MUNICIPALITY) if is_within(each.code, "60000")]
    assert found.silent == len(liege) - 1
    assert {border.name for border in found.borders if border.around} == {"Province of Liège"}
    assert found.circles[0].radius < LARGEST_OF_FEW


def test_a_municipality_is_shown_among_its_neighbours_and_marked_even_at_zero() -> None:
    found = shown(value("81001", 0), value("81003", 40), where="81001")
    assert found.within.code == "81000"
    assert {circle.code: circle.chosen for circle in found.circles} == {"81001": True, "81003": False}
    assert {row.code: row.chosen for row in found.highest} == {"81001": True, "81003": False}


@pytest.mark.parametrize(
    "code", [code for code, each in areas().items() if each.level is not Level.MUNICIPALITY]
)
def test_every_area_has_a_frame_with_all_its_municipalities_in_it(code: str) -> None:
    within = [each for each in areas_of_level(Level.MUNICIPALITY) if is_within(each.code, code)]
    frame = frame_around(within)
    for each in within:
        assert each.latitude is not None
        assert each.longitude is not None
        x, y = frame.inside(*project(each.latitude, each.longitude))
        assert 0 < x < WIDTH
        assert 0 < y < frame.height


def test_inhabitants_and_changes_are_columns_only_where_they_mean_something() -> None:
    found = shown(value("44021", 1000, moved=3))
    assert (found.highest[0].per_thousand, found.per_thousand, found.changes) == ("3.8", True, True)
    found = shown(value("44021", 0.5), id_="renewal_share")
    assert (found.per_thousand, found.changes) == (False, False)


def test_hidden_shares_come_last_and_equals_by_name_without_accents() -> None:
    equal = [value(code, 0.25) for code in ("63035", "62063", "64047", "62027")]
    found = shown(value("44021", None), *equal, id_="renewal_share")
    assert [row.name for row in found.highest + found.others] == [
        "Dalhem",
        "Herve",
        "Liège",
        "Lincent",
        "Ghent",
    ]


def test_an_empty_map_is_a_map() -> None:
    found = shown()
    assert (found.circles, found.legend, found.highest, found.silent) == ((), (), (), 565)
    assert len(found.borders) == 11
    assert found.attribution.startswith("©")


def test_those_without_anybody_do_not_fill_the_table_that_is_in_sight() -> None:
    codes = [each.code for each in areas_of_level(Level.MUNICIPALITY)]
    found = shown(*(value(code, 9.0 if number < 5 else 0.0) for number, code in enumerate(codes)))
    assert (len(found.highest), len(found.others)) == (5, 560)
    found = shown(*(value(code, 9.0) for code in codes))
    assert (len(found.highest), len(found.others)) == (12, 553)
    found = shown(*(value(code, 0.0) for code in codes))
    assert (len(found.highest), len(found.others)) == (3, 562)
