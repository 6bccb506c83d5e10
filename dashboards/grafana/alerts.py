"""*Alerts*: what is going on, how often alerts begin and end, and the story of each."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders.dashboard import Dashboard

from dashboards.grafana import variables
from dashboards.grafana.frame import IN_AREA, OF_AREA, dashboard, marks
from dashboards.grafana.panels import WIDTH, bars_panel, stat_panel, table_panel
from dashboards.grafana.sources import series, table
from dashboards.grafana.sql import ZONE, area_names, moment, names


def _open(severity: str) -> str:
    return f"""SELECT count() AS alerts FROM published_open_alerts AS alerts
WHERE state = 'firing' AND severity = '{severity}' AND {IN_AREA}"""


OPEN: Final = f"""SELECT
    severity, state, ifNull(nullIf(named.name, ''), alerts.indicator) AS indicator, places.name AS area, since, value,
    threshold, day, rule
FROM published_open_alerts AS alerts
LEFT JOIN {names("indicator")} AS named ON named.id = alerts.indicator
LEFT JOIN {area_names()} AS places ON places.id = alerts.area
WHERE {IN_AREA}
ORDER BY state = 'pending', indexOf(['critical', 'warning', 'info'], severity), at DESC"""
STEPS: Final = f"""SELECT {moment()} AS time, kind AS name, toFloat64(count()) AS steps
FROM
(
    SELECT toDate32(toTimeZone(at, {ZONE})) AS day, kind, area FROM published_alerts WHERE $__timeFilter(at)
) AS alerts
WHERE {IN_AREA}
GROUP BY time, name
ORDER BY time, name"""
STORY: Final = f"""SELECT
    at, kind, places.name AS area, value, threshold, day, provisional, since, reason
FROM published_alerts AS alerts
LEFT JOIN {area_names()} AS places ON places.id = alerts.area
WHERE rule = ${{rule:singlequote}} AND {IN_AREA}
ORDER BY at DESC, area, number DESC
LIMIT 1000"""

_SHARES: Final = (
    "Of an indicator in % values and thresholds are parts of one: 0.25 is 25 %."
    " Where persons are counted, 0 stands for fewer than five."
)
_MOMENTS: Final = {"at": "dateTimeAsIso", "since": "dateTimeAsIso"}


def build() -> Dashboard:
    found = (
        dashboard(
            "alerts",
            "Alerts",
            "What the rules told. Who acknowledged or was told is on the board and in the mails.",
        )
        .with_variable(variables.language())
        .with_variable(variables.area())
        .with_variable(variables.rule())
        .annotation(marks(OF_AREA))
    )
    for severity in ("critical", "warning", "info"):
        description = "Alerts that go on, in the chosen area and within it."
        found = found.with_panel(
            stat_panel(f"Open: {severity}", description, [table(_open(severity))]).span(WIDTH // 3)
        )
    return (
        found.with_panel(
            table_panel(
                "Open alerts",
                f"In the chosen area and within it, the worst first; a pending one is not certain yet. {_SHARES}",
                [table(OPEN)],
                units=_MOMENTS,
            )
            .span(WIDTH)
            .height(10)
        )
        .with_panel(
            bars_panel(
                "Steps a day", "Of all alerts in the chosen area and within it.", [series(STEPS)]
            ).span(WIDTH)
        )
        .with_panel(
            table_panel(
                "Story",
                f"Every step of the chosen rule in the chosen area and within it, the newest first. {_SHARES}",
                [table(STORY)],
                units=_MOMENTS,
            )
            .span(WIDTH)
            .height(12)
        )
    )
