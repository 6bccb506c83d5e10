"""What all dashboards have in common: language, links to each other, period, and marks where alerts began and ended."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders.dashboard import AnnotationQuery, Dashboard, DashboardLink
from grafana_foundation_sdk.models.dashboard import DashboardCursorSync, DashboardLinkType

from dashboards.grafana.sources import CLICKHOUSE, ClickHouseQuery, Target
from dashboards.grafana.sql import AREA, INDICATOR, area_names, names

TAG: Final = "bewithu"


def dashboard(name: str, title: str, description: str, since: str = "now-90d") -> Dashboard:
    """`name` is the end of its uid and its file's name."""
    links = DashboardLink("Dashboards").type(DashboardLinkType.DASHBOARDS).tags([TAG]).as_dropdown(True)
    return (
        Dashboard(title)
        .uid(f"bewithu-{name}")
        .description(description)
        .tags([TAG])
        .readonly()
        .timezone("Europe/Brussels")
        .week_start("monday")
        .time(since, "now")
        .refresh("5m")
        .tooltip(DashboardCursorSync.CROSSHAIR)
        .link(links.keep_time(True).include_vars(True))
    )


def _transitions(which: str) -> str:
    return f"""SELECT
    at AS time,
    concat(ifNull(nullIf(named.name, ''), alerts.indicator), ', ', places.name, ': ', kind, ' (', rule, ')') AS text,
    kind AS tags
FROM published_alerts AS alerts
LEFT JOIN {names("indicator")} AS named ON named.id = alerts.indicator
LEFT JOIN {area_names()} AS places ON places.id = alerts.area
WHERE $__timeFilter(at) AND kind IN ('firing', 'resolved', 'retracted') AND {which}
ORDER BY time
LIMIT 200"""


#: In the area and within it.
IN_AREA: Final = f"alerts.area IN (SELECT area FROM published_areas WHERE has(within, {AREA}))"
OF_AREA: Final = _transitions(IN_AREA)
OF_INDICATOR: Final = _transitions(f"{IN_AREA} AND alerts.indicator = {INDICATOR}")


def marks(sql: str) -> AnnotationQuery:
    """Lines across all trends where an alert began to fire, was over or was withdrawn."""
    return (
        AnnotationQuery()
        .name("Alerts")
        .datasource(CLICKHOUSE)
        .enable(True)
        .icon_color("orange")
        .target(Target(ClickHouseQuery(sql, "table", "alerts")))
    )
