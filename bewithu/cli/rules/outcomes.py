"""How tests of rules and of routes went, for people."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

import typer


class Outcome(Protocol):
    @property
    def file(self) -> str: ...
    @property
    def line(self) -> int: ...
    @property
    def name(self) -> str: ...
    @property
    def differences(self) -> Sequence[str]: ...


def print_outcomes(outcomes: Iterable[Outcome]) -> None:
    """Each with what differs, and how many passed."""
    passed = failed = 0
    for outcome in outcomes:
        if not outcome.differences:
            passed += 1
            typer.echo(f"ok      {outcome.name}")
            continue
        failed += 1
        typer.echo(f"FAILED  {outcome.name} ({outcome.file}:{outcome.line})")
        for difference in outcome.differences:
            typer.echo(f"          {difference}")
    typer.echo(f"{passed} passed, {failed} failed")
