"""Drawn with characters: a series of days as columns, a count as a bar, rows and boxes of an exact width."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Final

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

#: Eighths of a cell, from the bottom up and from the left on.
_HEIGHTS: Final = " ▁▂▃▄▅▆▇█"
_WIDTHS: Final = " ▏▎▍▌▋▊▉"
_FULL: Final = "█"


def sparkline(values: Sequence[float | None], width: int) -> str:
    """The last `width` values as columns one cell high; exactly `width` cells, the newest value on the right."""
    return columns(values, width, 1)[0]


def columns(values: Sequence[float | None], width: int, rows: int) -> tuple[str, ...]:
    """As `sparkline`, `rows` cells high, the top row first.

    The lowest value shown is an eighth of a cell high and the highest fills all rows; when all are equal, they
    stand half way. A missing value is a blank, and so is a day before the first one.
    """
    shown = list(values)[-width:] if width > 0 else []
    heights = [0] * (width - len(shown)) + _heights(shown, 8 * rows)
    return tuple(
        "".join(_HEIGHTS[min(max(height - 8 * below, 0), 8)] for height in heights)
        for below in reversed(range(rows))
    )


def bar(share: float, width: int) -> str:
    """A bar over `share` (0 to 1) of `width` cells, to an eighth of a cell; anything above 0 can be seen."""
    eighths = min(max(math.ceil(share * width * 8), 0), width * 8)
    whole, rest = divmod(eighths, 8)
    return (_FULL * whole + (_WIDTHS[rest] if rest else "")).ljust(width)


def plain(words: str) -> str:
    """`words` on one line and without control characters, which a terminal would obey."""
    return "".join(character if character.isprintable() else " " for character in words)


def fit(words: str | Text, width: int, style: str | Style = "", *, right: bool = False) -> Text:
    """`words` in exactly `width` cells: filled up with blanks, or cut with an ellipsis."""
    text = words.copy() if isinstance(words, Text) else Text(plain(words), style)
    width = max(width, 0)
    text.truncate(width, overflow="ellipsis")
    blanks = Text(" " * (width - text.cell_len))
    return blanks + text if right else text + blanks


def ends(left: str | Text, right: str | Text, width: int) -> Text:
    """`left` and `right` at the two ends of a row; where they do not both fit, `left` is cut first."""
    taken = min(cell_len(right) if isinstance(right, str) else right.cell_len, width)
    free = width - taken
    if free < 2:
        return fit(right, width, right=True)
    return fit(left, free - 1) + Text(" ") + fit(right, taken)


def boxed(title: Text, lines: Sequence[Text], width: int, rows: int) -> list[Text]:
    """`rows` of `lines` in a box with a title; `rows` + 2 rows of exactly `width` cells."""
    inside = max(width - 4, 0)
    edge = "dim"
    heading = title.copy()
    heading.truncate(max(width - 6, 0), overflow="ellipsis")
    top = Text.assemble(("╭─ ", edge), heading, (f" {'─' * (width - 5 - heading.cell_len)}╮", edge))
    body = [
        Text.assemble(("│ ", edge), fit(lines[row] if row < len(lines) else "", inside), (" │", edge))
        for row in range(rows)
    ]
    return [top, *body, Text(f"╰{'─' * (width - 2)}╯", edge)]


def _heights(values: Sequence[float | None], highest: int) -> list[int]:
    """Each value as 1 to `highest`; 0 for one that is missing."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    low, high = min(known, default=0.0), max(known, default=0.0)
    if low == high:
        return [0 if value is None or not math.isfinite(value) else highest // 2 for value in values]
    return [
        0
        if value is None or not math.isfinite(value)
        else 1 + round((value / 2 - low / 2) / (high / 2 - low / 2) * (highest - 1))
        for value in values
    ]
