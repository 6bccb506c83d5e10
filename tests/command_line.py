"""Runs `bewithu …` in the test's own process: nothing but its words, settings and standard input reach it."""

from __future__ import annotations

import io
import json
import logging
import os
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from bewithu import cli
from sinks.clickhouse.database import Database


@dataclass(frozen=True, slots=True)
class Answer:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def document(self) -> Any:
        """Standard output, which must be one JSON document and nothing else."""
        return json.loads(self.out)


class CommandLine:
    """`line("indicators", "list")` runs a command to its end."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capsys = capsys

    def set(self, **settings: object) -> None:
        """Settings by the end of their variable's name: `KAFKA__GROUP` for `BEWITHU_KAFKA__GROUP`."""
        for name, value in settings.items():
            self._monkeypatch.setenv(f"BEWITHU_{name}", str(value))

    def read(self, database: Database) -> None:
        """What commands look into is this embedded store."""
        self.set(CLICKHOUSE__URL=f"chdb://{database.name.removeprefix('chdb at ')}")

    def __call__(self, *words: str | Path, stdin: str = "") -> Answer:
        self._monkeypatch.setattr(sys, "argv", ["bewithu", *map(str, words)])
        self._monkeypatch.setattr(sys, "stdin", io.StringIO(stdin))
        self._capsys.readouterr()
        with pytest.raises(SystemExit) as ended:
            cli.main()
        printed = self._capsys.readouterr()
        return Answer(int(ended.value.code or 0), printed.out, printed.err)


@contextmanager
def command_line(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], folder: Path
) -> Iterator[CommandLine]:
    """In `folder`, where a `bewithu.toml` would be read, and without settings; leaves logging as it was."""
    forget_settings(monkeypatch)
    monkeypatch.setenv("COLUMNS", "100")
    monkeypatch.chdir(folder)
    root = logging.getLogger()
    handlers, level, levels = list(root.handlers), root.level, _levels()
    yield CommandLine(monkeypatch, capsys)
    root.handlers[:] = handlers
    root.setLevel(level)
    for name in _levels():
        logging.getLogger(name).setLevel(levels.get(name, logging.NOTSET))


def forget_settings(monkeypatch: pytest.MonkeyPatch) -> None:
    """As if nothing were set in the environment that the tests run in."""
    for name in [name for name in os.environ if name.upper().startswith("BEWITHU_")]:
        monkeypatch.delenv(name)


def _levels() -> Mapping[str, int]:
    known = logging.root.manager.loggerDict.items()
    return {name: logger.level for name, logger in known if isinstance(logger, logging.Logger)}
