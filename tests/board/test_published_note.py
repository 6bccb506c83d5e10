"""The note of a real store: its figures are the published ones, as known at its moment."""

from __future__ import annotations

import contextlib
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files

import pytest

from bewithu.board.note import Note, Row, build_note
from bewithu.board.note_asked import read_note_asked
from schemas.indicators import load_indicators
from sinks.clickhouse.database import Database
from sinks.clickhouse.published import PublishedValues
from tests.board.test_origin import published_board
from tests.events import Platform, person, registration

MAY, JUNE, JULY = (datetime(2022, month, 20, 12, tzinfo=UTC) for month in (5, 6, 7))
IN_JULY = datetime(2022, 7, 2, 12, tzinfo=UTC)
#: A few, so that a note is made in a moment.
NAMES = (
    "persons_protected",
    "registrations_7d",
    "registrations_30d",
    "registrations_month",
    "declarations_30d",
)
SHIPPED = load_indicators(files("streams.indicators"))
INDICATORS = {name: SHIPPED[name] for name in NAMES}
AS_OF = datetime(2022, 7, 10, 12, tzinfo=UTC)
LAST = date(2022, 6, 30)


@pytest.fixture
def platform(database: Database) -> Platform:
    """In Liège twenty persons in May and twelve in June, and ten of May that are heard of in July only; seven in
    Tessenderlo before it merged, three in Ans. What comes after the moment of the note is in no note."""
    platform = Platform(database, INDICATORS)
    for known, moment, begin, end, place in (
        (MAY, MAY, 0, 20, "62063"),
        (JUNE, JUNE, 20, 32, "62063"),
        (JUNE, JUNE, 60, 67, "71057"),
        (JUNE, JUNE, 70, 73, "62003"),
        (IN_JULY, MAY, 40, 50, "62063"),
        (JULY, JUNE, 80, 100, "62063"),
    ):
        platform.clock.moment = known + timedelta(minutes=1)
        sent = [registration(person(number), moment, municipality=place) for number in range(begin, end)]
        platform.take(sent[0].topic, 0, [platform.registry.wire(each) for each in sent])
        platform.refresh()
    return platform


def note_of(platform: Platform, area: str, **asked: str) -> Note:
    query = {"lang": "en", "area": area, "month": "2022-06", "as_of": AS_OF.isoformat()} | asked
    board = published_board(platform, INDICATORS)
    return build_note(board, read_note_asked(board, platform.clock, query, ""))


def rows(note: Note) -> dict[str, Row]:
    return {row.id: row for theme in note.themes for row in theme.rows}


def written(text: str) -> float | None:
    """The number as it stands in the note; None where there is none."""
    with contextlib.suppress(ValueError):
        return float(text.replace(",", "").replace("€", "").replace("%", "").replace("\N{MINUS SIGN}", "-"))
    return None


def test_the_figures_are_the_published_ones(platform: Platform) -> None:
    published = PublishedValues(platform.database, INDICATORS, platform.clock)
    found = rows(note_of(platform, "62063"))
    cells = {
        cell.indicator: cell
        for cell in published.totals(found, ["62063"], LAST, LAST, AS_OF)
        if cell.was_heard
    }
    assert {"persons_protected", "registrations_30d", "registrations_month"} <= set(cells)
    for id_, cell in cells.items():
        scale = 100 if INDICATORS[id_].unit == "%" else 1
        told = written(found[id_].figure.text)
        assert (told is None) == (cell.value is None), id_
        assert told is None or told == pytest.approx((cell.value or 0) * scale, abs=0.51), id_
    assert {row.figure.state for id_, row in found.items() if id_ not in cells} == {"missing"}


def test_moves_and_revisions_are_told_and_the_same_later(platform: Platform) -> None:
    """Ten persons of May were heard of in July: the note of May had twenty, now they are thirty."""
    note = note_of(platform, "62063")
    protected = rows(note)["persons_protected"]
    assert (protected.figure.text, protected.figure.provisional) == ("40", True)
    assert protected.month.sentence == "10 higher than a month before (+33.3%)"
    assert protected.year.direction == "unknown"
    assert note.messages[0].text == (
        "Persons under temporary protection: 40\N{NO-BREAK SPACE}persons (provisional), "
        "10 higher than a month before (+33.3%)."
    )
    told = {each.name: (each.then.text, each.now.text) for each in note.quality.revised}
    assert told["Persons under temporary protection"] == ("20", "30")

    platform.clock.moment += timedelta(days=400)
    before, later = note, note_of(platform, "62063")
    assert (later.headline, later.themes, later.messages, later.quality) == (
        before.headline,
        before.themes,
        before.messages,
        before.quality,
    )


def test_merged_small_and_unheard_figures(platform: Platform) -> None:
    """Of before a merger: in the note of today's municipality. Small: hidden with its reason. Of a month before
    anything was heard: none, rather than zero."""
    note = note_of(platform, "71071")
    assert rows(note)["persons_protected"].figure.text == "5"
    assert note.former == "Tessenderlo, Ham"
    note = note_of(platform, "62003")
    assert rows(note)["persons_protected"].figure.text == "< 5*".replace(" ", "\N{NO-BREAK SPACE}")
    (reasons,) = [names for reason, names in note.hidden if reason == "hidden: it rests on fewer than 5"]
    assert "Persons under temporary protection" in reasons
    note = note_of(platform, "62063", month="2022-04")
    assert [message.text for message in note.messages] == ["No figures have been published for this month."]
    assert {row.figure.state for row in rows(note).values()} == {"missing"}
    assert note.quality.compared == "0"
