"""Key messages: only what the published numbers carry, in the reader's language."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from bewithu.board import IndicatorInfo, Value
from bewithu.board.note_moves import LISTED, Moves, key_messages, moved
from bewithu.board.words import words
from schemas.areas import LANGUAGES, Language

EN = words("en")
NOW, MONTH, YEAR = date(2022, 6, 30), date(2022, 5, 31), date(2021, 6, 30)


def info(id_: str = "persons", kind: str = "stock", unit: str = "persons", **more: object) -> IndicatorInfo:
    names = {language: f"{id_} ({language})" for language in LANGUAGES}
    return IndicatorInfo(id_, names, names, unit, kind, ("dvz",), minimum_cell=5, **more)  # type: ignore[arg-type]


def value(number: float | None, day: date, id_: str = "persons", *, suppressed: bool = False) -> Value:
    return Value(id_, "62063", "", day, number, suppressed)


def moves(
    now: float | None, month: float | None, year: float | None, id_: str = "persons", few: str = ""
) -> Moves:
    """`few`: letters of the sides (n, m, y) that are suppressed."""
    return Moves(
        value(now, NOW, id_, suppressed="n" in few),
        value(month, MONTH, id_, suppressed="m" in few),
        value(year, YEAR, id_, suppressed="y" in few),
    )


def said(*found: Moves, infos: tuple[IndicatorInfo, ...] = (), language: Language = "en") -> list[str]:
    known = {each.id: each for each in infos or (info(),)}
    return [message.text for message in key_messages(found, known, words(language))]


def test_a_move_is_told_against_the_month_before_and_the_year_before() -> None:
    assert said(moves(1_250, 1_000, 500)) == [
        "persons (en): 1,250\N{NO-BREAK SPACE}persons, 250 higher than a month before (+25.0%), "
        "750 higher than a year before (+150.0%)."
    ]


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("nl", "250 lager dan een maand eerder"),
        ("fr", "250 de moins qu’un mois plus tôt"),
        ("de", "250 weniger als einen Monat zuvor"),
    ],
)
def test_it_is_told_in_the_language_of_the_reader(language: Language, text: str) -> None:
    (only,) = said(moves(750, 1_000, None), language=language)
    assert only.startswith("persons (" + language + ")")
    assert text in only


def test_in_the_first_year_nothing_is_said_of_the_year_before() -> None:
    assert said(moves(1_250, 1_000, None)) == [
        "persons (en): 1,250\N{NO-BREAK SPACE}persons, 250 higher than a month before (+25.0%)."
    ]


def test_a_month_without_data_has_one_message() -> None:
    assert said(moves(None, 1_000, 900)) == ["No figures have been published for this month."]
    assert said() == ["No figures have been published for this month."]


def test_where_nothing_moved_that_is_said_after_the_headline_figure() -> None:
    told = said(moves(1_000, 1_000, 990), infos=(info(headline=True),))
    assert told == [
        "persons (en): 1,000\N{NO-BREAK SPACE}persons, the same as a month before, "
        "10 higher than a year before (+1.0%).",
        "No other figure moved by 2% or more.",
    ]


def test_a_hidden_number_is_never_told_and_one_group_is_no_move() -> None:
    """Fewer than five count as none: from fewer than five to five one person is enough."""
    assert said(moves(5, None, None, few="m")) == ["No other figure moved by 2% or more."]
    assert said(moves(30, None, None, few="m")) == [
        "persons (en): 30\N{NO-BREAK SPACE}persons, fewer than 5 a month before."
    ]
    assert said(moves(None, 30, None, few="n")) == [
        "persons (en): fewer than 5\N{NO-BREAK SPACE}persons, 30 a month before."
    ]


def test_of_what_is_no_count_a_hidden_side_is_no_move() -> None:
    share = info("share", "ratio", "%", percent=True, decimals=1)
    assert said(moves(0.5, None, None, "share", few="m"), infos=(share,)) == [
        "No other figure moved by 2% or more."
    ]


def test_shares_move_in_percentage_points() -> None:
    share = info("share", "ratio", "%", percent=True, decimals=1)
    change = moved(value(0.5, NOW), value(0.462, MONTH), "month", share, EN)
    assert change.sentence == "3.8 percentage points higher than a month before"
    assert change.short == "+3.8\N{NO-BREAK SPACE}pp"


def test_the_largest_moves_come_first_and_no_more_than_are_read() -> None:
    infos = tuple(info(f"i{number}") for number in range(9))
    found = [moves(1_000 + 100 * number, 1_000, None, f"i{number}") for number in range(9)]
    told = said(*found, infos=infos)
    assert len(told) == LISTED
    assert [text.partition(" ")[0] for text in told] == ["i8", "i7", "i6", "i5", "i4"]


def test_of_windows_over_the_same_events_one_is_told() -> None:
    infos = info("week", "flow"), info("month", "flow"), info("other", "flow")
    found = [moves(90, 20, None, "week"), moves(300, 200, None, "month"), moves(60, 50, None, "other")]
    same = {"week": "certificates", "month": "certificates", "other": "grants"}
    told = key_messages(found, {each.id: each for each in infos}, EN, same)
    assert [message.id for message in told] == ["week", "other"]


def test_a_provisional_figure_is_said_to_be_one() -> None:
    it = moves(1_250, 1_000, None)
    (told,) = said(replace(it, now=replace(it.now, provisional=True)))
    assert told.startswith("persons (en): 1,250\N{NO-BREAK SPACE}persons (provisional), 250 higher")


def test_what_is_too_small_to_be_shown_is_no_change() -> None:
    assert moved(value(1_000.2, NOW), value(1_000.0, YEAR), "year", info(), EN).direction == "same"
