"""Answers that many ask for and that cost something, remembered for a short while."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Cached(Generic[T]):
    """Calls `compute` at most once every `seconds`, and no more than a twentieth of the time. Thread-safe."""

    def __init__(self, compute: Callable[[], T], seconds: float) -> None:
        self._compute = compute
        self._seconds = seconds
        self._lock = threading.Lock()
        self._answer: tuple[T, float] | None = None

    def get(self) -> T:
        with self._lock:
            started = time.monotonic()
            if self._answer is not None and started < self._answer[1]:
                return self._answer[0]
            found = self._compute()
            took = time.monotonic() - started
            self._answer = found, time.monotonic() + max(self._seconds, 20 * took)
            return found
