"""A file in memory holds what it was given, also where the system takes it in small portions."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from sinks.clickhouse.memory_file import memory_file


def test_pieces_stand_one_behind_the_other() -> None:
    pieces = [b"a" * 70_000, b"", memoryview(b"bc"), *[b"d"] * 1_500]
    with memory_file(pieces) as path:
        assert Path(path).read_bytes() == b"".join(pieces)


def test_a_system_that_writes_less_than_it_was_given_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = os.writev

    def little(descriptor: int, pieces: list[memoryview]) -> int:
        return whole(descriptor, [bytes(pieces[0])[:3]])

    monkeypatch.setattr(os, "writev", little)
    with memory_file([b"abcdefgh", b"", b"ij"]) as path:
        assert Path(path).read_bytes() == b"abcdefghij"
