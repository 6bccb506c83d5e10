"""Reading an address: language, area, indicator, day."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import TypeVar

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bewithu.board.problems import RequestProblem
from bewithu.board.view import read_area, read_day, read_language, read_level, read_view
from bewithu.errors import Unavailable
from tests.board.fake_catalogue import SHAPES

INFOS = [shape.info for shape in SHAPES]
TODAY = date(2025, 11, 24)

T = TypeVar("T")


def attempt(read: Callable[[], T]) -> T | RequestProblem:
    """What was read, or how it was refused."""
    try:
        return read()
    except RequestProblem as problem:
        return problem


@pytest.mark.parametrize(
    ("header", "language"),
    [
        ("", "en"),
        ("de", "de"),
        ("fr-BE, fr;q=0.9, nl;q=0.8", "fr"),
        ("uk, nl;q=0.5, fr;q=0.7", "fr"),
        ("nl;q=0, de;q=0.1", "de"),
        ("nl;q=high, de;q=0.1", "de"),
        ("uk, ru", "en"),
        ("NL-be", "nl"),
        ("*", "en"),
        (";;q=,,", "en"),
    ],
)
def test_language_is_the_best_that_the_browser_accepts(header: str, language: str) -> None:
    assert read_language(None, header) == language


@given(st.text())
def test_no_header_breaks_the_choice_of_language(header: str) -> None:
    assert read_language(None, header) in {"nl", "fr", "de", "en"}


@given(st.text(min_size=1))
def test_any_text_is_a_day_or_is_refused(text: str) -> None:
    found = attempt(lambda: read_day(text, TODAY))
    assert text == (found.value if isinstance(found, RequestProblem) else found.isoformat())


@given(st.text(min_size=1, max_size=30))
def test_any_text_is_an_area_or_is_refused(text: str) -> None:
    found = attempt(lambda: read_area(text))
    if isinstance(found, RequestProblem):
        assert (found.status, found.field, found.value) == (404, "area", text)
    else:
        assert found.code == text


@pytest.mark.parametrize(
    ("typed", "codes"), [("gent", ("44021",)), ("Liege", ("62063",)), ("23023", ("23106",))]
)
def test_a_name_or_a_merged_code_leads_to_the_area(typed: str, codes: tuple[str, ...]) -> None:
    with pytest.raises(RequestProblem) as caught:
        read_area(typed)
    assert caught.value.nearest[: len(codes)] == codes


def test_what_is_left_out_follows_the_defaults() -> None:
    view = read_view({}, "nl", INFOS, TODAY)
    assert (view.language, view.area.code, view.indicator.id, view.day) == ("nl", "BE", INFOS[0].id, TODAY)
    assert view.address() == "/"
    assert read_view({"day": "", "area": ""}, "nl", INFOS, TODAY) == view
    assert read_level("") == "municipality"


def test_an_address_keeps_what_was_chosen_and_nothing_else() -> None:
    view = read_view({"area": "44021", "day": "2025-01-01", "stray": "x"}, "nl", INFOS, TODAY)
    assert view.address() == "/?area=44021&day=2025-01-01"
    assert view.address(area="BE") == "/?day=2025-01-01"
    assert view.address(map="days_to_card", lang="de") == (
        "/?area=44021&day=2025-01-01&map=days_to_card&lang=de"
    )
    assert view.indicator_address("days_to_card", lang="de") == (
        "/indicators/days_to_card?area=44021&day=2025-01-01&lang=de"
    )
    assert view.alerts_address(area="BE") == "/alerts"
    assert view.alert_address("cbf29ce484222325") == "/alerts/cbf29ce484222325"
    assert view.methods_address("days_to_card") == "/methods?area=44021#days_to_card"


def test_the_first_headline_is_shown_where_none_is_chosen() -> None:
    assert read_view({}, "", INFOS[::-1], TODAY).indicator.id == "renewal_share"


def test_a_board_without_indicators_is_unavailable() -> None:
    with pytest.raises(Unavailable, match="no indicators are defined"):
        read_view({}, "", [], TODAY)
