"""The chart of a mail as a picture: bars as high as their values, the threshold where it stands."""

from __future__ import annotations

import io
from datetime import timedelta

import pytest
from PIL import Image

from alerts.chart import chart
from alerts.picture import DAYS, HEIGHT, WIDTH, Labels, height_of, picture
from tests.alerts.samples import NOON, reading, rule, transition

LABELS = Labels("400", "150", "Mon 1 Feb", "Mon 14 Mar")
BEYOND = (155, 28, 28)
BAR, LINE, WHITE = (154, 165, 177), (31, 41, 51), (255, 255, 255)


def drawn(*values: float | None, threshold: float | None = 150.0) -> Image.Image:
    """The last days up to that of the alert."""
    about = transition(value=values[-1], threshold=threshold)
    history = [
        reading(value, day=NOON.date() - timedelta(days=len(values) - 1 - place))
        for place, value in enumerate(values)
    ]
    found = chart(history, rule().condition, about, DAYS)
    labels = LABELS if threshold is not None else Labels("400", "", "Mon 1 Feb", "Mon 14 Mar")
    return Image.open(io.BytesIO(picture(found, labels, "#9b1c1c"))).convert("RGB")


def top_of(image: Image.Image, place: int, of: int, ink: tuple[int, int, int]) -> int | None:
    """How far from the top the bar begins."""
    x = round((place + 0.5) * WIDTH / of)
    return next((y for y in range(HEIGHT) if near(image.getpixel((x, y)), ink)), None)


def near(pixel: object, ink: tuple[int, int, int]) -> bool:
    """Colours are drawn from a palette of 32."""
    assert isinstance(pixel, tuple)
    return all(abs(one - other) <= 12 for one, other in zip(pixel, ink, strict=True))


def test_bars_are_as_high_as_their_values_and_those_beyond_have_a_colour_of_their_own() -> None:
    image = drawn(100, 50, 400)
    assert image.size == (WIDTH, HEIGHT)
    assert top_of(image, 0, 3, BAR) == pytest.approx(height_of(100 / 400), abs=1)
    assert top_of(image, 1, 3, BAR) == pytest.approx(height_of(50 / 400), abs=1)
    assert top_of(image, 2, 3, BEYOND) == pytest.approx(height_of(1), abs=1)


def test_a_day_without_a_figure_has_no_bar() -> None:
    image = drawn(100, None, 400, threshold=None)
    assert top_of(image, 1, 3, BAR) is None
    assert top_of(image, 1, 3, BEYOND) is None


@pytest.mark.parametrize("value", [100.0, 149.0, 1000.0])
def test_the_threshold_is_a_dashed_line_at_its_height(value: float) -> None:
    image = drawn(value, value)
    y = height_of(150 / max(value, 150))
    dark = sum(near(image.getpixel((x, y)), LINE) for x in range(WIDTH))
    assert WIDTH / 2 < dark < WIDTH * 3 / 4


def test_without_a_threshold_there_is_no_line() -> None:
    image = drawn(0, 0, threshold=None)
    assert not any(near(image.getpixel((WIDTH // 2, y)), LINE) for y in range(40, 240))


def test_the_same_chart_is_the_same_bytes_and_small() -> None:
    about = transition()
    history = [reading(100 + place, day=NOON.date() - timedelta(days=place)) for place in range(60)]
    found = chart(history, rule().condition, about, DAYS)
    assert len(found.rows) == DAYS
    once, again = (picture(found, LABELS, "#9b1c1c") for _ in range(2))
    assert once == again
    assert len(once) < 8_000
