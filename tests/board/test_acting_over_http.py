"""Links in mails over HTTP: to follow one changes nothing, to confirm it does that one thing, once."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from datetime import timedelta
from itertools import pairwise

import pytest
from aiohttp.test_utils import TestClient, TestServer

from alerts.links import VERBS, Verb
from bewithu.board.acting import LENGTHS, Declined
from bewithu.board.words import words
from bewithu.errors import Unavailable
from schemas.areas import LANGUAGES, Language
from tests.board.acting_stage import (
    ANN,
    BO,
    LIEGE,
    NOTHING,
    RULE,
    SINCE,
    ActingStage,
    confirm,
    heading,
    page,
)
from tests.board.conftest import Client
from tests.board.markup import parse


@pytest.fixture
async def client(stage: ActingStage) -> AsyncIterator[Client]:
    async with TestClient(TestServer(stage.app())) as started:
        yield started


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_page_says_what_will_happen_to_what_and_asks(
    client: Client, stage: ActingStage, verb: Verb, language: Language
) -> None:
    token = stage.token(verb)
    answer = await client.get(page(token, language))
    assert answer.status == 200
    root = parse(await answer.text())
    (html,) = root.all("html")
    assert html.attributes["lang"] == language
    facts = {fact.children[0].text(): fact.children[1].text() for fact in next(root.all("dl")).children}
    place, what, figure, since, you = facts.values()
    assert place == {"nl": "Provincie Luik", "fr": "Province de Liège", "de": "Provinz Lüttich"}.get(
        language, "Province of Liège"
    )
    (rule,) = [each for each in stage.rules if each.id == RULE]
    assert rule.summary.in_language(language) in what
    assert "412" in figure
    assert words(language).moment(SINCE) == since
    assert you == f"Ann Peeters ({ANN.email})"
    (form,) = root.all("form")
    assert form.attributes == {"method": "post", "action": f"/act?lang={language}"}
    assert len(list(form.all("button"))) == 1
    assert next(form.all("input")).attributes["value"] == token
    chosen = [option.attributes["value"] for option in form.all("option")]
    assert chosen == ([str(days) for days in LENGTHS] if verb == "silence" else [])


async def test_nobody_keeps_the_page_or_learns_its_address(client: Client, stage: ActingStage) -> None:
    for answer in (
        await client.get(page(stage.token("acknowledge"))),
        await client.get(page("x")),
        await client.post("/act", data={"token": stage.token("acknowledge")}),
        await client.put("/act"),
    ):
        assert answer.headers.getall("Cache-Control") == ["no-store"]
        assert answer.headers.getall("Referrer-Policy") == ["no-referrer"]
        assert answer.headers["X-Robots-Tag"].startswith("noindex")
        assert "form-action 'self'" in answer.headers["Content-Security-Policy"]
    assert (await client.get("/")).headers["Referrer-Policy"] == "same-origin"


@pytest.mark.parametrize("verb", VERBS)
async def test_what_follows_links_in_mails_changes_nothing(
    client: Client, stage: ActingStage, verb: Verb
) -> None:
    for language in LANGUAGES:
        address = page(stage.token(verb), language)
        for method in ("GET", "HEAD", "OPTIONS", "GET"):
            answer = await client.request(method, f"{address}&days=7&reason=scanned")
            assert answer.status == (405 if method == "OPTIONS" else 200)
            assert method != "HEAD" or await answer.read() == b""
    assert stage.written() == NOTHING


async def test_to_confirm_writes_it_once_and_says_so(client: Client, stage: ActingStage) -> None:
    token = stage.token("acknowledge")
    status, root = await confirm(client, token)
    assert (status, heading(root), list(root.all("form"))) == (200, "Acknowledged", [])
    ((seen,), silences) = stage.written()
    assert (seen.rule, seen.area, seen.since, seen.author, seen.at) == (
        RULE, LIEGE, SINCE, ANN.email, stage.real.now()
    )  # fmt: skip
    assert silences == []
    stage.real.moment += timedelta(hours=1)
    for again in (await confirm(client, token), (200, parse(await (await client.get(page(token))).text()))):
        assert (again[0], heading(again[1])) == (200, "Already acknowledged")
        assert "Ann Peeters acknowledged it: 24 Nov 2025, 22:05. Nothing was changed." in again[1].text()
        assert list(again[1].all("form")) == []
    assert stage.written() == ([seen], [])


async def test_the_others_read_on_page_board_and_api_who_looks_after_it(
    client: Client, stage: ActingStage
) -> None:
    before = await (await client.get("/?lang=fr")).text()
    assert "prise en charge par" not in before
    await confirm(client, stage.token("acknowledge"))
    for email in (BO.email, ANN.email):
        _, root = await confirm(client, stage.token("acknowledge", email))
        assert heading(root) == "Already acknowledged"
        assert "Ann Peeters acknowledged it" in root.text()
    assert len(stage.written()[0]) == 1
    board = await (await client.get("/?lang=fr")).text()
    assert "prise en charge par Ann Peeters" in board
    assert ANN.email not in board
    (alert,) = (await (await client.get("/api/v1/alerts")).json())["alerts"]
    assert (alert["acknowledged_by"], alert["acknowledged_at"]) == ("Ann Peeters", "2025-11-24T21:05:30.000Z")


@pytest.mark.parametrize("days", LENGTHS)
async def test_a_silence_lasts_as_long_as_was_chosen_and_is_made_once(
    client: Client, stage: ActingStage, days: int
) -> None:
    token = stage.token("silence")
    status, root = await confirm(client, token, days=days, reason="  the hall\nopens \x1b[2J soon ")
    assert (status, heading(root)) == (200, "Silenced")
    acknowledgements, (silence,) = stage.written()
    assert acknowledgements == []
    assert (silence.author, silence.reason) == (ANN.email, "the hall opens [2J soon")
    assert dict(silence.matchers) == {"rule": RULE, "area": LIEGE}
    assert (silence.begins, silence.ends) == (stage.real.now(), stage.real.now() + timedelta(days=days))
    for other in LENGTHS:
        status, root = await confirm(client, token, days=other)
        assert (status, heading(root)) == (200, "Already silenced")
        assert words("en").moment(silence.ends) in root.text()
    assert stage.written() == ([], [silence])


async def test_a_silence_that_has_ended_can_be_made_again_while_the_link_is_good(
    client: Client, stage: ActingStage
) -> None:
    token = stage.token("silence")
    await confirm(client, token, days=1)
    stage.real.moment += timedelta(days=1)
    assert heading(parse(await (await client.get(page(token))).text())) == "Silence this alert?"
    await confirm(client, token, days=7)
    first, second = stage.silences.written(stage.real.now() - timedelta(days=2))
    assert first.id == second.id
    assert second.ends - first.ends == timedelta(days=7)
    assert first.reason == "from a link in a mail"


@pytest.mark.parametrize("days", ["", "0", "2", "365", "-1", "1e1", "seven", "１"])
async def test_no_other_length_can_be_chosen(client: Client, stage: ActingStage, days: str) -> None:
    status, root = await confirm(client, stage.token("silence"), days=days)
    assert status == 400
    assert "expected one of 1, 7, 30" in next(root.all("code")).text()
    assert stage.written() == NOTHING


async def test_a_link_does_the_one_thing_that_it_was_signed_for(client: Client, stage: ActingStage) -> None:
    await confirm(client, stage.token("acknowledge"), days=30, reason="and silence it")
    assert len(stage.written()[0]) == 1
    assert stage.written()[1] == []
    actions = stage.actions()
    assert actions.silence(stage.token("acknowledge"), 7, "") == Declined("tampered")
    assert actions.acknowledge(stage.token("silence")) == Declined("tampered")
    with pytest.raises(ValueError, match="365 days"):
        actions.silence(stage.token("silence"), 365, "")
    assert stage.written()[1] == []


@pytest.mark.parametrize(
    ("headers", "taken"),
    [
        ({}, True),
        ({"Origin": "null"}, True),
        ({"Origin": "null", "Sec-Fetch-Site": "none"}, True),
        ({"Origin": "https://elsewhere.invalid"}, False),
        ({"Origin": "null", "Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
    ],
)
async def test_a_form_of_another_site_is_refused(
    client: Client, stage: ActingStage, headers: dict[str, str], taken: bool
) -> None:
    status, root = await confirm(client, stage.token("acknowledge"), headers=headers)
    assert (status, heading(root)) == (
        (200, "Acknowledged") if taken else (403, "This was sent from another site")
    )
    assert (len(stage.written()[0]) == 1) == taken


async def test_our_own_origin_is_taken(client: Client, stage: ActingStage) -> None:
    own = {"Origin": str(client.make_url("")).rstrip("/")}
    assert (await confirm(client, stage.token("acknowledge"), headers=own))[0] == 200


async def test_while_the_store_is_away_nothing_is_said_to_be_done(
    client: Client, stage: ActingStage, monkeypatch: pytest.MonkeyPatch
) -> None:
    def away(*_words: object) -> None:
        raise Unavailable("ClickHouse", "connection refused")

    monkeypatch.setattr(stage.acknowledgements, "write", away)
    status, root = await confirm(client, stage.token("acknowledge"), "de")
    assert (status, heading(root)) == (503, words("de").gettext("Out of service for a moment"))
    monkeypatch.undo()
    assert heading((await confirm(client, stage.token("acknowledge")))[1]) == "Acknowledged"


async def test_what_is_sent_is_shown_as_text_only(client: Client, stage: ActingStage) -> None:
    hostile = '"><script>alert(1)</script>'
    for answer in (
        await client.get("/act", params={"token": hostile}),
        await client.post("/act", data={"token": hostile}),
        await client.post("/act", data={"token": stage.token("silence"), "days": hostile}),
    ):
        assert answer.status in (400, 403)
        assert "<script>" not in await answer.text()


@pytest.mark.parametrize("verb", VERBS)
async def test_the_page_can_be_read_and_used_by_everybody(
    client: Client, stage: ActingStage, verb: Verb
) -> None:
    root = parse(await (await client.get(page(stage.token(verb)))).text())
    levels = [int(each.name[1]) for each in root.all() if re.fullmatch("h[1-6]", each.name)]
    assert levels[0] == 1
    assert all(deeper <= level + 1 for level, deeper in pairwise(levels))
    ids = [each.attributes["id"] for each in root.all() if "id" in each.attributes]
    assert len(ids) == len(set(ids))
    labelled = {label.attributes["for"] for label in root.all("label")}
    fields = [*root.all("select"), *root.all("input")]
    assert {each.attributes["id"] for each in fields if each.attributes.get("type") != "hidden"} == labelled
    for element in root.all():
        assert set(element.attributes.get("aria-describedby", "").split()) <= set(ids)
        assert element.name not in ("style", "script")
        assert not {name for name in element.attributes if name == "style" or name.startswith("on")}
    for landmark in ("header", "main", "footer", "form"):
        assert len(list(root.all(landmark))) == 1
    others = [each.attributes["href"] for each in next(root.all("nav")).all("a")]
    assert others == [page(stage.token(verb), language) for language in LANGUAGES]
