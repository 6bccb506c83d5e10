"""How a figure moved, drawn as a PNG: a bar a day, and a line where the threshold stands. The same bytes for the same
chart. What it shows is said in words beside it, and in bars that need no picture (alerts/chart.py).
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from functools import cache
from typing import Final

from PIL import Image, ImageDraw, ImageFont

from alerts.chart import Chart

#: Days that are drawn.
DAYS: Final = 42
#: Shown in half the size, so that it is sharp on a phone.
WIDTH, HEIGHT = 1088, 300
_TOP, _FLOOR = 44, 252
_BAR, _LINE, _WORDS, _GROUND = "#9aa5b1", "#1f2933", "#52606d", "#ffffff"
_TEXT: Final = 24
_DASH, _GAP = 14, 8


@dataclass(frozen=True, slots=True)
class Labels:
    """Written into the picture, in the reader's language; `threshold` is empty where there is none."""

    highest: str
    threshold: str
    first_day: str
    last_day: str


def picture(drawn: Chart, labels: Labels, beyond: str) -> bytes:
    """`beyond`: the colour of days beyond the threshold. `drawn` has at least one row."""
    image = Image.new("RGB", (WIDTH, HEIGHT), _GROUND)
    draw = ImageDraw.Draw(image)
    _draw_bars(draw, drawn, beyond)
    draw.line([(0, _FLOOR), (WIDTH, _FLOOR)], fill=_WORDS, width=2)
    draw.text((0, 2), labels.highest, fill=_WORDS, font=_font())
    draw.text((0, _FLOOR + 10), labels.first_day, fill=_WORDS, font=_font())
    draw.text((WIDTH, _FLOOR + 10), labels.last_day, fill=_WORDS, font=_font(), anchor="ra")
    if labels.threshold and drawn.threshold is not None:
        _draw_threshold(draw, drawn.threshold, labels.threshold)
    written = io.BytesIO()
    image.quantize(32).save(written, "PNG", optimize=True)
    return written.getvalue()


def height_of(share: float) -> int:
    """Where a share of the highest value stands, in pixels from the top."""
    return round(_FLOOR - share * (_FLOOR - _TOP))


def _draw_bars(draw: ImageDraw.ImageDraw, drawn: Chart, beyond: str) -> None:
    room = WIDTH / len(drawn.rows)
    for place, row in enumerate(drawn.rows):
        if row.share is not None:
            left, right = round(place * room) + 2, round((place + 1) * room) - 2
            top = min(height_of(row.share), _FLOOR - 1)
            draw.rectangle([left, top, max(left, right), _FLOOR], fill=beyond if row.beyond else _BAR)


def _draw_threshold(draw: ImageDraw.ImageDraw, share: float, label: str) -> None:
    """Dashed, and its words on a ground of their own above the line, or below it where there is no room."""
    line = height_of(share)
    for left in range(0, WIDTH, _DASH + _GAP):
        draw.line([(left, line), (left + _DASH, line)], fill=_LINE, width=3)
    place, anchor = ((0, line - 6), "ld") if line > _TOP + _TEXT else ((0, line + 6), "la")
    draw.rectangle(draw.textbbox(place, label, font=_font(), anchor=anchor), fill=_GROUND)
    draw.text(place, label, fill=_LINE, font=_font(), anchor=anchor)


@cache
def _font() -> ImageFont.FreeTypeFont | ImageFont.ImageFont:
    """Pillow's own: a machine's fonts would make another picture of the same chart."""
    return ImageFont.load_default(_TEXT)
