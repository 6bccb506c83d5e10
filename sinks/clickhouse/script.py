"""A file of statements, taken apart."""

from __future__ import annotations

import re

_END = re.compile(r";[ \t]*(?:\n|$)")


def statements_of(text: str) -> tuple[str, ...]:
    """Statements are separated by lines that end in `;`."""
    return tuple(part.strip() for part in _END.split(text) if part.strip())
