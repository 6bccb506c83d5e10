"""How the worker logs."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from bewithu.links import Level


class Log(Level):
    """One line for each message, on standard error."""

    format: Literal["text", "json"] | None = Field(
        None, description="json is an object a line; text on a terminal and json elsewhere when empty"
    )
    level: Literal["debug", "info", "warning", "error"] = Field(
        "info", description="what is less is left out"
    )
