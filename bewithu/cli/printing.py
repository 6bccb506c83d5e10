"""How commands print: one JSON document with `--json`, else a table."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import date
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

Json = Annotated[bool, typer.Option("--json", help="Print one JSON document on standard output.")]


#: Columns of a line in a file or a pipe: nothing is folded there, so that it can be searched.
_WIDE = 10_000


def print_json(document: Any) -> None:
    typer.echo(json.dumps(document, ensure_ascii=False, default=_plain))


def print_table(columns: Sequence[str], rows: Sequence[Sequence[object]], empty: str) -> None:
    """A table for people; `empty` where there are no rows."""
    if not rows:
        typer.echo(empty)
        return
    table = Table(*columns, header_style="bold", box=None, pad_edge=False)
    for row in rows:
        table.add_row(*map(_cell, row))
    console = Console()
    if not console.is_terminal:
        console.width = _WIDE
    console.print(table)


def print_records(
    as_json: bool, columns: Sequence[str], rows: Sequence[Sequence[object]], empty: str
) -> None:
    """The same rows as a list of objects, or as a table."""
    if as_json:
        print_json([dict(zip(columns, row, strict=True)) for row in rows])
    else:
        print_table(columns, rows, empty)


def _cell(value: object) -> Text:
    """The value as it stands: what an agency sent must neither style the table nor steer the terminal."""
    shown = "–" if value is None else str(value)
    return Text("".join(each if each.isprintable() else "\ufffd" for each in shown))


def _plain(value: object) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)
