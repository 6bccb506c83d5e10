"""Agencies' feeds: national ones each, local ones together, what needs attention first."""

from __future__ import annotations

from datetime import timedelta

from bewithu.board import AgencyInfo
from bewithu.board.feeds import LISTED, Feeds, feeds, overdue
from bewithu.board.words import words
from schemas.areas import area
from tests.board.fake_catalogue import LOCAL, NATIONAL, NOW


def table(*agencies: AgencyInfo, where: str = "BE") -> Feeds:
    return feeds(agencies, area(where), NOW, words("en"))


def agency(code: str, hours: float | None, *, promised: float | None = None, refused: int = 0) -> AgencyInfo:
    last = None if hours is None else NOW - timedelta(hours=hours)
    rhythm = None if promised is None else timedelta(hours=promised)
    return AgencyInfo(code, last, last, 10, refused, {"missing": refused} if refused else {}, rhythm)


def test_an_agency_is_overdue_when_it_is_silent_for_longer_than_it_promised() -> None:
    assert not overdue(agency("a", 23.9, promised=24), NOW)
    assert overdue(agency("a", 24.1, promised=24), NOW)
    assert overdue(agency("a", None, promised=24), NOW)
    assert not overdue(agency("a", 10_000), NOW)


def test_overdue_comes_first_then_refusals_then_the_longest_silence() -> None:
    found = table(
        agency("fresh", 1),
        agency("stale", 90),
        agency("refusing", 1, refused=3),
        agency("late", 30, promised=24),
    )
    assert [feed.code for feed in found.feeds] == ["late", "refusing", "stale", "fresh"]


def test_local_agencies_of_one_sort_are_one_line_with_their_sums() -> None:
    found = table(
        agency("mun-44021", 5, refused=2),
        agency("mun-62063", 1),
        agency("mun-21004", 99, promised=24, refused=1),
    )
    (line,) = found.feeds
    assert (line.name, line.count, line.overdue) == ("Municipalities", 3, 1)
    assert (line.fresh, line.accepted, line.refused) == ("1 hour ago", "30", "3")
    assert line.reasons == (("required field missing", "3"),)
    (local,) = found.local
    assert [feed.code for feed in local.feeds] == ["mun-21004", "mun-44021", "mun-62063"]
    assert local.unlisted == 0


def test_hundreds_of_local_agencies_stay_a_short_page() -> None:
    found = table(*NATIONAL, *LOCAL)
    assert len(found.feeds) == len(NATIONAL) + 2
    assert {(len(local.feeds), local.unlisted) for local in found.local} == {(LISTED, 565 - LISTED)}


def test_an_area_shows_the_local_agencies_in_it_and_all_national_ones() -> None:
    found = table(*NATIONAL, *LOCAL, where="81000")
    assert len(found.feeds) == len(NATIONAL) + 2
    assert {feed.code[-5:-3] for local in found.local for feed in local.feeds} == {"81"}


def test_a_municipality_that_merged_counts_where_it_lies_today() -> None:
    # Zwijndrecht lay in the province of Antwerp and is part of Beveren-Kruibeke-Zwijndrecht since 2025.
    merged = agency("cpas-11056", 1)
    assert table(merged, where="40000").local
    assert not table(merged, where="10000").local


def test_reasons_that_nobody_has_named_yet_are_shown_as_they_are() -> None:
    found = table(AgencyInfo("x", None, None, 0, 3, {"brand_new": 1, "missing": 2}))
    assert found.feeds[0].reasons == (("required field missing", "2"), ("brand new", "1"))
    assert (found.feeds[0].fresh, found.feeds[0].last) == ("never", None)
