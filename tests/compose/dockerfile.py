"""The Dockerfile as a list of instructions."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

from tests.parts.processes import REPOSITORY


@dataclass(frozen=True, slots=True)
class Instruction:
    word: str
    rest: str


def instructions() -> Sequence[Instruction]:
    """Without comments, and with continued lines joined."""
    text = (REPOSITORY / "Dockerfile").read_text("utf-8")
    lines = [line for line in text.splitlines() if line and not line.startswith("#")]
    joined = re.sub(r"\\\n\s*", " ", "\n".join(lines))
    parts = [line.split(maxsplit=1) for line in joined.splitlines()]
    return [Instruction(word, rest) for word, rest in parts]


def stages() -> Sequence[Sequence[Instruction]]:
    """The instructions of each stage, which begins with its FROM."""
    found: list[list[Instruction]] = []
    for each in instructions():
        if each.word == "FROM":
            found.append([])
        found[-1].append(each)
    return found


def left_out() -> frozenset[str]:
    """Distributions that the project needs somewhere, and that the image has not."""
    named = (
        re.findall(r"--no-install-package (\S+)", each.rest.replace('"', " ")) for each in instructions()
    )
    return frozenset(name for names in named for name in names)
