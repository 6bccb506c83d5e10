"""HTTP/1.1 messages as bytes: enough of the protocol to forward them whole, and to break them on purpose."""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass

_LENGTH = re.compile(rb"^content-length:[ \t]*(\d+)\r$", re.IGNORECASE | re.MULTILINE)
_CHUNKED = re.compile(rb"^transfer-encoding:[ \t]*chunked\r$", re.IGNORECASE | re.MULTILINE)
_FRAME = re.compile(rb"INSERT INTO [^\n]+ FORMAT (?:Avro|ArrowStream)\n")


@dataclass(frozen=True, slots=True)
class HttpMessage:
    """`head` up to and with its empty line; `body` as it travelled; `content` without the framing of chunks."""

    head: bytes
    body: bytes
    content: bytes

    @property
    def raw(self) -> bytes:
        return self.head + self.body

    @property
    def is_data_insert(self) -> bool:
        """Whether it inserts a block: a statement on a line of its own, and behind it the data."""
        return _FRAME.match(self.content) is not None

    def cut(self) -> bytes:
        """The beginning, as far as it came before the connection broke; the head still announces all of it."""
        return self.head + self.body[: len(self.body) // 2]

    def halved(self) -> bytes:
        """The statement and half of its data, announced as if that were all."""
        statement = _FRAME.match(self.content)
        begin = statement.end() if statement else 0
        half = self.content[: (begin + len(self.content)) // 2]
        length = b"Content-Length: %d\r" % len(half)
        kind = _CHUNKED if _CHUNKED.search(self.head) else _LENGTH
        return kind.sub(length, self.head, count=1) + half


async def read_message(reader: asyncio.StreamReader) -> HttpMessage | None:
    """The next message; None when the connection ended before or in it."""
    try:
        head = await reader.readuntil(b"\r\n\r\n")
        if _CHUNKED.search(head):
            return HttpMessage(head, *await _read_chunks(reader))
        length = _LENGTH.search(head)
        body = await reader.readexactly(int(length[1])) if length else b""
    except asyncio.IncompleteReadError:
        return None
    return HttpMessage(head, body, body)


async def _read_chunks(reader: asyncio.StreamReader) -> tuple[bytes, bytes]:
    """The chunks as they came, and what they hold."""
    raw, content = bytearray(), bytearray()
    while True:
        size = await reader.readuntil(b"\r\n")
        chunk = await reader.readexactly(int(size, 16) + 2)
        raw += size + chunk
        content += chunk[:-2]
        if chunk == b"\r\n":
            return bytes(raw), bytes(content)
