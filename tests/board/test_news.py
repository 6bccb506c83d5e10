"""What changed this week: the largest moves of what is published, and nothing that is no news."""

from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta

import pytest

from bewithu.board import IndicatorInfo, Value
from bewithu.board.data import WeekApart
from bewithu.board.news import LISTED, news
from bewithu.board.words import words
from schemas.areas import LANGUAGES, Language
from tests.board.fake_catalogue import SHAPES

INFOS = {shape.info.id: shape.info for shape in SHAPES}
DAY = date(2025, 11, 21)
FLOW, SHARE, DURATION, AMOUNT = "certificates_7d", "renewal_share", "days_to_card", "aid_paid_30d"


def moved(indicator: str, before: float | None, now: float | None) -> WeekApart:
    """None: fewer than a group."""

    def value(number: float | None, day: date, change: float | None) -> Value:
        return Value(indicator, "BE", "", day, number, number is None, False, None, change)

    change = None if before is None or now is None else now - before
    return WeekApart(value(now, DAY, change), value(before, DAY - timedelta(days=7), None))


def told(*moves: WeekApart, infos: dict[str, IndicatorInfo] = INFOS) -> list[str]:
    return [line.id for line in news(moves, infos, words("en"))]


def test_the_largest_part_of_what_there_was_comes_first() -> None:
    assert told(moved(FLOW, 1000, 1100), moved("housing_gap_14d", 400, 600)) == ["housing_gap_14d", FLOW]


def test_a_number_of_few_does_not_move_by_much() -> None:
    """From 10 to 20 is twice as much, and two groups of persons."""
    assert told(moved(FLOW, 10, 20), moved("housing_gap_14d", 400, 600)) == ["housing_gap_14d", FLOW]


@pytest.mark.parametrize(
    "move",
    [
        moved(FLOW, 100, 105),
        moved(FLOW, 100_000, 100_500),
        moved(FLOW, None, 5),
        moved(FLOW, None, None),
        moved(SHARE, 0.5, 0.51),
        moved(SHARE, None, 0.9),
        moved(DURATION, 40.0, 40.5),
        moved(DURATION, 40.0, None),
    ],
)
def test_what_is_one_group_or_little_or_cannot_be_compared_is_no_news(move: WeekApart) -> None:
    assert told(move) == []


def test_of_a_count_fewer_than_a_group_is_none_so_a_sudden_influx_is_told() -> None:
    (line,) = news([moved(FLOW, None, 45)], INFOS, words("en"))
    assert (line.figure.text, line.direction, line.sentence) == ("45", "up", "fewer than 5 a week before")
    (line,) = news([moved(FLOW, 45, None)], INFOS, words("en"))
    assert (line.figure.text, line.direction, line.sentence) == ("<\xa05*", "down", "45 a week before")


def test_amounts_are_held_against_the_multiples_in_which_they_are_told() -> None:
    infos = INFOS | {AMOUNT: replace(INFOS[AMOUNT], round_to=10_000)}
    assert told(moved(AMOUNT, 1_000_000, 1_010_000), infos=infos) == []
    assert told(moved(AMOUNT, 1_000_000, 1_200_000), infos=infos) == [AMOUNT]


def test_only_a_few_are_listed() -> None:
    infos = {f"i{number}": replace(INFOS[FLOW], id=f"i{number}") for number in range(9)}
    moves = [moved(name, 100, 200 + number) for number, name in enumerate(infos)]
    assert told(*moves, infos=infos) == [f"i{number}" for number in range(8, 8 - LISTED, -1)]


@pytest.mark.parametrize(
    ("language", "sentence"),
    [
        ("nl", "45 hoger dan een week eerder (+45,0%)"),
        ("fr", "45 de plus qu’une semaine plus tôt (+45,0 %)"),
        ("de", "45 mehr als eine Woche zuvor (+45,0 %)"),
        ("en", "45 higher than a week before (+45.0%)"),
    ],
)
def test_a_move_is_told_in_words(language: Language, sentence: str) -> None:
    assert language in LANGUAGES
    (line,) = news([moved(FLOW, 100, 145)], INFOS, words(language))
    assert line.sentence.replace("\xa0", " ") == sentence
