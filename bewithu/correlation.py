"""Ids in log lines: they lead from a mail back to the records that it rests on (docs/logs.md)."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from logging import LogRecord
from typing import Any, Final, Literal

#: The fields that a line may have, in their order. None of them is about a person.
FIELDS: Final = (
    "message_id", "alert", "rule", "area", "refresh", "batch", "batches", "topic", "partition", "offsets",
    "records", "refused",
)  # fmt: skip
Name = Literal[
    "message_id", "alert", "rule", "area", "refresh", "batch", "batches", "topic", "partition", "offsets",
    "records", "refused",
]  # fmt: skip

_NONE: Final[Mapping[Name, Any]] = {}
_bound: ContextVar[Mapping[Name, Any]] = ContextVar("ids of log lines")


def ids(found: Mapping[Name, Any]) -> dict[str, Any]:
    """For `extra` of a log call."""
    return {"ids": dict(found)}


@contextmanager
def bound(found: Mapping[Name, Any]) -> Iterator[None]:
    """Every line that is logged within, also in threads that it hands work to, has these ids."""
    token = _bound.set({**_bound.get(_NONE), **found})
    try:
        yield
    finally:
        _bound.reset(token)


def ids_of(record: LogRecord) -> dict[str, Any]:
    """The ids of a line that is being logged, in the thread that logs it."""
    found = {**_bound.get(_NONE), **getattr(record, "ids", {})}
    return {name: found[name] for name in FIELDS if name in found}
