"""Types of command-line options that several benchmarks share."""

from __future__ import annotations

import argparse
from collections.abc import Collection


def positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} given, expected 1 or more")
    return number


def positives(text: str) -> tuple[int, ...]:
    """Whole numbers with commas between them."""
    return tuple(positive(part) for part in text.split(","))


def chosen(known: Collection[str], text: str) -> tuple[str, ...]:
    """Names with commas between them, all of them `known`."""
    names = tuple(text.split(","))
    if unknown := set(names) - set(known):
        raise argparse.ArgumentTypeError(
            f"{', '.join(sorted(unknown))} given, expected some of {', '.join(known)}"
        )
    return names
