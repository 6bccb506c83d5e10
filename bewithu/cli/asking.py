"""Asks before what cannot be undone."""

from __future__ import annotations

import sys

import typer


def require_yes(question: str, yes: bool, otherwise: str) -> None:
    """Goes on when the answer is yes, or was given with `--yes`; else says `otherwise` and ends the command.

    Asks on stderr, so that what a command prints stays whole. Exit 1 when the answer is no, 2 where nobody can answer.
    """
    if yes:
        return
    if not sys.stdin.isatty():
        typer.echo(f"{otherwise}: confirm, or give --yes", err=True)
        raise typer.Exit(2)
    if not typer.confirm(question, err=True):
        typer.echo(otherwise, err=True)
        raise typer.Exit(1)
