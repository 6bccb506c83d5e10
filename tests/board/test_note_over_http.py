"""The note over HTTP: its address, what it tells, and its PDF."""

from __future__ import annotations

import asyncio
import io
import sys
import threading
from datetime import UTC, date, datetime

import pytest
from pypdf import PdfReader

from bewithu.board import note_pages
from bewithu.board.kept import MOST_WAITING
from bewithu.board.note_asked import Month, read_month
from bewithu.board.note_pdf import NoPdf, pdf_of
from bewithu.board.problems import RequestProblem
from tests.board.conftest import Client
from tests.board.markup import parse

NOTE = "/note?area=62063&month=2025-10&as_of=2025-11-20T12:00:00Z"
PDF = NOTE.replace("/note", "/note.pdf")


async def test_a_note_is_of_the_last_complete_month_unless_another_is_named(client: Client) -> None:
    root = parse(await (await client.get("/note?lang=en")).text())
    (period,) = [each.text() for each in root.all("p") if each.attributes.get("class") == "note-period"]
    assert period == "October 2025"


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("/note?month=2025-11", "a month that is over, up to 2025-10"),
        ("/note?month=2025-13", "a month as YYYY-MM"),
        ("/note?month=202510", "a month as YYYY-MM"),
        ("/note?as_of=2026-01-01T00:00:00Z", "a moment like"),
        ("/note?month=2025-10&as_of=2025-10-15T00:00:00Z", "a month that is over, up to 2025-09"),
        ("/note?mnth=2025-10", "did you mean 'month'?"),
        ("/note?area=Gentt", "expected a NIS code"),
    ],
)
async def test_a_wrong_address_says_what_was_expected(client: Client, address: str, said: str) -> None:
    answer = await client.get(address)
    assert answer.status in {400, 404}
    assert said in next(parse(await answer.text()).all("code")).text()


def test_a_month_begins_and_ends_in_brussels() -> None:
    june = read_month("2022-06", datetime(2022, 6, 30, 22, tzinfo=UTC))
    assert (june.begins, june.ends) == (
        datetime(2022, 5, 31, 22, tzinfo=UTC),
        datetime(2022, 6, 30, 22, tzinfo=UTC),
    )
    assert (june.last, june.before, june.year_before) == (
        date(2022, 6, 30),
        Month(date(2022, 5, 1)),
        Month(date(2021, 6, 1)),
    )
    with pytest.raises(RequestProblem):
        read_month("2022-06", datetime(2022, 6, 30, 21, 59, tzinfo=UTC))


async def test_the_note_says_what_it_rests_on_and_can_be_asked_for_again(client: Client) -> None:
    html = await (await client.get(f"{NOTE}&lang=en")).text()
    assert "as known at 2025-11-20T12:00:00Z" in html
    links = [each.attributes["href"] for each in parse(html).all("a")]
    lasting = "/note?lang=en&area=62063&month=2025-10&as_of=2025-11-20T12%3A00%3A00Z"
    assert {lasting, lasting.replace("/note", "/note.pdf")} <= set(links)
    assert "style=" not in html
    assert "<style" not in html


async def test_it_is_kept_until_something_changes(client: Client) -> None:
    first = await client.get(NOTE)
    again = await client.get(NOTE, headers={"If-None-Match": first.headers["ETag"]})
    assert again.status == 304


async def test_the_start_page_leads_to_the_note_of_its_area(client: Client) -> None:
    root = parse(await (await client.get("/?area=62063&lang=fr")).text())
    assert "/note?lang=fr&area=62063" in [link.attributes["href"] for link in root.all("a")]


async def test_the_pdf_is_the_note_with_title_language_tags_and_bookmarks(client: Client) -> None:
    pytest.importorskip("weasyprint")
    answer = await client.get(f"{PDF}&lang=fr")
    assert (answer.status, answer.content_type) == (200, "application/pdf")
    assert answer.headers["Content-Disposition"] == 'inline; filename="bewithu-62063-2025-10-fr.pdf"'
    found = PdfReader(io.BytesIO(await answer.read()))
    root = found.trailer["/Root"]
    assert len(found.pages) > 1
    assert found.metadata is not None
    assert found.metadata.title == "Note de situation mensuelle\N{NO-BREAK SPACE}: Liège, octobre 2025"
    assert root["/Lang"] == "fr"
    assert root["/MarkInfo"]["/Marked"]
    assert "Messages clés" in str(found.outline)
    text = found.pages[1].extract_text()
    assert "situation connue au 2025-11-20T12:00:00Z" in text
    assert f"2 / {len(found.pages)}" in text


def test_nothing_is_fetched_for_a_pdf() -> None:
    pytest.importorskip("weasyprint")
    with pytest.raises(RuntimeError, match="fetches nothing"):
        pdf_of('<html lang="en"><title>x</title><img alt="x" src="http://127.0.0.1:9/x.png"></html>')


async def test_without_the_library_the_answer_says_how_to_mend_it_and_leads_to_the_note(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "weasyprint", None)
    answer = await client.get(f"{PDF}&lang=en")
    assert answer.status == 501
    root = parse(await answer.text())
    assert "bewithu[pdf]" in next(root.all("code")).text()
    assert f"{NOTE}&lang=en" in [link.attributes["href"] for link in root.all("a")]
    with pytest.raises(NoPdf, match="not installed"):
        pdf_of("<p>")


async def test_who_asks_while_too_many_wait_is_told_to_come_back(
    client: Client, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One file is made at a time, and the board answers meanwhile."""
    go_on = threading.Event()
    made = []

    def slow(html: str) -> bytes:
        assert go_on.wait(60)
        made.append(html)
        return b"%PDF-"

    monkeypatch.setattr(note_pages, "pdf_of", slow)
    addresses = [
        f"/note.pdf?month=2025-{number:02}&as_of=2025-11-20T12:00:00Z"
        for number in range(1, MOST_WAITING + 2)
    ]
    asked = [asyncio.create_task(client.get(each)) for each in addresses]
    try:
        done, waiting = await asyncio.wait(asked, timeout=60, return_when=asyncio.FIRST_COMPLETED)
        late = [await each for each in done]
        assert [(each.status, each.headers["Retry-After"]) for each in late] == [(503, "5")]
        assert made == []
    finally:
        go_on.set()
    assert [(await each).status for each in waiting] == [200] * MOST_WAITING
