"""Links in mails that do nothing any more: the page says why in the reader's language, and nothing is written."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
from aiohttp.test_utils import TestClient, TestServer

from alerts.links import VALID_FOR, VERBS, Verb
from bewithu.board.words import words
from schemas.areas import LANGUAGES
from tests.board.acting_stage import (
    CID,
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


async def declined(client: Client, stage: ActingStage, token: str, status: int, text: str) -> None:
    """By whatever way it comes, in every language, and nothing is written."""
    before = stage.written()
    for language in LANGUAGES:
        answer = await client.get(page(token, language))
        found = await confirm(client, token, language, days=7)
        for each in ((answer.status, parse(await answer.text())), found):
            assert (each[0], heading(each[1])) == (status, words(language).gettext(text))
            assert list(each[1].all("form")) == []
            (html,) = each[1].all("html")
            assert html.attributes["lang"] == language
    assert stage.written() == before


@pytest.mark.parametrize("verb", VERBS)
async def test_a_link_that_is_not_whole_is_told_as_such(
    client: Client, stage: ActingStage, verb: Verb
) -> None:
    token = stage.token(verb)
    for broken in (token[:-1], token.replace(".", ""), "", "<script>", token + "=", token.upper()):
        await declined(client, stage, broken, 403, "This link is not valid")


@pytest.mark.parametrize("verb", VERBS)
async def test_a_link_expires(client: Client, stage: ActingStage, verb: Verb) -> None:
    token = stage.token(verb)
    stage.real.moment += VALID_FOR - timedelta(milliseconds=1)
    assert (await client.get(page(token))).status == 200
    stage.real.moment += timedelta(milliseconds=1)
    await declined(client, stage, token, 410, "This link has expired")


@pytest.mark.parametrize("verb", VERBS)
async def test_a_link_counts_for_its_own_alert_alone(client: Client, stage: ActingStage, verb: Verb) -> None:
    token = stage.token(verb)
    stage.step("recovering", 3)
    assert (await client.get(page(token))).status == 200
    stage.step("resolved", 4)
    await declined(client, stage, token, 409, "This alert is over")
    stage.step("firing", 5, since=SINCE + timedelta(days=5))
    await declined(client, stage, token, 409, "This alert is over")
    assert (await client.get(page(stage.token(verb, since=SINCE + timedelta(days=5))))).status == 200


@pytest.mark.parametrize("verb", VERBS)
async def test_nor_when_the_alert_is_not_known(client: Client, stage: ActingStage, verb: Verb) -> None:
    await declined(client, stage, stage.token(verb, rule="another"), 409, "This alert is over")
    await declined(client, stage, stage.token(verb, area="62063"), 409, "This alert is over")


@pytest.mark.parametrize("verb", VERBS)
@pytest.mark.parametrize("email", [CID.email, "left@liege.example.invalid"])
async def test_who_is_not_told_of_the_area_any_more_can_do_nothing(
    client: Client, stage: ActingStage, verb: Verb, email: str
) -> None:
    text = "You are no longer told of this alert"
    await declined(client, stage, stage.token(verb, email), 403, text)


async def test_an_alert_of_a_rule_that_is_defined_no_longer_is_over(stage: ActingStage) -> None:
    stage.rules = ()
    async with TestClient(TestServer(stage.app())) as client:
        await declined(client, stage, stage.token("acknowledge"), 409, "This alert is over")


async def test_without_a_key_there_are_no_links(stage: ActingStage) -> None:
    stage.has_key = False
    async with TestClient(TestServer(stage.app())) as client:
        await declined(client, stage, stage.token("acknowledge"), 404, "Mails have no such links here")
