"""The board as HTML: complete, correct, in four languages, and the same for those who do not see it."""

from __future__ import annotations

import re
from dataclasses import replace
from gettext import NullTranslations
from itertools import pairwise

import pytest

from bewithu.board.words import words
from schemas.areas import LANGUAGES, Language, areas
from tests.board.conftest import Client, World
from tests.board.fake_catalogue import ALERTS, SHAPES, alert
from tests.board.markup import Element, parse

ADDRESSES = [
    "/",
    "/?area=60000&map=housing_gap_14d",
    "/?area=81001&map=certificates_7d",
    "/?area=04000&map=net_movement_7d",
    "/?area=21000&map=renewal_share&day=2025-03-04",
    "/?map=aid_paid_30d",
    "/?area=99999",
    "/indicators/registered_persons",
    "/indicators/housing_gap_14d?area=60000",
    "/indicators/renewal_share?area=44021&day=2025-03-04",
    "/indicators/days_to_card?area=62063",
    "/indicators/net_movement_7d",
    "/indicators/aid_paid_30d?area=11002",
    "/alerts",
    "/alerts?state=all&severity=critical&area=02000",
    "/alerts?state=over",
    f"/alerts/{ALERTS[0].fingerprint}",
    "/methods",
]


#: Pages of the made-up world as it is at first: many tests read the same ones.
_READ: dict[tuple[str, str], str] = {}


async def page(client: Client, address: str, language: str = "en", *, fresh: bool = False) -> Element:
    """`fresh`: the test changed the world."""
    if fresh or (address, language) not in _READ:
        answer = await client.get(address, headers={"Accept-Language": language})
        html = await answer.text()
        if fresh:
            return parse(html)
        _READ[address, language] = html
    return parse(_READ[address, language])


class _Untranslated(NullTranslations):
    def gettext(self, message: str) -> str:
        raise AssertionError(f"not in the catalogue: {message!r}")

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        raise AssertionError(f"not in the catalogue: {msgid1!r}")


@pytest.fixture
def nothing_untranslated(monkeypatch: pytest.MonkeyPatch) -> None:
    for language in LANGUAGES:
        monkeypatch.setattr(words(language).translations, "_fallback", _Untranslated())


@pytest.mark.usefixtures("nothing_untranslated")
@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("address", ADDRESSES)
async def test_every_page_is_in_the_language_of_its_reader(
    client: Client, address: str, language: Language
) -> None:
    root = await page(client, address, language, fresh=True)
    (html,) = root.all("html")
    assert html.attributes["lang"] == language
    assert words(language).gettext("Social situation of displaced people in Belgium") in root.text()


@pytest.mark.parametrize("language", ["nl", "fr", "de"])
@pytest.mark.parametrize("address", ADDRESSES)
async def test_no_english_text_is_left_in_a_translated_page(
    client: Client, address: str, language: Language
) -> None:
    root = await page(client, address, language)
    seen = {piece for element in root.all() if element.name != "li" for piece in element.texts}
    english = {id_ for id_ in words("en").translations._catalog if isinstance(id_, str) and id_}  # type: ignore[attr-defined]
    changed = {text for text in english if words(language).gettext(text) != text}
    assert len(changed) > 100
    assert not seen & changed


@pytest.mark.parametrize("address", ADDRESSES)
async def test_headings_are_one_first_and_never_skip_a_level(client: Client, address: str) -> None:
    root = await page(client, address)
    levels = [int(element.name[1]) for element in root.all() if re.fullmatch("h[1-6]", element.name)]
    assert levels[0] == 1
    assert levels.count(1) == 1
    assert all(deeper <= level + 1 for level, deeper in pairwise(levels))


@pytest.mark.parametrize("address", ADDRESSES)
async def test_ids_are_unique_and_every_reference_to_one_is_met(client: Client, address: str) -> None:
    root = await page(client, address)
    ids = [element.attributes["id"] for element in root.all() if "id" in element.attributes]
    assert len(ids) == len(set(ids))
    for element in root.all():
        named = " ".join(element.attributes.get(f"aria-{way}", "") for way in ("labelledby", "describedby"))
        named += " " + element.attributes.get("for", "")
        link = element.attributes.get("href", "")
        named += f" {link[1:]}" if link.startswith("#") else ""
        assert set(named.split()) <= set(ids)


@pytest.mark.parametrize("address", ADDRESSES)
async def test_every_field_has_a_label_and_every_table_a_caption(client: Client, address: str) -> None:
    root = await page(client, address)
    labelled = {label.attributes["for"] for label in root.all("label")}
    fields = [
        *root.all("select"),
        *(each for each in root.all("input") if each.attributes["type"] != "hidden"),
    ]
    assert {field.attributes["id"] for field in fields} == labelled
    for table in root.all("table"):
        assert next(table.all("caption")).text()
        assert all(head.attributes.get("scope") in {"col", "row", "rowgroup"} for head in table.all("th"))


@pytest.mark.parametrize("address", ADDRESSES)
async def test_every_picture_has_a_name_or_is_hidden_from_those_who_cannot_see_it(
    client: Client, address: str
) -> None:
    root = await page(client, address)
    for picture in root.all("svg"):
        if picture.attributes.get("role") == "img":
            assert next(picture.all("title")).text()
            assert next(picture.all("desc")).text()
        else:
            hidden = picture.attributes.get("aria-hidden") or picture.parent.attributes.get("aria-hidden")  # type: ignore[union-attr]
            assert hidden == "true"


