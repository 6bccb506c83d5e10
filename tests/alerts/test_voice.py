"""Numbers, dates and lengths in four languages."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from alerts.voice import voice
from schemas.areas import Language


@pytest.mark.parametrize(
    ("language", "value", "unit", "text"),
    [
        ("nl", 12345, "persons", "12.345 personen"),
        ("fr", 12345, "persons", "12\u202f345 personnes"),
        ("de", 12345, "persons", "12.345 Personen"),
        ("en", 12345, "persons", "12,345 persons"),
        ("nl", 1, "persons", "1 persoon"),
        ("fr", 0, "persons", "0 personne"),
        ("en", 0, "persons", "0 persons"),
        ("de", 1, "households", "1 Haushalt"),
        ("de", 2, "places", "2 Plätze"),
        ("fr", 2, "files", "2 dossiers"),
        ("en", 71.96, "days", "72 days"),
        ("nl", 1.5, "days", "1,5 dagen"),
        ("nl", 0.6234, "%", "62,3%"),
        ("fr", 0.6, "%", "60\u00a0%"),
        ("de", 0.6, "%", "60\u00a0%"),
        ("en", 1.0, "%", "100%"),
        ("nl", 1234567.4, "EUR", "€\u00a01.234.567"),
        ("de", 1200, "EUR", "1.200\u00a0€"),
        ("en", 1200, "EUR", "€1,200"),
        ("en", 3, "bicycles", "3 bicycles"),
    ],
)
def test_an_amount_is_written_as_its_readers_write_it(
    language: Language, value: float, unit: str, text: str
) -> None:
    assert voice(language).amount(value, unit) == text


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("nl", "27 maart 2022 om 03:00"),
        ("fr", "27 mars 2022 à 03:00"),
        ("de", "27. März 2022 um 03:00 Uhr"),
        ("en", "27 March 2022 at 03:00"),
    ],
)
def test_a_moment_is_told_in_belgian_time_also_in_the_night_of_the_change(
    language: Language, text: str
) -> None:
    assert voice(language).moment(datetime(2022, 3, 27, 1, 0, tzinfo=UTC)) == text


def test_a_moment_late_in_the_evening_in_utc_is_the_next_day_in_belgium() -> None:
    assert voice("en").moment(datetime(2022, 12, 31, 23, 30, tzinfo=UTC)) == "1 January 2023 at 00:30"


@pytest.mark.parametrize(
    ("length", "text"),
    [
        (timedelta(days=47, hours=23), "47 dagen"),
        (timedelta(days=1), "1 dag"),
        (timedelta(hours=23, minutes=59), "23 uur"),
        (timedelta(minutes=90), "1 uur"),
        (timedelta(minutes=12), "12 minuten"),
        (timedelta(seconds=3), "1 minuut"),
    ],
)
def test_a_length_is_told_in_the_largest_unit_that_fits(length: timedelta, text: str) -> None:
    assert voice("nl").length(length) == text


def test_days_of_the_chart_are_short_in_each_language() -> None:
    day = date(2022, 3, 14)
    assert [voice(language).short_day(day) for language in ("nl", "fr", "de", "en")] == [
        "ma 14 mrt",
        "lun. 14 mars",
        "Mo. 14 März",
        "Mon 14 Mar",
    ]
