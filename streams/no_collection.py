"""Holds Python's search for reference cycles back while very many objects are made that have none."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def no_collection() -> Iterator[None]:
    """Objects are freed as ever when nothing refers to them; cycles, of any thread, are looked for afterwards.

    Read one by one, records took a quarter of their time in searches that found nothing. Not to be nested or used by
    two threads at once: the first to end lets the search go on, which does no harm but to speed.
    """
    was_enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_enabled:
            gc.enable()
