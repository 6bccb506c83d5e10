"""How numbers, changes and ages are written, in each language."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest

from bewithu.board import IndicatorInfo, Value
from bewithu.board.agencies import agency_name, agency_names
from bewithu.board.bars import bars
from bewithu.board.figures import change, figure
from bewithu.board.words import words
from schemas.areas import LANGUAGES, Language
from tests.board.fake_catalogue import SHAPES

INFO = {shape.info.id: shape.info for shape in SHAPES}
DAY = date(2025, 11, 24)
BEFORE = {
    "nl": "dan een week eerder",
    "fr": "qu’une semaine plus tôt",
    "de": "als eine Woche zuvor",
    "en": "than a week before",
}


def value(
    number: float | None, moved: float | None = None, *, suppressed: bool = False, breakdown: str = ""
) -> Value:
    return Value("x", "BE", breakdown, DAY, number, suppressed=suppressed, change_7d=moved)


@pytest.mark.parametrize(
    ("id_", "number", "written"),
    [
        ("registered_persons", 66340, ("66.340", "66\u202f340", "66.340", "66,340")),
        ("renewal_share", 0.6744, ("67,4%", "67,4\xa0%", "67,4\xa0%", "67.4%")),
        ("days_to_card", 34.46, ("34,5", "34,5", "34,5", "34.5")),
        (
            "aid_paid_30d",
            29412000,
            ("€\xa029.412.000", "29\u202f412\u202f000\xa0€", "29.412.000\xa0€", "€29,412,000"),
        ),
        ("net_movement_7d", -38, ("−38", "−38", "−38", "−38")),
    ],
)
def test_numbers_are_written_as_each_language_does(id_: str, number: float, written: tuple[str, ...]) -> None:
    assert tuple(figure(value(number), INFO[id_], words(language)).text for language in LANGUAGES) == written


@pytest.mark.parametrize("language", LANGUAGES)
def test_hidden_and_missing_are_told_apart_and_spoken(language: Language) -> None:
    hidden = figure(value(None, suppressed=True), INFO["housing_gap_14d"], words(language))
    missing = figure(value(None), INFO["housing_gap_14d"], words(language))
    assert (hidden.state, hidden.text) == ("suppressed", "<\xa05*")
    assert "5" in hidden.spoken
    assert (missing.state, missing.text) == ("missing", "–")
    assert hidden.spoken != missing.spoken != ""
    assert figure(None, INFO["housing_gap_14d"], words(language)) == missing


def test_a_hidden_share_is_not_said_to_be_less_than_a_count() -> None:
    assert figure(value(None, suppressed=True), INFO["renewal_share"], words("en")).text == "hidden*"


def test_a_hidden_number_never_shows_even_if_it_arrives() -> None:
    leaked = value(3.0, 1.0, suppressed=True)
    assert figure(leaked, INFO["housing_gap_14d"], words("en")).text == "<\xa05*"
    assert change(leaked, INFO["housing_gap_14d"], words("en")).direction == "unknown"
    (group,) = bars([replace(leaked, breakdown="sex=male")], INFO["housing_gap_14d"], words("en"))
    assert group.bars[0].length == 0


@pytest.mark.parametrize(
    ("id_", "number", "moved", "sentence", "short"),
    [
        ("registered_persons", 1100, 100, "100 higher than a week before (+10.0%)", "+100"),
        ("registered_persons", 900, -100, "100 lower than a week before (−10.0%)", "−100"),
        ("registered_persons", 900, 0, "the same as a week before", "0"),
        ("registered_persons", 0, -5, "5 lower than a week before (−100.0%)", "−5"),
        ("registered_persons", 5, 5, "5 higher than a week before", "+5"),
        ("registered_persons", 50_000, 1, "1 higher than a week before", "+1"),
        ("registered_persons", 5000, 4990, "4,990 higher than a week before", "+4,990"),
        ("net_movement_7d", -8, -3, "3 lower than a week before", "−3"),
        ("renewal_share", 0.674, 0.0123, "1.2 percentage points higher than a week before", "+1.2"),
        ("renewal_share", 0.674, 0.0003, "the same as a week before", "0"),
        ("days_to_card", 34.5, -0.04, "the same as a week before", "0"),
        ("aid_paid_30d", 110, 10, "€10 higher than a week before (+10.0%)", "+€10"),
        ("registered_persons", 5, None, "no comparison with a week before", "–"),
    ],
)
def test_change_is_said_in_words_and_with_a_sign(
    id_: str, number: float, moved: float | None, sentence: str, short: str
) -> None:
    found = change(value(number, moved), INFO[id_], words("en"))
    assert (found.sentence, found.short) == (sentence, short)


@pytest.mark.parametrize("language", LANGUAGES)
def test_up_and_down_read_differently_in_every_language(language: Language) -> None:
    for id_ in ("registered_persons", "renewal_share"):
        up, down = (change(value(9.0, moved), INFO[id_], words(language)).sentence for moved in (1.0, -1.0))
        assert up.split(" (")[0] != down.split(" (")[0]
        assert BEFORE[language] in up
        assert BEFORE[language] in down


def test_moments_are_brussels_time_on_both_sides_of_daylight_saving() -> None:
    assert words("en").moment(datetime(2025, 10, 26, 0, 30, tzinfo=UTC)) == "26 Oct 2025, 02:30"
    assert words("en").moment(datetime(2025, 10, 26, 1, 30, tzinfo=UTC)) == "26 Oct 2025, 02:30"
    assert words("nl").moment(datetime(2025, 11, 24, 23, 30, tzinfo=UTC)) == "25 nov 2025, 00:30"


def test_ages_are_written_as_each_language_does() -> None:
    now = datetime(2025, 11, 24, tzinfo=UTC)
    ages = [words(language).ago(now - timedelta(hours=2), now) for language in LANGUAGES]
    assert ages == ["2 uur geleden", "il y a 2 heures", "vor 2 Stunden", "2 hours ago"]


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("dvz", "Office des étrangers"),
        ("mun-44021", "Commune Gand"),
        ("cpas-11007", "Centre public d’action sociale (CPAS) Anvers"),
        ("cpas-99999", "cpas-99999"),
        ("edu-dg", "Ministère de la Communauté germanophone"),
        ("newcomer", "newcomer"),
        ("", "Expéditeur inconnu"),
    ],
)
def test_an_agency_has_a_name_or_keeps_its_code(code: str, name: str) -> None:
    assert agency_name(code, words("fr")) == name


def test_all_municipalities_are_one_publisher() -> None:
    assert agency_names(["mun-44021", "mun", "dvz"], words("de")) == "Gemeinden, Ausländeramt"


def test_bars_are_in_the_order_of_age_with_the_unknown_last() -> None:
    info: IndicatorInfo = INFO["registered_persons"]
    codes = [
        "age_group=unknown",
        "age_group=a65_plus",
        "age_group=a00_05",
        "made_up=new_one",
        "sex=female;age_group=a00_05",
    ]
    groups = bars([value(10.0, breakdown=code) for code in [*codes, "sex=male"]], info, words("en"))
    assert [(group.name, [bar.name for bar in group.bars]) for group in groups] == [
        ("Sex", ["Men and boys"]),
        ("Age", ["0 to 5 years", "65 years and older", "Not known"]),
        ("made up", ["new one"]),
    ]
