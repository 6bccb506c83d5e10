"""Quoting for DDL, where ClickHouse takes no bound parameters. The values come from our own contracts."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from datetime import date

_NAME = re.compile(r"[a-z][a-z0-9_]*")


def text(value: str) -> str:
    """`value` as a ClickHouse string literal."""
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'"


def texts(values: Iterable[str]) -> str:
    """`('a', 'b')`."""
    return f"({', '.join(text(value) for value in values)})"


def day(value: date) -> str:
    return f"toDate32('{value.isoformat()}')"


def is_newest(term: int) -> str:
    """The condition under which the leader of this term may still write; the store looks when it writes."""
    return f"(SELECT max(term) FROM terms) = {int(term)}"


def assignments(settings: Mapping[str, object]) -> str:
    """`a = 1, b = 2`, for numbers alone."""
    return ", ".join(f"{setting} = {value}" for setting, value in settings.items())


def name(value: str) -> str:
    """An identifier as our contracts and definitions allow it. Raises `ValueError` for any other."""
    if not _NAME.fullmatch(value):
        raise ValueError(f"{value!r} is no column or table name: expected lower-case letters, digits and _")
    return value
