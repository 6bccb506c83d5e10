"""A file in memory, for the embedded engine, which reads data from files only."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

#: As many pieces as one call of the system writes.
_AT_ONCE = 512


@contextmanager
def memory_file(pieces: Sequence[bytes | memoryview]) -> Iterator[str]:
    """The path of a file that holds `pieces`, one behind the other, and is gone when the context ends."""
    descriptor = os.memfd_create("bewithu-frame")
    try:
        for start in range(0, len(pieces), _AT_ONCE):
            _write(descriptor, pieces[start : start + _AT_ONCE])
        yield f"/proc/self/fd/{descriptor}"
    finally:
        os.close(descriptor)


def _write(descriptor: int, pieces: Sequence[bytes | memoryview]) -> None:
    """One call, or as many as it takes: a call may write less than it was given."""
    left = [memoryview(piece) for piece in pieces]
    while left:
        written = os.writev(descriptor, left)
        while left and written >= len(left[0]):
            written -= len(left.pop(0))
        if left:
            left[0] = left[0][written:]
