"""Drawn with characters: a series of days as columns, a count as a bar, rows and boxes of an exact width."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Final

from rich.cells import cell_len
from rich.style import Style
from rich.text import Text

from bewithu.demo.state import IndicatorLine

#: By eighths of a cell.
_HEIGHTS: Final = " ▁▂▃▄▅▆▇█"


def sparkline(values: Sequence[float | None], width: int) -> str:
    """The last `width` values as columns one cell high; exactly `width` cells, the newest value on the right."""
    return columns(values, width, 1)[0]


def columns(values: Sequence[float | None], width: int, rows: int) -> tuple[str, ...]:
    """As `sparkline`, `rows` cells high, the top row first.

    The lowest value shown is an eighth of a cell high and the highest an eighth short of the top, so that charts
    in adjacent rows stay apart; when all are equal, they stand half way. A missing value is a blank, and so is
    a day before the first one.
    """
    shown = list(values)[-width:] if width > 0 else []
    heights = [0] * (width - len(shown)) + _heights(shown, 8 * rows - 1)
    return tuple(
        "".join(_HEIGHTS[min(max(height - 8 * below, 0), 8)] for height in heights)
        for below in reversed(range(rows))
    )


def bar(share: float, width: int) -> str:
    """A bar over `share` (0 to 1) of `width` cells, to half a cell; anything above 0 can be seen."""
    halves = min(max(math.ceil(share * width * 2), 0), width * 2)
    return ("━" * (halves // 2) + "╸" * (halves % 2)).ljust(width)


def plain(words: str) -> str:
    """`words` on one line and without control characters, which a terminal would obey."""
    return "".join(character if character.isprintable() else " " for character in words)


def fit(words: str | Text, width: int, style: str | Style = "", *, right: bool = False) -> Text:
    """`words` in exactly `width` cells: filled up with blanks, or cut with an ellipsis."""
    text = words.copy() if isinstance(words, Text) else Text(plain(words), style)
    width = max(width, 0)
    text.truncate(width, overflow="ellipsis")
    blanks = Text(" " * (width - text.cell_len))
    return Text.assemble(blanks, text) if right else Text.assemble(text, blanks)


def ends(left: str | Text, right: str | Text, width: int) -> Text:
    """`left` and `right` at the two ends of a row; where they do not both fit, `left` is cut first."""
    taken = min(cell_len(right) if isinstance(right, str) else right.cell_len, width)
    free = width - taken
    if free < 2:
        return fit(right, width, right=True)
    return Text.assemble(fit(left, free - 1), " ", fit(right, taken))


def table(rows: Sequence[Sequence[Text]], width: int, gap: int, flexible: int) -> list[Text]:
    """Rows of `width` cells, their columns `gap` cells apart and as wide as they must be, up to a quarter of
    `width`; the column `flexible` takes what is left."""
    widths = [min(each, width // 4) for each in _column_widths(rows)]
    if rows:
        widths[flexible] = 0
        widths[flexible] = width - sum(widths) - gap * (len(widths) - 1)
    between = Text(" " * gap)
    return [
        fit(
            between.join(
                fit(cell, each, right=cell.justify == "right") for cell, each in zip(row, widths, strict=True)
            ),
            width,
        )
        for row in rows
    ]


def natural_width(rows: Sequence[Sequence[Text]], gap: int) -> int:
    """The cells that `table` needs to cut nothing off."""
    widths = _column_widths(rows)
    return sum(widths) + gap * max(len(widths) - 1, 0)


def _column_widths(rows: Sequence[Sequence[Text]]) -> list[int]:
    return [max(cell.cell_len for cell in column) for column in zip(*rows, strict=True)]


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


def bars(counts: Mapping[str, int], width: int, rows: int, style: str) -> list[Text]:
    """Each count with its name and a bar, in proportion to the largest, in at most `rows` rows."""
    ranked = _ranked(counts, rows)
    if not ranked:
        return []
    figures = max(len(f"{count:,}") for _, count in ranked)
    most = max(1, *(count for _, count in ranked))
    names = min(max(cell_len(plain(name)) for name, _ in ranked), max(width - figures - 6, 8))
    room = max(width - names - figures - 2, 0)
    return [
        ends(Text.assemble(fit(name, names), " ", (bar(count / most, room), style)), f"{count:,}", width)
        for name, count in ranked
    ]


def _ranked(counts: Mapping[str, int], rows: int) -> list[tuple[str, int]]:
    """The largest first, in at most `rows`; the last of these adds up what has no row of its own."""
    ordered = sorted(counts.items(), key=lambda item: (-item[1], item[0]))
    if len(ordered) <= max(rows, 0):
        return ordered
    if rows < 1:
        return []
    rest = ordered[rows - 1 :]
    return [*ordered[: rows - 1], (f"{len(rest)} others", sum(count for _, count in rest))]


def indicator_box(lines: Sequence[IndicatorLine], width: int, rows: int) -> list[Text]:
    """Every indicator with its chart, as high as there is room for, in `rows` + 2 rows of `width` cells."""
    inside = width - 4
    title = Text.assemble(("Indicators", "bold"), ("  one column a day", "dim"))
    if not lines:
        return boxed(title, [Text("no values yet", "dim")], width, rows)
    height, gap = _chart_height(len(lines), rows)
    if height:
        drawn = [
            row for line in lines for row in [*_tall(line, lines, inside, height), *([Text()] if gap else [])]
        ]
    else:
        shown = lines if len(lines) <= rows else lines[: max(rows - 1, 0)]
        drawn = [_flat(line, lines, inside) for line in shown]
        if len(shown) < len(lines):
            drawn.append(Text(f"{len(lines) - len(shown)} more on the board", "dim"))
    return boxed(title, drawn, width, rows)


def _chart_height(count: int, rows: int) -> tuple[int, bool]:
    """How high each chart can be, 0 for one beside its name; and whether there is room for a row between."""
    for height, gap in ((3, True), (2, True), (1, True), (1, False)):
        if count * (1 + height) + (count - 1) * gap <= rows:
            return height, gap
    return 0, False


def _tall(line: IndicatorLine, lines: Sequence[IndicatorLine], width: int, height: int) -> list[Text]:
    """Name and value, and below them the chart and the unit."""
    aside = min(max(len(text) for each in lines for text in (each.figure, each.unit_word)), width // 3)
    chart = columns(line.history, width - aside - 2, height)
    units = [line.unit_word, *[""] * (height - 1)]
    return [
        ends(Text(plain(line.name)), Text(line.figure, "bold"), width),
        *(
            Text.assemble((row, "cyan"), "  ", fit(unit, aside, "dim", right=True))
            for row, unit in zip(chart, units, strict=True)
        ),
    ]


def _flat(line: IndicatorLine, lines: Sequence[IndicatorLine], width: int) -> Text:
    figures = min(max(len(each.figure) for each in lines), width // 3)
    chart = Text(sparkline(line.history, width // 4), "cyan")
    name = fit(line.name, width - chart.cell_len - figures - 3)
    return Text.assemble(name, " ", chart, "  ", fit(line.figure, figures, "bold", right=True))


def _heights(values: Sequence[float | None], highest: int) -> list[int]:
    """Each value as 1 to `highest`; 0 for one that is missing."""
    known = [value for value in values if value is not None and math.isfinite(value)]
    low = min(known, default=0.0)
    span = max(known, default=0.0) - low
    return [
        0 if value is None or not math.isfinite(value) else _height(value - low, span, highest)
        for value in values
    ]


def _height(above: float, span: float, highest: int) -> int:
    return 1 + round(above / span * (highest - 1)) if 0 < span < math.inf else (highest + 1) // 2