@pytest.mark.parametrize("address", ADDRESSES)
async def test_page_has_landmarks_and_a_way_past_its_head(client: Client, address: str) -> None:
    root = await page(client, address)
    for landmark in ("header", "main", "footer"):
        assert len(list(root.all(landmark))) == 1
    for landmark in ("nav", "form"):
        names = [each.attributes.get("aria-label", "") for each in root.all(landmark)]
        assert all(names)
        assert len(set(names)) == len(names)
    first = next(root.all("a"))
    assert first.attributes == {"class": "skip", "href": "#main"}


async def test_only_the_alerts_are_read_out_when_they_change(client: Client) -> None:
    root = await page(client, "/")
    live = [element for element in root.all() if "aria-live" in element.attributes]
    assert [element.attributes["id"] for element in live] == ["alert-headline"]


@pytest.mark.parametrize("address", ADDRESSES)
async def test_nothing_is_inline_that_the_content_security_policy_forbids(
    client: Client, address: str
) -> None:
    for element in (await page(client, address)).all():
        assert element.name != "style"
        assert not {name for name in element.attributes if name == "style" or name.startswith("on")}
        assert element.name != "script" or (
            element.attributes["src"].startswith("/static/") and not element.texts
        )


async def test_page_is_small_without_its_map(client: Client) -> None:
    for language in LANGUAGES:
        address = f"/?lang={language}&map=living_wage_recipients&day=2025-11-24"
        html = await (await client.get(address)).text()
        without_map = re.sub("<figure.*?</figure>", "", html, flags=re.DOTALL)
        assert html.count("<circle") > 500
        assert len(without_map.encode()) < 200_000


async def test_a_hidden_number_is_marked_in_the_table_and_on_the_map(client: Client) -> None:
    root = await page(client, "/?area=60000&map=housing_gap_14d")
    marks = [each for each in root.all("span") if "suppressed" in each.attributes.get("class", "").split()]
    assert {mark.within("table") for mark in marks} == {True}
    assert all(mark.children[0].text() == "<\xa05*" for mark in marks)
    assert all("fewer than 5" in mark.children[1].text() for mark in marks)
    hollow = [each for each in root.all("circle") if each.attributes["class"].startswith("hidden ")]
    hollow += [each for each in root.all("circle") if each.attributes["class"] == "hidden"]
    assert hollow
    assert all("fewer than 5" in circle.text() for circle in hollow)


async def test_the_chosen_area_indicator_and_day_stay_chosen_in_the_links_and_the_form(
    client: Client,
) -> None:
    root = await page(client, "/?lang=fr&area=44021&map=days_to_card&day=2025-11-01")
    french = next(link for link in root.all("a") if link.attributes.get("hreflang") == "nl")
    assert french.attributes["href"] == "/?lang=nl&area=44021&map=days_to_card&day=2025-11-01"
    chosen = {option.attributes["value"] for option in root.all("option") if "selected" in option.attributes}
    assert chosen == {"44021", "days_to_card"}
    fields = {(field.attributes["name"], field.attributes.get("value")) for field in root.all("input")}
    kept = {("lang", "fr"), ("day", "2025-11-01")}
    assert fields == kept | {("area", "44021"), ("map", "days_to_card")}


async def test_the_form_offers_every_area_once(client: Client) -> None:
    root = await page(client, "/")
    select = next(field for field in root.all("select") if field.attributes["id"] == "area")
    assert {option.attributes["value"] for option in select.all("option")} == set(areas())
    assert len(list(select.all("option"))) == len(areas())


async def test_texts_from_definitions_and_rules_cannot_become_markup(client: Client, world: World) -> None:
    evil = "<script>alert(1)</script>"
    names: dict[str, str] = dict.fromkeys(LANGUAGES, evil)
    shape = replace(SHAPES[0], info=replace(SHAPES[0].info, names=names, explanations=names))
    world.data.shapes = {shape.info.id: shape}
    world.data.listed = [alert(1, "44021", '"><script>', "|".join([evil] * 4))]
    html = await (await client.get("/")).text()
    assert "<script>alert" not in html
    assert '"><script>' not in html
    assert html.count("&lt;script&gt;alert(1)") > 5


async def test_only_a_few_alerts_are_open_and_the_rest_is_a_click_away(client: Client, world: World) -> None:
    world.data.listed = [alert(number, "44021", "warning", "a|b|c|d") for number in range(1, 30)]
    root = await page(client, "/", fresh=True)
    items = [each for each in root.all("li") if "alert" in each.attributes.get("class", "").split()]
    assert len(items) == 20
    assert sum(not item.within("details") for item in items) == 4
    (live,) = (element for element in root.all() if "aria-live" in element.attributes)
    assert live.text() == "More than 20 open alerts"


async def test_an_empty_platform_has_a_page_too(client: Client, world: World) -> None:
    world.data.listed, world.data.feeds = (), ()
    world.data.state = replace(world.data.state, last_refresh_at=None, lag=None, versions={})
    text = (await page(client, "/", fresh=True)).text()
    assert "No open alerts" in text
    assert "No agency has sent anything yet." in text
