"""Posting to a real HTTP server: what counts as taken, as not now, as never."""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Iterator
from datetime import timedelta

import pytest
from aiohttp import web

from alerts import hook_post
from alerts.address_book import Webhook
from alerts.hook_post import HookPost, verdict
from alerts.outbox import SENDING_TAKES
from alerts.webhook import payload
from tests.alerts.samples import ARRIVALS, rule, transition
from tests.parts.authority import Authority
from tests.parts.processes import free_port, running
from tests.parts.receiver import Receiver, answering

ALERT = payload(transition(reason="≥ 150 — ‘Luik’"), rule(), ARRIVALS, "dispatch", "https://board.invalid")


def webhook(url: str) -> Webhook:
    return Webhook(name="dispatch", url=url, areas=("BE",))


async def test_what_is_taken_is_sent_and_arrives_as_it_was_written(receiver: Receiver) -> None:
    delivery = await HookPost().send(ALERT, webhook(receiver.url))
    assert (delivery.outcome, delivery.detail) == ("sent", "webhook dispatch: 200 OK")
    (posted,) = receiver.posted
    assert (posted.path, posted.body) == ("/hook/s3cret", ALERT)
    assert posted.headers["Content-Type"] == "application/json"
    assert posted.headers["User-Agent"] == "bewithu"


@pytest.mark.parametrize(
    ("status", "outcome", "server_away"),
    [
        *((status, "sent", False) for status in (200, 201, 202, 204, 299)),
        *((status, "retry", False) for status in (300, 304, 408, 500, 501, 505, 507, 599)),
        *((status, "retry", True) for status in (429, 502, 503, 504)),
        *((status, "given_up", False) for status in (400, 401, 403, 404, 405, 410, 413, 415, 422, 451, 499)),
    ],
)
async def test_the_status_decides(receiver: Receiver, status: int, outcome: str, server_away: bool) -> None:
    receiver.answers.append(answering(status))
    delivery = await HookPost().send(ALERT, webhook(receiver.url))
    assert (delivery.outcome, delivery.server_away) == (outcome, server_away)
    assert f"dispatch: {status}" in delivery.detail
    assert len(receiver.posted) == 1


def test_every_status_has_an_outcome_and_nothing_but_2xx_is_sent() -> None:
    for status in range(200, 600):
        found = verdict(status, "x")
        assert (found.outcome == "sent") == (status < 300), status
        assert found.outcome == "retry" or not found.server_away, status


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_not_followed(receiver: Receiver, status: int) -> None:
    with running(Receiver()) as elsewhere:
        elsewhere.start()
        receiver.answers.append(answering(status, headers={"Location": elsewhere.url}))
        delivery = await HookPost().send(ALERT, webhook(receiver.url))
        assert elsewhere.posted == []
    assert (delivery.outcome, delivery.server_away) == ("retry", False)
    assert "redirects are not followed" in delivery.detail


async def test_the_beginning_of_a_refusals_words_is_noted_in_one_line(receiver: Receiver) -> None:
    receiver.answers.append(answering(422, "no\n\tsuch \x1b[31mrule\x00 " + "x" * 100_000))
    delivery = await HookPost().send(ALERT, webhook(receiver.url))
    assert delivery.detail.startswith("webhook dispatch: 422 Unprocessable Entity: no such [31mrule xxx")
    assert len(delivery.detail) < 260


async def test_nobody_at_the_address_is_tried_again_and_its_path_is_not_told() -> None:
    port = free_port()
    delivery = await HookPost().send(ALERT, webhook(f"http://127.0.0.1:{port}/hook/s3cret"))
    assert (delivery.outcome, delivery.server_away) == ("retry", True)
    assert f"Cannot connect to host 127.0.0.1:{port}" in delivery.detail
    assert "s3cret" not in delivery.detail


async def test_a_name_that_is_nowhere_is_tried_again() -> None:
    delivery = await HookPost().send(ALERT, webhook("http://nowhere.invalid/hook/s3cret"))
    assert (delivery.outcome, delivery.server_away) == ("retry", True)
    assert "s3cret" not in delivery.detail


async def test_a_receiver_that_says_nothing_is_tried_again(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(hook_post, "POST_SECONDS", 0.3)

    async def silent(request: web.Request) -> web.StreamResponse:
        await asyncio.Event().wait()
        raise AssertionError

    receiver.answers.append(silent)
    delivery = await HookPost().send(ALERT, webhook(receiver.url))
    assert (delivery.outcome, delivery.server_away) == ("retry", True)
    assert delivery.detail == "webhook dispatch: no answer in time"


@pytest.mark.parametrize(("status", "outcome"), [(200, "sent"), (404, "given_up"), (500, "retry")])
async def test_the_status_counts_also_when_the_rest_never_comes(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch, status: int, outcome: str
) -> None:
    monkeypatch.setattr(hook_post, "POST_SECONDS", 0.5)

    async def half(request: web.Request) -> web.StreamResponse:
        response = web.StreamResponse(status=status)
        response.content_length = 1000
        await response.prepare(request)
        await asyncio.Event().wait()
        return response

    receiver.answers.append(half)
    delivery = await HookPost().send(ALERT, webhook(receiver.url))
    assert delivery.outcome == outcome
    assert f"dispatch: {status}" in delivery.detail


@pytest.mark.parametrize(
    "reply",
    [
        b"",
        b"SSH-2.0-OpenSSH_9.2\r\n",
        b"HTTP/1.1 20",
        b"HTTP/1.1 999999 x\r\n\r\n",
        b"\x15\x03\x01\x00\x02\x02F",
    ],
    ids=["hangs up", "another protocol", "half a line", "no such status", "a TLS alert"],
)
async def test_what_is_no_http_is_tried_again_and_raises_nothing(reply: bytes) -> None:
    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.readuntil(b"\r\n\r\n")
        writer.write(reply)
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    async with await asyncio.start_server(answer, "127.0.0.1", 0) as server:
        port = server.sockets[0].getsockname()[1]
        delivery = await HookPost().send(ALERT, webhook(f"http://127.0.0.1:{port}/hook/s3cret"))
    assert (delivery.outcome, delivery.server_away) == ("retry", True)
    assert "s3cret" not in delivery.detail


@pytest.fixture
def secured(authority: Authority) -> Iterator[Receiver]:
    with running(Receiver(authority.issue("localhost"))) as server:
        server.start()
        yield server


async def test_a_receiver_that_this_machine_does_not_trust_is_told_nothing(
    secured: Receiver, authority: Authority
) -> None:
    delivery = await HookPost().send(ALERT, webhook(secured.url))
    assert (delivery.outcome, delivery.server_away) == ("retry", True)
    assert "certificate" in delivery.detail.lower()
    assert secured.posted == []
    trusting = HookPost(ssl.create_default_context(cafile=authority.file))
    assert (await trusting.send(ALERT, webhook(secured.url))).outcome == "sent"
    wrong_name = await trusting.send(ALERT, webhook(secured.url.replace("localhost", "127.0.0.1")))
    assert wrong_name.outcome == "retry"
    assert len(secured.posted) == 1


def test_a_post_ends_before_it_is_taken_for_lost() -> None:
    assert timedelta(seconds=hook_post.POST_SECONDS) < SENDING_TAKES
