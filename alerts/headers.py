"""Mail headers with words outside ASCII, encoded and folded by ourselves.

Python's own folding of `EmailMessage` headers drops a space where two encoded words meet at the end of a line
(seen in 3.11.7): `FIN D’ALERTE` arrived as `FIND’ALERTE`.
"""

from __future__ import annotations

from collections.abc import Iterator
from email.charset import SHORTEST, Charset
from email.policy import Policy
from email.utils import quote
from typing import Final

#: So many bytes fit into one encoded word of 75 characters (RFC 2047), in base64 at worst.
_BYTES: Final = 45


class EncodedHeader(str):
    """A header value that knows its wire form. `EmailMessage` asks a value that has a `name` to fold itself."""

    __slots__ = ("name", "wire")
    name: str
    wire: str

    def fold(self, *, policy: Policy) -> str:
        lines = self.wire.split("\n")
        return f"{self.name}: {policy.linesep.join(lines)}{policy.linesep}"


def text_header(name: str, text: str) -> EncodedHeader:
    """For `Subject` and other headers of plain text."""
    return _header(name, text, text if _is_plain(text) else _encoded_words(text))


def address_header(name: str, display: str, address: str) -> EncodedHeader:
    """For `From` and `To` with one mailbox; `address` is ASCII and holds no brackets."""
    if not display:
        return _header(name, address, address)
    words = f'"{quote(display)}"' if _is_plain(display) else _encoded_words(display)
    return _header(name, f"{display} <{address}>", f"{words}\n <{address}>")


def _header(name: str, text: str, wire: str) -> EncodedHeader:
    if "\n" in text or "\r" in text:
        raise ValueError(f"{name} must be one line, got {text!r}")
    header = EncodedHeader(text)
    header.name = name
    header.wire = wire
    return header


def _is_plain(text: str) -> bool:
    return text.isascii() and "=?" not in text


def _encoded_words(text: str) -> str:
    """One encoded word a line. A reader drops the white space between them, so the spaces are inside."""
    charset = Charset("utf-8")
    charset.header_encoding = SHORTEST
    return "\n ".join(charset.header_encode(piece) for piece in _pieces(text))


def _pieces(text: str) -> Iterator[str]:
    """`text` in pieces of at most `_BYTES` bytes, cut behind spaces where there are any."""
    piece = ""
    for word in text.replace(" ", " \0").split("\0"):
        for part in (word,) if len(word.encode()) <= _BYTES else word:
            if len((piece + part).encode()) > _BYTES:
                yield piece
                piece = ""
            piece += part
    yield piece
