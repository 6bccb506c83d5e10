"""SQL that the dashboards share. It reads the views `published_…` alone; Grafana fills in `$__…` and `${…}`.

Of kinds that are worked out from others the sides are published, and put together here as `derived_values` and
`PublishedValues` do it (sinks/indicators/values.py); a test holds the two against each other. Where persons are told in
batches a cell that is not published is less than a batch: it is unknown (NULL), never zero.
"""

from __future__ import annotations

from typing import Final

ZONE: Final = "'Europe/Brussels'"
INDICATOR: Final = "${indicator:singlequote}"
AREA: Final = "${area:singlequote}"
#: The days of the period that is looked at.
FIRST_DAY: Final = f"toDate32(toTimeZone($__fromTime, {ZONE}))"
LAST_DAY: Final = f"toDate32(toTimeZone($__toTime, {ZONE}))"
#: A text for what is not told.
FEW: Final = "less than a batch, or nothing"


def in_language(prefix: str = "") -> str:
    """The one of the columns nl, fr, de and en that is in the chosen language."""
    columns = ", ".join(f"{prefix}{language}" for language in ("nl", "fr", "de", "en"))
    return f"[{columns}][indexOf(['nl', 'fr', 'de', 'en'], ${{language:singlequote}})]"


def names(sort: str) -> str:
    """A table of `id` and `name`."""
    return f"(SELECT id, {in_language()} AS name FROM published_names WHERE sort = '{sort}')"


def area_names() -> str:
    return f"(SELECT area AS id, {in_language()} AS name FROM published_areas)"


def definition(indicator: str = INDICATOR) -> str:
    """Of an indicator, for a WITH: what it is worked out from, and whether that is told in batches."""
    batches = "SELECT any(minimum_cell > 1) FROM published_indicators WHERE indicator"
    return f"""(
        SELECT any(tuple(kind, first, second, toInt32(days), per))
        FROM published_indicators
        WHERE indicator = {indicator}
    ) AS chosen,
    ({batches} = chosen.2) AS first_in_batches,
    ({batches} = chosen.3) AS second_in_batches"""


#: From both sides (`a` and `b`, and whether they are published): the value, NULL where it is not told.
VALUE: Final = """multiIf(
        chosen.1 NOT IN ('ratio', 'occupancy', 'change', 'relative change', 'divergence'), a,
        chosen.1 = 'change' AND NOT has_a AND NOT has_b, NULL,
        chosen.1 = 'change', ifNull(a, 0) - ifNull(b, 0),
        (NOT has_a AND first_in_batches) OR (NOT has_b AND second_in_batches) OR ifNull(b, 0) = 0, NULL,
        chosen.1 = 'ratio', ifNull(a, 0) / ifNull(b, 0) * chosen.5,
        chosen.1 = 'occupancy', ifNull(a, 0) / ifNull(b, 0),
        (ifNull(a, 0) - ifNull(b, 0)) / ifNull(b, 0)
    )"""


def on_day(where: str, day: str = LAST_DAY) -> str:
    """A table of area, breakdown and value on a day; `definition` comes before it."""
    return f"""(
    SELECT
        area, breakdown,
        anyIf(told, side = 1) AS a, countIf(side = 1) > 0 AS has_a,
        anyIf(told, side = 2) AS b, countIf(side = 2) > 0 AS has_b,
        {VALUE} AS value
    FROM
    (
        SELECT area, breakdown, value AS told, 1 AS side
        FROM published_days WHERE indicator = chosen.2 AND day = {day} AND {where}
        UNION ALL
        SELECT area, breakdown, value AS told, 2 AS side
        FROM published_days WHERE indicator = chosen.3 AND day = {day} - chosen.4 AND {where}
    )
    GROUP BY area, breakdown
)"""


def daily(area: str = AREA, breakdown: str = "''") -> str:
    """A table of day and value on every day of the period; `definition` comes before it."""
    place = f"area = {area} AND breakdown = {breakdown}"
    return f"""(
    SELECT
        grid.day AS day, one.told AS a, one.is_told AS has_a, two.told AS b, two.is_told AS has_b,
        {VALUE} AS value
    FROM
    (
        SELECT 1 AS same, {FIRST_DAY} + number AS day
        FROM numbers(toUInt32(1 + dateDiff('day', {FIRST_DAY}, {LAST_DAY})))
    ) AS grid
    ASOF LEFT JOIN
    (
        SELECT 1 AS same, day, value AS told, NOT suppressed AS is_told
        FROM published_values WHERE indicator = chosen.2 AND {place}
    ) AS one ON one.same = grid.same AND one.day <= grid.day
    ASOF LEFT JOIN
    (
        SELECT 1 AS same, day + chosen.4 AS day, value AS told, NOT suppressed AS is_told
        FROM published_values WHERE indicator = chosen.3 AND {place}
    ) AS two ON two.same = grid.same AND two.day <= grid.day
)"""


def moment(day: str = "day") -> str:
    """Midnight in Brussels, at which a day begins."""
    return f"toDateTime(toDate({day}), {ZONE})"


def latest_feeds() -> str:
    """A table of how each agency's feed did last."""
    return """(
    SELECT agency, newest.1 AS recorded_at, newest.2 AS seen_at, newest.3 AS accepted, newest.4 AS refused
    FROM
    (
        SELECT agency, argMax(tuple(recorded_at, seen_at, accepted, refused), at) AS newest
        FROM published_feeds
        GROUP BY agency
    )
)"""
