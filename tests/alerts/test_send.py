"""Handing mails to a real SMTP server: what counts as taken, as not now, as never."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from email.message import EmailMessage
from functools import partial

import pytest
from aiosmtpd.smtp import AuthResult, LoginPassword
from pydantic import SecretStr

from alerts import send
from alerts.outbox import SENDING_TAKES
from alerts.send import Sender
from bewithu.settings import Smtp
from tests.alerts.mail_server import Post, new_post, serving
from tests.parts.deadlines import wait_until_async

ANN = "ann@example.invalid"


@pytest.fixture
def mail() -> EmailMessage:
    message = EmailMessage()
    message["From"] = "bewithu <alerts@bewithu.invalid>"
    message["To"] = f"Ann <{ANN}>"
    message["Subject"] = "Luik"
    message.set_content("tekst")
    return message


def sender(post: Post, **changes: object) -> Sender:
    return Sender(Smtp.model_validate({"port": post.port} | changes))


Conversation = Callable[[asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


@asynccontextmanager
async def answering(converse: Conversation) -> AsyncIterator[int]:
    """A server, no mail server, for one conversation; its port. Waits until it has hung up."""
    hung_up = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await converse(reader, writer)
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
        hung_up.set()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    async with server:
        yield server.sockets[0].getsockname()[1]
        await asyncio.wait_for(hung_up.wait(), 10)


async def test_a_mail_that_the_server_takes_is_sent(mail: EmailMessage) -> None:
    async with serving(new_post()) as post:
        delivery = await sender(post).send(mail, ANN)
    assert (delivery.outcome, delivery.detail, delivery.server_away) == ("sent", "kept", False)
    assert [(address, str(kept["Subject"])) for address, kept in post.taken] == [(ANN, "Luik")]


@pytest.mark.parametrize(
    ("answer", "outcome", "server_away"),
    [
        ("451 4.7.1 greylisted, come back", "retry", False),
        ("452 4.2.2 mailbox full", "retry", False),
        ("421 4.3.2 shutting down", "retry", True),
        ("550 5.1.1 no such user", "given_up", False),
    ],
)
async def test_an_answer_about_the_recipient_decides(
    mail: EmailMessage, answer: str, outcome: str, server_away: bool
) -> None:
    async with serving(new_post()) as post:
        post.to_recipients = [answer]
        delivery = await sender(post).send(mail, ANN)
        assert (delivery.outcome, delivery.server_away) == (outcome, server_away)
        assert answer in delivery.detail
        assert (await sender(post).send(mail, ANN)).outcome == "sent"
    assert len(post.taken) == 1


@pytest.mark.parametrize(
    ("answer", "outcome"), [("451 4.3.0 try again", "retry"), ("554 5.7.1 looks like spam", "given_up")]
)
async def test_an_answer_about_the_mail_decides(mail: EmailMessage, answer: str, outcome: str) -> None:
    async with serving(new_post()) as post:
        post.to_data = [answer]
        assert (await sender(post).send(mail, ANN)).outcome == outcome
    assert post.taken == []


async def test_a_server_that_is_not_there_is_away(mail: EmailMessage) -> None:
    post = new_post()
    delivery = await sender(post).send(mail, ANN)
    assert (delivery.outcome, delivery.server_away) == ("retry", True)
    assert delivery.detail.startswith(f"mail server 127.0.0.1:{post.port}: SMTPConnectError")


async def test_a_server_that_hangs_up_or_says_nonsense_is_away(mail: EmailMessage) -> None:
    async def rude(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"what?\r\n")

    async with answering(rude) as port:
        delivery = await Sender(Smtp(port=port)).send(mail, ANN)
    assert (delivery.outcome, delivery.server_away) == ("retry", True)


async def test_a_server_that_says_nothing_is_away_before_the_mail_counts_as_lost(
    mail: EmailMessage, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert SENDING_TAKES.total_seconds() > send.CONVERSATION_SECONDS
    monkeypatch.setattr(send, "CONVERSATION_SECONDS", 0.2)

    async def say_nothing(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await reader.read()

    async with answering(say_nothing) as port:
        delivery = await Sender(Smtp(port=port)).send(mail, ANN)
    assert (delivery.outcome, delivery.server_away) == ("retry", True)
    assert delivery.detail.endswith("no answer in time")


async def silent_after(
    content: list[bytes], reader: asyncio.StreamReader, writer: asyncio.StreamWriter
) -> None:
    """Takes the mail, and never says so."""
    writer.write(b"220 hi\r\n")
    for answer in (b"250 hi", b"250 sender", b"250 recipient", b"354 go on"):
        await reader.readline()
        writer.write(answer + b"\r\n")
    content.append(await reader.readuntil(b"\r\n.\r\n"))
    await reader.read()


@pytest.mark.parametrize("limit", ["TIMEOUT_SECONDS", "CONVERSATION_SECONDS"])
async def test_a_server_that_took_the_mail_and_gives_no_answer_may_have_kept_it(
    mail: EmailMessage, monkeypatch: pytest.MonkeyPatch, limit: str
) -> None:
    monkeypatch.setattr(send, limit, 0.2)
    content: list[bytes] = []
    async with answering(partial(silent_after, content)) as port:
        delivery = await Sender(Smtp(port=port)).send(mail, ANN)
    assert len(content) == 1
    assert (delivery.outcome, delivery.server_away) == ("sending", True)
    assert "the mail was handed over, and no answer came" in delivery.detail


async def test_a_server_that_took_the_mail_and_hangs_up_may_have_kept_it(mail: EmailMessage) -> None:
    async def brusque(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        content: list[bytes] = []
        gone = asyncio.ensure_future(silent_after(content, reader, writer))
        await wait_until_async(lambda: bool(content), 10, "the mail")
        gone.cancel()
        writer.close()

    async with answering(brusque) as port:
        delivery = await Sender(Smtp(port=port)).send(mail, ANN)
    assert (delivery.outcome, delivery.server_away) == ("sending", True)


async def test_a_server_that_is_silent_before_the_mail_has_not_got_it(
    mail: EmailMessage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send, "TIMEOUT_SECONDS", 0.2)

    async def polite_at_first(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        for answer in (b"250 hi", b"250 sender", b"250 recipient"):
            await reader.readline()
            writer.write(answer + b"\r\n")
        await reader.read()

    async with answering(polite_at_first) as port:
        delivery = await Sender(Smtp(port=port)).send(mail, ANN)
    assert (delivery.outcome, delivery.server_away) == ("retry", True)


async def test_a_server_without_the_encryption_that_was_asked_for_gets_no_mail(mail: EmailMessage) -> None:
    async with serving(new_post()) as post:
        delivery = await sender(post, starttls=True).send(mail, ANN)
    assert (delivery.outcome, delivery.server_away) == ("retry", True)
    assert post.asked == []


async def test_a_server_that_hangs_up_right_after_taking_the_mail_has_taken_it(mail: EmailMessage) -> None:
    async def brusque(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"220 hi\r\n")
        for answer in (b"250 hi", b"250 sender", b"250 recipient", b"354 go on"):
            await reader.readline()
            writer.write(answer + b"\r\n")
        await reader.readuntil(b"\r\n.\r\n")
        writer.write(b"250 kept\r\n")

    async with answering(brusque) as port:
        assert (await Sender(Smtp(port=port)).send(mail, ANN)).outcome == "sent"


@pytest.mark.parametrize(("password", "outcome"), [("right", "sent"), ("wrong", "retry")])
async def test_a_wrong_password_is_ours_to_repair_so_no_mail_is_given_up_for_it(
    mail: EmailMessage, password: str, outcome: str
) -> None:
    def check(server: object, session: object, envelope: object, mechanism: str, data: object) -> AuthResult:
        assert isinstance(data, LoginPassword)
        return AuthResult(success=data.password == b"right", handled=False)

    async with serving(new_post(), authenticator=check, auth_require_tls=False) as post:
        delivery = await sender(post, username="alerts", password=SecretStr(password)).send(mail, ANN)
    assert (delivery.outcome, delivery.server_away) == (outcome, outcome == "retry"), delivery.detail
    assert password not in delivery.detail
