"""What a benchmark module has, and what its run gives."""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from rich.console import Console, RenderableType


class Result(Protocol):
    """`broken` names the promises that ours did not keep; the run's exit code is then 1."""

    @property
    def broken(self) -> Sequence[str]: ...

    def to_json(self) -> Mapping[str, Any]: ...

    def rendered(self) -> RenderableType:
        """For a person at a terminal."""


class Bench(Protocol):
    """A module of this package. `--json` is added for every one."""

    SUMMARY: str

    def add_arguments(self, parser: argparse.ArgumentParser) -> None: ...

    def run(self, arguments: argparse.Namespace, console: Console) -> Result:
        """Progress goes to `console`. Raises `BenchError` when the run is worth nothing."""
