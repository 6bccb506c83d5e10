"""Lengths of time as options: `3d`, `12h`."""

from __future__ import annotations

from datetime import timedelta

import typer

from alerts.durations import parse_duration


def length_of(text: str, option: str) -> timedelta:
    """What the option was given. Exit 2 when it is no length of time."""
    try:
        return parse_duration(text)
    except ValueError as error:
        raise typer.BadParameter(str(error), param_hint=option) from error
