"""The style sheet: enough contrast in light and in dark, motion only for those who like it, nothing from elsewhere."""

from __future__ import annotations

import re

import pytest

from bewithu.board.assets import assets

STYLE = assets()["board.css"].body.decode()
LIGHT, DARK = (
    dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))
    for block in STYLE.split("prefers-color-scheme")[:2]
)

#: (text, ground) wherever the style sheet puts one on the other.
TEXTS = [
    (text, ground)
    for ground in ("ground", "panel")
    for text in ("ink", "ink-soft", "accent", "critical", "warning", "good")
] + [
    ("accent-ink", "accent"),
    ("critical", "critical-ground"),
    ("ink", "accent-soft"),
    ("accent", "accent-soft"),
]

#: Lines and marks that carry meaning (WCAG 1.4.11).
MARKS = [
    ("line", "panel"),
    ("line", "land"),
    ("focus", "ground"),
    ("focus", "panel"),
    ("ink-soft", "panel"),
    ("line", "surface"),
]


def luminance(colour: str) -> float:
    """Relative luminance as WCAG 2 defines it."""
    channels = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in channels)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(first: str, second: str) -> float:
    lighter, darker = sorted((luminance(first), luminance(second)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_contrast_is_measured_as_wcag_does() -> None:
    assert contrast("#ffffff", "#000000") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("text", "ground"), TEXTS)
def test_text_can_be_read(theme: dict[str, str], text: str, ground: str) -> None:
    assert contrast(theme[text], theme[ground]) >= 4.5


@pytest.mark.parametrize("theme", [LIGHT, DARK], ids=["light", "dark"])
@pytest.mark.parametrize(("mark", "ground"), MARKS)
def test_lines_and_marks_can_be_seen(theme: dict[str, str], mark: str, ground: str) -> None:
    assert contrast(theme[mark], theme[ground]) >= 3


def test_both_themes_name_the_same_colours_and_no_other_is_used() -> None:
    assert set(LIGHT) == set(DARK)
    named = re.sub(r"--[a-z-]+: #[0-9a-f]{6};", "", STYLE)
    assert not re.findall(r"#[0-9a-fA-F]{3,8}\b(?=[;\s])", named)
    assert set(re.findall(r"var\(--([a-z-]+)\)", STYLE)) - {"mark"} == set(LIGHT) - {"warning-ground"}


def test_nothing_moves_for_those_who_do_not_want_it() -> None:
    calm, _, moving = STYLE.partition("@media (prefers-reduced-motion: no-preference)")
    assert "transition" in moving
    assert not re.search("transition|animation", calm)


def test_nothing_comes_from_elsewhere() -> None:
    for asset in assets().values():
        addresses = re.findall(rb"https?://[^\s\"']+", asset.body)
        assert set(addresses) <= {b"http://www.w3.org/2000/svg"}
        assert b"@import" not in asset.body
        assert b"url(" not in asset.body
