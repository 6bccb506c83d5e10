"""*Situation*: an area at a glance: headlines, the chosen indicator over time, on the map and in its parts."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders.dashboard import Dashboard

from dashboards.grafana import variables
from dashboards.grafana.frame import OF_AREA, dashboard, marks
from dashboards.grafana.geography import map_panel
from dashboards.grafana.panels import COUNT, WIDTH, of_unit, stat_panel, table_panel, trend_panel, unit_query
from dashboards.grafana.sources import series, table
from dashboards.grafana.sql import AREA, FEW, area_names, daily, definition, moment, names, on_day
from schemas.areas.outlines import outlines

_HEADLINE: Final = "${headline:singlequote}"
HEADLINE: Final = f"""WITH {definition(_HEADLINE)}
SELECT {moment()} AS time, value
FROM {daily()}
ORDER BY time"""
TREND: Final = f"""WITH {definition()}
SELECT {moment()} AS time, value
FROM {daily()}
ORDER BY time"""
#: Every part that there may be, also where it is not told.
PARTS: Final = f"""WITH {definition()}
SELECT named.name AS part, found.value AS value, if(found.value IS NULL, '{FEW}', '') AS remark
FROM
(
    SELECT arrayJoin(breakdowns) AS breakdown, rowNumberInAllBlocks() AS place
    FROM published_indicators WHERE indicator = ${{indicator:singlequote}}
) AS parts
INNER JOIN {names("breakdown")} AS named ON named.id = parts.breakdown
LEFT JOIN {on_day(f"area = {AREA} AND breakdown != ''")} AS found ON found.breakdown = parts.breakdown
ORDER BY place"""
_CHILDREN: Final = f"(SELECT area FROM published_areas WHERE within[2] = {AREA})"
#: The areas directly below the chosen one.
BELOW: Final = f"""WITH {definition()}
SELECT named.name AS area, found.value AS value, if(found.value IS NULL, '{FEW}', '') AS remark
FROM {_CHILDREN} AS places
INNER JOIN {area_names()} AS named ON named.id = places.area
LEFT JOIN {on_day(f"breakdown = '' AND area IN {_CHILDREN}")} AS found ON found.area = places.area
ORDER BY value DESC NULLS LAST, area"""

_DAY: Final = f"On the last day of the period. A remark says what is not told: {FEW}."


def build() -> Dashboard:
    headline = stat_panel(
        "${headline:text}",
        "In the chosen area, on the last day of the period, and how it came there.",
        [series(HEADLINE), unit_query(_HEADLINE)],
    )
    trend = trend_panel(
        "${indicator:text}",
        "Day by day in the chosen area; a gap is less than a batch, or nothing. "
        "Lines mark where alerts began or ended.",
        [series(TREND), unit_query()],
    )
    parts = table_panel(
        "${indicator:text}: parts",
        f"By sex, age and what else is known. {_DAY}",
        [table(PARTS), unit_query()],
    )
    below = table_panel(
        "${indicator:text}: areas below",
        f"Those that the chosen area is made of; each has batches of its own, so they do not add up to it. {_DAY}",
        [table(BELOW), unit_query()],
        COUNT,
    )
    return (
        dashboard("situation", "Situation", "An area at a glance. All numbers are published ones.")
        .with_variable(variables.language())
        .with_variable(variables.area())
        .with_variable(variables.indicator())
        .with_variable(variables.headline())
        .annotation(marks(OF_AREA))
        .with_panel(
            headline.repeat("headline").repeat_direction("h").max_per_row(6).with_transformation(of_unit())
        )
        .with_panel(trend.with_transformation(of_unit()).height(14))
        .with_panel(map_panel(outlines().attribution))
        .with_panel(parts.with_transformation(of_unit()).span(WIDTH // 2))
        .with_panel(below.with_transformation(of_unit()).span(WIDTH // 2))
    )
