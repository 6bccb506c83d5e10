"""Hands one mail to the mail server and says what came of it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Final, Literal

import aiosmtplib

from bewithu.errors import Unavailable
from bewithu.links import tls_context
from bewithu.refusals import login_refusal, tls_refusal
from bewithu.settings import Smtp

#: Seconds for each answer of the server, and for all of them. `SENDING_TAKES` in outbox.py must stay longer.
TIMEOUT_SECONDS: Final = 20.0
CONVERSATION_SECONDS: Final = 90.0
GOODBYE_SECONDS: Final = 5.0


@dataclass(frozen=True, slots=True)
class Delivery:
    """What came of handing over a mail.

    `sent`: the server took it. `retry`: not now. `given_up`: the server refuses this recipient or this mail
    for good. `sending`: it went out, and no answer came, so the server may have kept it. `server_away`: there is no
    point in trying other mails at once.
    """

    outcome: Literal["sent", "retry", "given_up", "sending"]
    detail: str
    server_away: bool = False


class _Went:
    """Whether the mail itself, and not only its envelope, went `out` to the server."""

    def __init__(self) -> None:
        self.out = False

    def watch(self, client: aiosmtplib.SMTP) -> None:
        protocol = client.protocol
        assert protocol is not None
        write = protocol.write

        def watched(data: bytes) -> None:
            write(data)
            # Nothing but the content of a mail ends so.
            self.out = self.out or data.endswith(b"\r\n.\r\n")

        protocol.write = watched  # type: ignore[method-assign]


class Sender:
    """Sends over SMTP, one connection for each mail: alerts are rare, and idle connections go stale."""

    def __init__(self, settings: Smtp) -> None:
        self._settings = settings
        # Made once: a file that goes away later must not keep `send` from its word.
        self._tls = tls_context(settings) if settings.encrypted else None
        self.server = f"{settings.host}:{settings.port}"

    async def send(self, message: EmailMessage, recipient: str) -> Delivery:
        """Never raises for what the network or the server does."""
        client, went = self._client(TIMEOUT_SECONDS), _Went()
        try:
            async with asyncio.timeout(CONVERSATION_SECONDS):
                await self._open(client)
                went.watch(client)
                delivery = await _hand_over(client, message, recipient, self._away)
        except TimeoutError:
            delivery = self._broken_off(went, "no answer in time")
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            # ValueError: ssl's answer to a host name or certificate that it cannot use.
            delivery = self._broken_off(went, self._explained(error))
        # Saying goodbye comes after the outcome: if it fails, the mail is sent all the same.
        with suppress(aiosmtplib.SMTPException, OSError):
            if delivery.outcome == "sent":
                await client.quit(timeout=GOODBYE_SECONDS)
        client.close()
        return delivery

    async def check(self, seconds: float) -> None:
        """Connects and logs in as for a mail, and sends none. Raises `Unavailable`."""
        client = self._client(seconds)
        trouble = ""
        try:
            await self._open(client)
            # With TLS 1.3 a server refuses our certificate only after the handshake: its answer tells.
            await client.noop()
            await client.quit()
        except (aiosmtplib.SMTPException, OSError, ValueError) as error:
            trouble = self._explained(error)
        finally:
            transport = client.transport
            client.close()
            if isinstance(transport, asyncio.WriteTransport):
                # TLS would say goodbye first, and whoever checks has no loop any more by then.
                transport.abort()
                await asyncio.sleep(0)
        # Raised only here: the error itself may hold what a server repeated of the login.
        if trouble:
            raise Unavailable("the mail server", f"{self.server}: {trouble}")

    def _client(self, seconds: float) -> aiosmtplib.SMTP:
        return aiosmtplib.SMTP(
            hostname=self._settings.host,
            port=self._settings.port,
            timeout=seconds,
            use_tls=self._settings.tls,
            # None would try, and go on in the clear where the server offers none.
            start_tls=self._settings.starttls,
            tls_context=self._tls,
        )

    async def _open(self, client: aiosmtplib.SMTP) -> None:
        await client.connect()
        if self._settings.username and self._settings.password is not None:
            await client.login(self._settings.username, self._settings.password.get_secret_value())

    def _explained(self, error: Exception) -> str:
        """What went wrong. A server may repeat what it was told, so its answer to a login is not quoted."""
        if isinstance(error, aiosmtplib.SMTPAuthenticationError):
            return (
                f"{login_refusal(self.server, self._settings.username, self._settings)} (answer {error.code})"
            )
        return tls_refusal(error, self.server, self._settings) or f"{type(error).__name__}: {error}"

    def _broken_off(self, went: _Went, detail: str) -> Delivery:
        if not went.out:
            return self._away(detail)
        words = f"mail server {self.server}: the mail was handed over, and no answer came: {detail}"
        return Delivery("sending", words, server_away=True)

    def _away(self, detail: str) -> Delivery:
        return Delivery("retry", f"mail server {self.server}: {detail}", server_away=True)


async def _hand_over(
    client: aiosmtplib.SMTP, message: EmailMessage, recipient: str, away: Callable[[str], Delivery]
) -> Delivery:
    try:
        _, answer = await client.send_message(message, recipients=[recipient])
    except aiosmtplib.SMTPRecipientsRefused as error:
        refused = error.recipients[0]
        return _refusal(refused.code, refused.message)
    except aiosmtplib.SMTPSenderRefused as error:
        # Ours to repair (sender, relaying, login), and the same for every mail: so never given up for it.
        return away(f"sender refused: {error.code} {error.message}")
    except aiosmtplib.SMTPDataError as error:
        return _refusal(error.code, error.message)
    return Delivery("sent", answer)


def _refusal(code: int, message: str) -> Delivery:
    words = f"{code} {message}"
    if code == 421:
        return Delivery("retry", words, server_away=True)
    return Delivery("given_up" if code >= 500 else "retry", words)
