"""*Agencies*: how fresh the feeds are, how much came, and what was refused and why."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders.dashboard import Dashboard

from dashboards.grafana import variables
from dashboards.grafana.frame import dashboard
from dashboards.grafana.panels import WIDTH, bars_panel, stat_panel, table_panel
from dashboards.grafana.sources import series, table
from dashboards.grafana.sql import ZONE, in_language, latest_feeds, moment, names

HEARD: Final = f"SELECT count() AS agencies FROM {latest_feeds()}"
#: Against the end of the period, so that a replay of the past can be looked at, too.
SILENT: Final = f"""SELECT countIf(ifNull(seen_at, toDateTime64(0, 3)) < $__toTime - INTERVAL 2 DAY) AS agencies
FROM {latest_feeds()}"""
REFUSED: Final = "SELECT sum(refused) AS refused FROM published_refusals"
FEEDS: Final = f"""SELECT
    ifNull(nullIf({in_language("called.")}, ''), feeds.agency) AS agency,
    recorded_at AS last_event, seen_at AS last_heard,
    greatest(0, toUnixTimestamp($__toTime) - toUnixTimestamp(seen_at)) AS silent_for,
    accepted AS events, refused
FROM {latest_feeds()} AS feeds
LEFT JOIN (SELECT * FROM published_names WHERE sort = 'agency') AS called ON called.id = feeds.agency
ORDER BY silent_for DESC NULLS FIRST, agency"""
#: New events of each sort of agencies by the day on which they were counted; the first count is of all that was before.
VOLUMES: Final = f"""SELECT
    {moment()} AS time, ifNull(nullIf({in_language("called.")}, ''), sort) AS name,
    toFloat64(sum(new)) AS events
FROM
(
    SELECT splitByChar('-', agency)[1] AS sort, toDate32(toTimeZone(at, {ZONE})) AS day,
        toInt64(accepted) - toInt64(lagInFrame(accepted, 1, accepted) OVER (PARTITION BY agency ORDER BY at)) AS new
    FROM published_feeds
) AS counts
LEFT JOIN (SELECT * FROM published_names WHERE sort = 'agency') AS called ON called.id = counts.sort
WHERE day BETWEEN toDate32(toTimeZone($__fromTime, {ZONE})) AND toDate32(toTimeZone($__toTime, {ZONE}))
GROUP BY time, name
ORDER BY time, name"""
REASONS: Final = f"""SELECT
    ifNull(nullIf(named.name, ''), refusals.reason) AS reason, {in_language("called.")} AS agency,
    sum(refusals.refused) AS refused
FROM published_refusals AS refusals
LEFT JOIN {names("reason")} AS named ON named.id = refusals.reason
LEFT JOIN (SELECT * FROM published_names WHERE sort = 'agency') AS called ON called.id = refusals.agency
GROUP BY reason, agency
ORDER BY refused DESC, reason, agency"""
REFUSALS: Final = f"""SELECT {moment()} AS time, ifNull(nullIf(named.name, ''), refusals.reason) AS name,
    toFloat64(sum(refusals.refused)) AS refused
FROM published_refusals AS refusals
LEFT JOIN {names("reason")} AS named ON named.id = refusals.reason
WHERE day BETWEEN toDate32(toTimeZone($__fromTime, {ZONE})) AND toDate32(toTimeZone($__toTime, {ZONE}))
GROUP BY time, name
ORDER BY time, name"""

_BATCHES: Final = "Events are told in whole batches of five, as they are those of single persons."


def build() -> Dashboard:
    third = WIDTH // 3
    return (
        dashboard(
            "agencies",
            "Agencies",
            "How the agencies' feeds do. Counted now and then by the worker that leads.",
        )
        .with_variable(variables.language())
        .with_panel(stat_panel("Agencies heard", "Of which anything ever came.", [table(HEARD)]).span(third))
        .with_panel(
            stat_panel(
                "Silent for two days",
                "Nothing of them came in the two days before the end of the period.",
                [table(SILENT)],
            ).span(third)
        )
        .with_panel(
            stat_panel(
                "Open refusals",
                "Records in quarantine that were neither taken in later nor dropped.",
                [table(REFUSED)],
            ).span(third)
        )
        .with_panel(
            table_panel(
                "Feeds",
                f"The longest silent first, up to the end of the period. {_BATCHES}",
                [table(FEEDS)],
                units={
                    "silent_for": "dtdurations",
                    "last_event": "dateTimeAsIso",
                    "last_heard": "dateTimeAsIso",
                },
            )
            .span(WIDTH)
            .height(12)
        )
        .with_panel(
            bars_panel(
                "Events a day", f"By the day on which they were counted. {_BATCHES}", [series(VOLUMES)]
            )
        )
        .with_panel(
            bars_panel(
                "Refusals a day", "Open ones by the day on which they came, and why.", [series(REFUSALS)]
            )
        )
        .with_panel(
            table_panel("Refusals by reason", "Open ones of all time, and whose they are.", [table(REASONS)])
            .span(WIDTH)
            .height(10)
        )
    )
