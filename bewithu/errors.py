"""Errors that bewithu raises on purpose.

BewithuError
├── DefinitionError    a file that somebody wrote (indicator, rule, address book, contract) is wrong
├── SettingsError      a setting is missing or wrong
├── Unavailable        a part that we depend on does not answer; retry later
├── DataRefused        the store refuses the data itself; retrying the same data cannot help
├── GroupBusy          offsets cannot be set back while workers of the group run
├── BackupError        a backup cannot be made or restored as asked
└── MigrationError     the database is not what the migrations made
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


class BewithuError(Exception):
    """Root of all errors whose message is meant for a person."""


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong in a file, at a line (1-based; 0 when unknown)."""

    file: str
    line: int
    field: str
    message: str

    def __str__(self) -> str:
        where = f"{self.file}:{self.line}" if self.line else self.file
        return f"{where}: {self.field}: {self.message}" if self.field else f"{where}: {self.message}"


class DefinitionError(BewithuError):
    """All problems of one or more definition files, each with file, line and field."""

    def __init__(self, problems: Sequence[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))


class SettingsError(BewithuError):
    """A setting is missing or wrong; the message names it, its value and what was expected."""


class Unavailable(BewithuError):
    """A part that we depend on does not answer: nothing was decided about the data, try again."""

    def __init__(self, part: str, detail: str) -> None:
        self.part = part
        self.detail = detail
        super().__init__(f"{part} is away: {detail}")


class LeadLost(BewithuError):
    """Another process leads from now on, or may soon: what was begun is left to it."""


class DataRefused(BewithuError):
    """The store refuses the data itself: something in the batch is damaged."""


class MigrationError(BewithuError):
    """The database's history differs from the migrations in this version."""


class BackupError(BewithuError):
    """A backup cannot be made or restored as asked; the message says what to mend."""


class GroupBusy(BewithuError):
    """Offsets cannot be set back while workers of the group run."""
