"""What the page of an indicator shows as a CSV file: each number once, hidden ones without a number."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator
from datetime import date
from typing import Final

from bewithu.board.asked import Asked
from bewithu.board.indicator_page import Shown
from bewithu.board.labels import category_label
from bewithu.board.words import Words
from schemas.areas import area

#: `part`: where on the page it stands. `status`: shown, suppressed, or none where there is no figure.
COLUMNS: Final = (
    "part", "indicator", "unit", "area", "area_name", "breakdown", "breakdown_name", "day", "value", "status",
    "provisional",
)  # fmt: skip
#: Days and breakdowns are of the page's area; areas are those that it is compared with.
_DAYS, _BREAKDOWNS, _AREAS = "days", "breakdowns", "areas"


def csv_file(asked: Asked, shown: Shown) -> str:
    """Numbers as they are told, with a point and without grouping: for programs, in any language."""
    text = io.StringIO()
    table = csv.writer(text, lineterminator="\r\n")
    table.writerow(COLUMNS)
    table.writerows(_rows(asked, shown))
    return text.getvalue()


def _rows(asked: Asked, shown: Shown) -> Iterator[tuple[str, ...]]:
    view, words = asked.view, asked.words
    for point in shown.trend:
        yield _row(
            asked,
            _DAYS,
            view.area.code,
            "",
            words,
            point.day,
            point.value,
            point.suppressed,
            point.provisional,
        )
    for part, values in ((_BREAKDOWNS, shown.breakdown), (_AREAS, shown.areas)):
        for each in values:
            yield _row(
                asked,
                part,
                each.area,
                each.breakdown,
                words,
                each.day,
                each.value,
                each.suppressed,
                each.provisional,
            )


def _row(
    asked: Asked,
    part: str,
    code: str,
    breakdown: str,
    words: Words,
    day: date,
    value: float | None,
    suppressed: bool,
    provisional: bool,
) -> tuple[str, ...]:
    info = asked.view.indicator
    status = "suppressed" if suppressed else "none" if value is None else "shown"
    return (
        part, info.id, info.unit, code, area(code).name(words.language), breakdown,
        category_label(breakdown, words) if breakdown else "", day.isoformat(),
        f"{value:.12g}" if status == "shown" else "", status, "yes" if provisional else "no",
    )  # fmt: skip
