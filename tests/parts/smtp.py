"""A mail server that keeps what it accepts, and misbehaves on request."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from enum import Enum
from typing import Any, Literal

from aiosmtpd.smtp import SMTP, AuthResult, LoginPassword

from tests.parts.authority import Certificate
from tests.parts.background_loop import BackgroundLoop
from tests.parts.processes import free_port

TEMPORARY_REFUSAL = "451 4.3.0 Try again later"
PERMANENT_REFUSAL = "550 5.1.1 No such mailbox here"


@dataclass(frozen=True, slots=True)
class AcceptedMail:
    """A mail that the server took: the envelope's sender and recipients, and the message."""

    sender: str
    recipients: tuple[str, ...]
    message: EmailMessage


class _Plan(Enum):
    """What happens to one mail transaction."""

    ACCEPT = "accept"
    REFUSE_RECIPIENTS_451 = ("RCPT", TEMPORARY_REFUSAL)
    REFUSE_RECIPIENTS_550 = ("RCPT", PERMANENT_REFUSAL)
    REFUSE_CONTENT_451 = ("DATA", TEMPORARY_REFUSAL)
    REFUSE_CONTENT_550 = ("DATA", PERMANENT_REFUSAL)
    LOSE_ANSWER = "lose the answer"

    def refusal_at(self, command: str) -> str | None:
        if isinstance(self.value, tuple) and self.value[0] == command:
            return str(self.value[1])
        return None


class SmtpServer:
    """A mail server on a port of 127.0.0.1; its mails and plans survive stop and restart.

    With a certificate it wants TLS, after STARTTLS or `at_once`; with a login it takes mails from that user only.
    """

    def __init__(
        self,
        certificate: Certificate | None = None,
        login: tuple[str, str] | None = None,
        at_once: bool = False,
    ) -> None:
        self.certificate = certificate
        self.login = login
        self._at_once = at_once
        self.mails: list[AcceptedMail] = []
        self.logins = 0  # tried, whatever came of them
        self.attempts = 0  # transactions begun (MAIL FROM), whatever came of them
        self.port = free_port()
        self._plans: deque[_Plan] = deque()
        self._loop: BackgroundLoop | None = None
        self._server: asyncio.Server | None = None

    @property
    def host(self) -> str:
        return "127.0.0.1"

    def start(self) -> None:
        self._loop = BackgroundLoop("smtp-server")
        self._loop.run(self._serve())

    def stop(self) -> None:
        """Close the port and every connection. Does nothing when it is stopped already."""
        if self._loop is None:
            return
        self._loop.run(self._close_port())
        self._loop.close()
        self._loop = None

    def restart(self) -> None:
        self.stop()
        self.start()

    def refuse_next(
        self, mails: int = 1, code: Literal[451, 550] = 451, at: Literal["RCPT", "DATA"] = "DATA"
    ) -> None:
        """Answer `code` to the next `mails`: to each recipient, or once the whole message has arrived."""
        what = "RECIPIENTS" if at == "RCPT" else "CONTENT"
        self._plans.extend([_Plan[f"REFUSE_{what}_{code}"]] * mails)

    def lose_next_answers(self, mails: int = 1) -> None:
        """Accept and keep the next `mails`, but close the connection instead of saying so."""
        self._plans.extend([_Plan.LOSE_ANSWER] * mails)

    async def _serve(self) -> None:
        loop = asyncio.get_running_loop()
        context = self.certificate.server_context() if self.certificate else None
        starttls = {} if self._at_once or not context else {"tls_context": context, "require_starttls": True}

        def connection() -> asyncio.BaseProtocol:
            # The host name is given, as aiosmtpd would otherwise ask the resolver for it.
            protocol: asyncio.BaseProtocol = SMTP(
                _Hooks(self),
                hostname="localhost",
                enable_SMTPUTF8=True,
                loop=loop,
                authenticator=self._authenticate,
                auth_require_tls=False,
                **starttls,
            )
            return protocol

        self._server = await loop.create_server(
            connection, self.host, self.port, ssl=context if self._at_once else None
        )

    def _authenticate(
        self, _smtp: Any, _session: Any, _envelope: Any, _mechanism: str, data: Any
    ) -> AuthResult:
        assert isinstance(data, LoginPassword)
        self.logins += 1
        given = data.login.decode(), data.password.decode()
        return AuthResult(success=given == self.login, handled=False)

    async def _close_port(self) -> None:
        if self._server is not None:
            self._server.close()
            self._server = None

    def begin(self) -> _Plan:
        """Count a transaction and return what is to happen to it."""
        self.attempts += 1
        return self._plans.popleft() if self._plans else _Plan.ACCEPT

    def keep(self, envelope: Any) -> None:
        message = message_from_bytes(envelope.content, policy=policy.default)
        self.mails.append(AcceptedMail(envelope.mail_from, tuple(envelope.rcpt_tos), message))


class _Hooks:
    """aiosmtpd's hooks for one connection; its transactions come one after the other."""

    def __init__(self, server: SmtpServer) -> None:
        self.server = server
        self.plan = _Plan.ACCEPT

    async def handle_MAIL(  # noqa: N802, aiosmtpd finds its hooks by these names
        self, _smtp: Any, session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if self.server.login is not None and not session.authenticated:
            return "530 5.7.0 Authentication required"
        self.plan = self.server.begin()
        envelope.mail_from = address
        envelope.mail_options.extend(options)
        return "250 OK"

    async def handle_RCPT(  # noqa: N802
        self, _smtp: Any, _session: Any, envelope: Any, address: str, options: list[str]
    ) -> str:
        if refusal := self.plan.refusal_at("RCPT"):
            return refusal
        envelope.rcpt_tos.append(address)
        envelope.rcpt_options.extend(options)
        return "250 OK"

    async def handle_DATA(self, smtp: Any, _session: Any, envelope: Any) -> str:  # noqa: N802
        if refusal := self.plan.refusal_at("DATA"):
            return refusal
        self.server.keep(envelope)
        if self.plan is _Plan.LOSE_ANSWER:
            smtp.transport.close()
            await asyncio.Event().wait()  # closing the connection cancels this task before it can answer
        return "250 OK: taken"
