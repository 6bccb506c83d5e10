"""*Indicator*: one in depth: what it means, how it moved, what was believed before, and whose data it rests on."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders.dashboard import Dashboard

from dashboards.grafana import variables
from dashboards.grafana.frame import OF_INDICATOR, dashboard, marks
from dashboards.grafana.panels import WIDTH, of_unit, stat_panel, table_panel, trend_panel, unit_query
from dashboards.grafana.situation import PARTS, TREND
from dashboards.grafana.sources import series, table
from dashboards.grafana.sql import (
    AREA,
    FEW,
    INDICATOR,
    LAST_DAY,
    ZONE,
    daily,
    definition,
    in_language,
    latest_feeds,
    moment,
    names,
)

MEANING: Final = f"""SELECT
    named.name AS name, explained.name AS meaning, unit, usual_delay_days AS usually_complete_after_days,
    if(counts_persons, minimum_cell, 0) AS batch
FROM published_indicators
INNER JOIN {names("indicator")} AS named ON named.id = indicator
INNER JOIN {names("explanation")} AS explained ON explained.id = indicator
WHERE indicator = {INDICATOR}"""
#: What is complete, and what late data may still change.
COMPLETE: Final = f"""WITH {definition()},
    (SELECT any(usual_delay_days) FROM published_indicators WHERE indicator = {INDICATOR}) AS delay,
    toDate32(toTimeZone(now(), {ZONE})) - delay AS complete_upto
SELECT {moment()} AS time, if(day <= complete_upto, value, NULL) AS complete,
    if(day >= complete_upto, value, NULL) AS provisional
FROM {daily()}
ORDER BY time"""
REVISIONS: Final = f"""SELECT known_on, named.name AS name, value, if(value IS NULL, '{FEW}', '') AS remark
FROM published_revisions
INNER JOIN {names("indicator")} AS named ON named.id = indicator
WHERE indicator IN
(
    SELECT arrayJoin([first, second]) FROM published_indicators WHERE indicator = {INDICATOR}
) AND area = {AREA} AND day = {LAST_DAY}
ORDER BY known_on DESC, name"""
#: The agencies that it rests on; `cpas` is every `cpas-…`.
AGENCIES: Final = f"""SELECT
    {in_language("called.")} AS agency, countIf(feeds.agency != '') AS feeds, max(recorded_at) AS last_event,
    max(seen_at) AS last_heard, sum(accepted) AS events
FROM (SELECT arrayJoin(publishers) AS code FROM published_indicators WHERE indicator = {INDICATOR}) AS publishers
LEFT JOIN (SELECT *, splitByChar('-', agency)[1] AS sort FROM {latest_feeds()}) AS feeds
    ON feeds.agency = publishers.code OR feeds.sort = publishers.code
LEFT JOIN (SELECT * FROM published_names WHERE sort = 'agency') AS called ON called.id = publishers.code
GROUP BY publishers.code, called.nl, called.fr, called.de, called.en
ORDER BY last_event DESC NULLS LAST, agency"""


def build() -> Dashboard:
    value = stat_panel(
        "${indicator:text}",
        "In the chosen area, on the last day of the period.",
        [series(TREND), unit_query()],
    )
    meaning = table_panel(
        "What it means",
        "What is counted, and what is not; persons are told in batches of so many (0: as they are).",
        [table(MEANING)],
        units={"usually_complete_after_days": "d"},
    )
    trend = trend_panel(
        "Trend",
        "Day by day; late data may still change what is provisional. A gap is less than a batch, or nothing. "
        "Lines mark where alerts of this indicator began or ended.",
        [series(COMPLETE), unit_query()],
    )
    parts = table_panel(
        "Parts",
        f"On the last day of the period. A remark says what is not told: {FEW}.",
        [table(PARTS), unit_query()],
    )
    revisions = table_panel(
        "What was believed before",
        "Of the last day of the period: what was told of it, from the day on which it became known. Of an indicator "
        "that is worked out from others, theirs.",
        [table(REVISIONS)],
    )
    agencies = table_panel(
        "Agencies that it rests on",
        "How fresh the data of each are. Events are all that the agency sent, in batches of five, and not those of "
        "this value alone: the board counts these.",
        [table(AGENCIES)],
        units={"last_event": "dateTimeAsIso", "last_heard": "dateTimeAsIso"},
    )
    return (
        dashboard("indicator", "Indicator", "One indicator in depth. All numbers are published ones.")
        .with_variable(variables.language())
        .with_variable(variables.area())
        .with_variable(variables.indicator())
        .annotation(marks(OF_INDICATOR))
        .with_panel(value.with_transformation(of_unit()).span(WIDTH // 3).height(5))
        .with_panel(meaning.span(2 * WIDTH // 3).height(5))
        .with_panel(trend.with_transformation(of_unit()).span(WIDTH).height(10))
        .with_panel(parts.with_transformation(of_unit()).span(WIDTH // 3).height(10))
        .with_panel(revisions.span(WIDTH // 3).height(10))
        .with_panel(agencies.span(WIDTH // 3).height(10))
    )
