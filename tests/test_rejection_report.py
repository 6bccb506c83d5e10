"""The report that an agency gets: harmless in a spreadsheet, readable by everybody, with advice for each reason."""

from __future__ import annotations

import ast
import csv
import io
import re
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bewithu.rejection_report import make_report, render_csv, render_html
from bewithu.rejection_report.as_csv import COLUMNS
from bewithu.rejection_report.as_html import words
from schemas.areas import LANGUAGES, Language
from schemas.examples import bad_examples
from schemas.quarantine import Held
from schemas.reasons import advice, reasons
from tests.parts.processes import REPOSITORY
from tests.test_intake import BROKEN_RULES, DAMAGED
from tests.test_rejections import MOMENT, record

NOW = datetime(2025, 3, 4, tzinfo=UTC)


def report(*records: Held) -> Any:
    return make_report("dvz", MOMENT, MOMENT + timedelta(days=1), records, NOW)


# --- every reason has its advice ---


def reasons_in_code() -> Iterator[str]:
    """Words that stand where a reason does: first in a pair, in a Damage, an Unfit, or third in a refusal."""
    for name in (
        "streams/intake.py",
        "streams/decoding.py",
        "streams/refusals.py",
        "streams/loose_records.py",
        "streams/writer_schemas.py",
        "schemas/rules/check.py",
    ):
        for node in ast.walk(ast.parse((REPOSITORY / name).read_text("utf-8"))):
            words: list[ast.expr] = []
            if isinstance(node, ast.Tuple) and len(node.elts) == 2:
                words = [node.elts[0], *getattr(node.elts[0], "elts", ())]
            elif isinstance(node, ast.IfExp):
                words = [node.body, node.orelse]
            elif isinstance(node, ast.Call) and isinstance(node.func, ast.Name | ast.Attribute):
                called = node.func.id if isinstance(node.func, ast.Name) else node.func.attr
                words = node.args[:1] if called in ("Damage", "Unfit") else []
                words = node.args[2:3] if called == "refusal" else words
            for word in words:
                if isinstance(word, ast.Constant) and isinstance(word.value, str) and re.fullmatch(
                    "[a-z]+(_[a-z]+)*", word.value
                ):  # fmt: skip
                    yield word.value


def test_every_reason_that_the_code_gives_has_advice_and_no_advice_is_for_nothing() -> None:
    seen = {
        *(reason for _, reason in DAMAGED.values()),
        *(reason for _, reason, _ in BROKEN_RULES.values()),
        *(example.reason for example in bad_examples()),
    }
    given_by_code = set(reasons_in_code())
    assert seen <= given_by_code
    assert set(reasons()) == given_by_code


def test_the_document_for_agencies_has_every_reason_with_its_advice() -> None:
    lines = (REPOSITORY / "docs/quarantine.md").read_text("utf-8").splitlines()
    assert {f"| `{reason}` | {advice(reason, 'en')} |" for reason in reasons()} <= set(lines)


@pytest.mark.parametrize("language", LANGUAGES)
def test_advice_is_a_sentence_in_each_language_and_no_two_are_the_same(language: Language) -> None:
    texts = [advice(reason, language) for reason in reasons()]
    assert all(text.endswith(".") and len(text) > 40 for text in texts)
    assert len(set(texts)) == len(texts)
    assert advice("of another version", language) == ""


def test_the_page_s_words_differ_between_languages() -> None:
    same = [name for name, texts in words().items() if len({texts.nl, texts.fr, texts.de, texts.en}) == 1]
    assert same == []


# --- CSV ---


@given(st.text(), st.text(alphabet="=+-@\t\r\n ,;\"'a＝"))
def test_every_record_is_one_line_of_the_same_length_and_no_cell_is_a_formula(
    detail: str, field: str
) -> None:
    text = render_csv(report(record(detail=detail, field=field), record(8)), "en")
    header, first, second = csv.reader(io.StringIO(text, newline=""), strict=True)
    assert header == list(COLUMNS)
    assert len(first) == len(second) == len(COLUMNS)
    assert text.endswith("\r\n")
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in first)
    assert first[COLUMNS.index("detail")].removeprefix("'") == detail.removeprefix("'")


def test_a_record_s_line_says_where_it_is_and_when() -> None:
    (row,) = csv.DictReader(io.StringIO(render_csv(report(record()), "nl")))
    assert row["published_at"] == "2025-03-03T09:30:07Z"
    assert row["refused_at"] == "2025-03-03T10:30:00Z"
    assert row["what_to_do"] == advice("missing", "nl")


# --- HTML ---


class Elements(HTMLParser):
    """Every element with its attributes, and all text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.text = ""
        self.feed(page)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.text += data


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_page_needs_nothing_else_and_its_tables_can_be_heard(language: Language) -> None:
    page = Elements(render_html(report(record(), record(8), record(9, field="", event_id=None)), language))
    assert ("html", {"lang": language}) in page.found
    assert not any({"src", "href", "action", "data"} & set(attributes) for _, attributes in page.found)
    assert not any(tag in ("script", "link", "img", "iframe", "object") for tag, _ in page.found)
    headings = [attributes for tag, attributes in page.found if tag == "th"]
    assert headings
    assert all(attributes.get("scope") in ("col", "row") for attributes in headings)
    assert sum(tag == "caption" for tag, _ in page.found) == 2
    assert sum(tag == "h1" for tag, _ in page.found) == 1
    assert advice("missing", language) in page.text
    assert "2025-03-03 10:30:00" in page.text, "09:30 UTC in Belgium"


def test_what_an_agency_sent_is_text_on_the_page_and_never_markup() -> None:
    evil = '<script>alert("x")</script><img src=x onerror=y>'
    page = Elements(render_html(report(record(detail=evil, field=evil)), "en"))
    assert not any(tag in ("script", "img") for tag, _ in page.found)
    assert evil in page.text


def test_records_are_counted_by_reason_and_field_the_most_frequent_first() -> None:
    made = report(
        record(reason="a", field="x"), *[record(reason="b", field="")] * 2, record(reason="a", field="y")
    )
    assert [(count.reason, count.field, count.records) for count in made.counts] == [
        ("b", "", 2), ("a", "x", 1), ("a", "y", 1)
    ]  # fmt: skip


def test_an_agency_without_refusals_is_thanked() -> None:
    page = Elements(render_html(report(), "nl"))
    assert "Dank u." in page.text
    assert not any(tag == "table" for tag, _ in page.found)
