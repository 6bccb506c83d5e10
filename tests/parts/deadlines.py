"""Waiting for a condition, never for a length of time."""

from __future__ import annotations

import asyncio
import inspect
import os
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, Protocol, TypeVar

T = TypeVar("T")

LOG_LINES_SHOWN = 30
#: Deadlines are those of a machine that is free. On a slow or a shared one they are so many times as far away.
PATIENCE = float(os.environ.get("BEWITHU_TEST_PATIENCE", "1"))


class Watched(Protocol):
    """A process whose death ends the wait at once, and whose log explains it."""

    @property
    def alive(self) -> bool: ...

    @property
    def log(self) -> Path: ...


class DeadlineMissedError(AssertionError):
    """What was awaited did not come about; the message says what, for how long, and shows the log's end."""


def wait_until(
    condition: Callable[[], T | None],
    seconds: float,
    what: str,
    *,
    process: Watched | None = None,
    log: Path | None = None,
    every: float = 0.05,
    promised: bool = False,
) -> T:
    """Call `condition` until it returns something true, and return that.

    `what` completes the sentence "waited for …". What the condition raises is not caught.
    With `process` the wait also ends when the process does; its log is then the one that is shown.
    What is `promised` by the product must come in time on any machine.
    """
    seconds *= 1 if promised else PATIENCE
    deadline = time.monotonic() + seconds
    while True:
        died = process is not None and not process.alive
        if value := condition():
            return value
        _give_up_if(died, time.monotonic() >= deadline, seconds, what, process.log if process else log)
        time.sleep(every)


async def wait_until_async(
    condition: Callable[[], Any],
    seconds: float,
    what: str,
    *,
    process: Watched | None = None,
    log: Path | None = None,
    every: float = 0.05,
) -> Any:
    """As `wait_until`, leaving the event loop free; the condition may be a coroutine function."""
    seconds *= PATIENCE
    deadline = time.monotonic() + seconds
    while True:
        died = process is not None and not process.alive
        value = condition()
        if inspect.isawaitable(value):
            value = await value
        if value:
            return value
        _give_up_if(died, time.monotonic() >= deadline, seconds, what, process.log if process else log)
        await asyncio.sleep(every)


def _give_up_if(died: bool, late: bool, seconds: float, what: str, log: Path | None) -> None:
    if died:
        raise DeadlineMissedError(f"waited for {what}, but the process ended{_log_end(log)}")
    if late:
        raise DeadlineMissedError(f"waited {seconds:g} s for {what}, in vain{_log_end(log)}")


def _log_end(log: Path | None) -> str:
    if log is None:
        return ""
    if not log.is_file():
        return f"\n{log.name} was never written"
    lines = log.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
    return "\n".join([f"\nthe end of {log}:", *lines])
