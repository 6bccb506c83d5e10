"""Areas of one level, completed to the whole country: Brussels has no provinces."""

from __future__ import annotations

import pytest

from schemas.areas import Level, areas_of_level, covering, is_within


@pytest.mark.parametrize("level", list(Level))
def test_the_areas_that_cover_a_level_are_the_whole_country_once(level: Level) -> None:
    found = [area.code for area in covering(level)]
    for place in areas_of_level(Level.MUNICIPALITY):
        assert len([code for code in found if is_within(place.code, code)]) == 1
    assert set(found) >= {area.code for area in areas_of_level(level)}


def test_brussels_is_watched_with_the_provinces() -> None:
    assert {area.code for area in covering(Level.PROVINCE)} == {
        *(area.code for area in areas_of_level(Level.PROVINCE)), "04000"
    }  # fmt: skip
