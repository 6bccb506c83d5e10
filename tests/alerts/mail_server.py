"""A real SMTP server that answers as a test tells it to."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

from aiosmtpd.smtp import SMTP, Envelope, Session

from tests.parts.deadlines import wait_until_async
from tests.parts.processes import free_port


@dataclass
class Post:
    """What the server was asked, what it keeps, and the answers it gives before it accepts.

    `to_recipients` and `to_data` are used up one by one; `forever` refuses an address every time.
    """

    port: int
    to_recipients: list[str] = field(default_factory=list)
    to_data: list[str] = field(default_factory=list)
    forever: dict[str, str] = field(default_factory=dict)
    taken: list[tuple[str, EmailMessage]] = field(default_factory=list)
    asked: list[str] = field(default_factory=list)

    @property
    def subjects(self) -> Sequence[str]:
        return [str(mail["Subject"]) for _, mail in self.taken]

    @property
    def ids(self) -> Sequence[str]:
        return [str(mail["Message-ID"]) for _, mail in self.taken]

    async def handle_RCPT(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        self.asked.append(address)
        if address in self.forever:
            return self.forever[address]
        if self.to_recipients:
            return self.to_recipients.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 fine"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self.to_data:
            return self.to_data.pop(0)
        assert isinstance(envelope.content, bytes)
        mail = message_from_bytes(envelope.content, policy=policy.default)
        assert isinstance(mail, EmailMessage)
        self.taken += [(address, mail) for address in envelope.rcpt_tos]
        return "250 kept"


@asynccontextmanager
async def serving(post: Post, **options: Any) -> AsyncIterator[Post]:
    """Runs the server on the post's port until the block ends; then nothing answers there."""
    conversations: list[SMTP] = []

    def answer() -> SMTP:
        conversations.append(SMTP(post, hostname="test", **options))
        return conversations[-1]

    server = await asyncio.get_running_loop().create_server(answer, "127.0.0.1", post.port)
    try:
        yield post
    finally:
        server.close()
        for conversation in conversations:
            if conversation.transport is not None:
                conversation.transport.close()
        # The transports close their sockets in the loop's next turns.
        await wait_until_async(
            lambda: all(each.transport is None for each in conversations), 10, "hanging up"
        )


def new_post() -> Post:
    """A post on a port of its own, so that it can go away and come back there."""
    return Post(free_port())
