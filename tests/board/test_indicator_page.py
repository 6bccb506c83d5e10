"""The page of an indicator: what is told of it, its file, the areas around it, and what stays hidden."""

from __future__ import annotations

import csv
import io

import pytest

from bewithu.board.comparison import compared_areas
from schemas.areas import area
from tests.board.conftest import Client
from tests.board.markup import Element, parse

GHENT = "/indicators/housing_gap_14d?area=44021&day=2025-11-20"


async def page(client: Client, address: str) -> Element:
    answer = await client.get(address)
    assert answer.status == 200
    return parse(await answer.text())


def section(root: Element, name: str) -> Element:
    (found,) = [each for each in root.all("section") if each.attributes.get("id") == name]
    return found


async def test_every_day_of_the_line_is_in_the_table_with_what_is_hidden_and_what_may_change(
    client: Client,
) -> None:
    root = await page(client, "/indicators/housing_gap_14d?area=92094")
    rows = list(next(section(root, "trend").all("tbody")).all("tr"))
    assert len(rows) == 90
    assert next(root.all("time")).attributes["datetime"] == "2025-11-24"
    hidden = [row for row in rows if "fewer than 5" in row.text()]
    assert hidden
    assert all("<\xa05*" in row.text() for row in hidden)
    shown = await page(client, "/indicators/living_wage_recipients")
    tags = ["provisional" in row.text() for row in next(section(shown, "trend").all("tbody")).all("tr")]
    assert tags == [True] * 3 + [False] * 87
    looks = {path.attributes["class"] for path in section(shown, "trend").all("path")}
    assert "stroke tail" in looks


async def test_the_file_has_exactly_what_the_page_shows(client: Client) -> None:
    root = await page(client, GHENT)
    (link,) = [each for each in root.all("a") if ".csv" in each.attributes["href"]]
    answer = await client.get(link.attributes["href"])
    assert answer.content_type == "text/csv"
    assert answer.headers["Content-Disposition"] == (
        'attachment; filename="housing_gap_14d-44021-2025-11-20.csv"'
    )
    rows = list(csv.DictReader(io.StringIO(await answer.text())))
    parts = [row["part"] for row in rows]
    days = len(list(next(section(root, "trend").all("tbody")).all("tr")))
    bars = sum(
        len(list(table.all("tr"))) - 1 for table in root.all("table") if table.attributes["class"] == "bars"
    )
    places = [each for each in section(root, "areas").all("th") if each.attributes["scope"] == "row"]
    assert (parts.count("days"), parts.count("breakdowns"), parts.count("areas")) == (days, bars, len(places))
    assert {row["value"] for row in rows if row["status"] == "suppressed"} == {""}
    assert all(float(row["value"]) >= 5 or float(row["value"]) == 0 for row in rows if row["value"])
    assert {row["day"] for row in rows if row["part"] != "days"} == {"2025-11-20"}


async def test_what_is_told_of_the_definition_comes_from_the_definition(client: Client) -> None:
    facts = section(await page(client, "/indicators/days_to_card"), "definition")
    text = facts.text()
    for word in (
        "How long it took",
        "Certificate issued",
        "Card issued",
        "Immigration Office",
        "days_to_card",
    ):
        assert word in text
    source = [each for each in facts.all("span") if each.attributes.get("lang") == "en"]
    assert len(source) == 1


@pytest.mark.parametrize(
    ("code", "some"),
    [
        ("BE", {"04000", "02000", "60000"}),
        ("60000", {"BE", "03000", "60000", "62000", "20002"}),
        ("44021", {"BE", "02000", "40000", "44000", "44021"}),
        ("04000", {"BE", "02000", "04000"}),
    ],
)
def test_an_area_is_compared_with_those_around_beside_and_inside_it(code: str, some: set[str]) -> None:
    compared = compared_areas(area(code))
    assert some <= set(compared)
    assert len(compared) == len(set(compared)) < 60


async def test_the_areas_lead_to_the_same_indicator_there(client: Client) -> None:
    root = await page(client, "/indicators/days_to_card?lang=fr&area=62063")
    links = [each.attributes["href"] for each in section(root, "areas").all("a")]
    assert "/indicators/days_to_card?lang=fr&area=60000" in links
    assert "/?lang=fr&area=62063&map=days_to_card#map" in links
    (here,) = [each for each in section(root, "areas").all("a") if "aria-current" in each.attributes]
    assert here.text() == "Liège"


async def test_the_board_leads_to_it_and_it_leads_back(client: Client) -> None:
    root = await page(client, "/?area=62063&lang=nl")
    links = {each.attributes["href"] for each in root.all("a")}
    assert "/indicators/days_to_card?lang=nl&area=62063" in links
    back = {
        each.attributes["href"]
        for each in (await page(client, "/indicators/days_to_card?area=62063")).all("a")
    }
    assert "/?area=62063" in back


@pytest.mark.parametrize("lang", ["", "lang=de&"])
async def test_an_address_of_an_older_mail_leads_to_the_figure_that_it_is_about(
    client: Client, lang: str
) -> None:
    answer = await client.get(
        f"/?{lang}area=62063&indicator=days_to_card&day=2025-11-20", allow_redirects=False
    )
    assert answer.status == 302
    assert answer.headers["Location"] == f"/indicators/days_to_card?{lang}area=62063&day=2025-11-20"
