"""What a reader chooses on top of a dashboard."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders.dashboard import CustomVariable, QueryVariable
from grafana_foundation_sdk.models.dashboard import VariableOption, VariableRefresh, VariableSort

from dashboards.grafana.sources import CLICKHOUSE
from dashboards.grafana.sql import in_language

AREAS: Final = f"""SELECT area, {in_language()} AS name
FROM published_areas
ORDER BY indexOf(['country', 'region', 'province', 'arrondissement', 'municipality'], level), name"""
INDICATORS: Final = f"""SELECT indicator, name
FROM published_indicators
INNER JOIN (SELECT id, {in_language()} AS name FROM published_names WHERE sort = 'indicator') AS named
    ON named.id = indicator
WHERE kind NOT IN ('duration', 'freshness')
ORDER BY headline = 0, headline, name"""
HEADLINES: Final = f"""SELECT indicator, name
FROM published_indicators
INNER JOIN (SELECT id, {in_language()} AS name FROM published_names WHERE sort = 'indicator') AS named
    ON named.id = indicator
WHERE headline > 0 AND kind NOT IN ('duration', 'freshness')
ORDER BY headline"""
RULES: Final = f"""SELECT DISTINCT rule, concat(ifNull(nullIf(name, ''), indicator), ' (', rule, ')') AS text
FROM published_alerts
LEFT JOIN (SELECT id, {in_language()} AS name FROM published_names WHERE sort = 'indicator') AS named
    ON named.id = indicator
ORDER BY text"""


def language() -> CustomVariable:
    return (
        CustomVariable("language")
        .label("Language")
        .values("English : en, Français : fr, Nederlands : nl, Deutsch : de")
        .current(VariableOption(selected=True, text="English", value="en"))
    )


def area() -> QueryVariable:
    return _queried("area", "Area", AREAS).current(VariableOption(selected=True, text="Belgium", value="BE"))


def indicator() -> QueryVariable:
    return _queried("indicator", "Indicator", INDICATORS)


def headline() -> QueryVariable:
    """All of them, a panel for each."""
    everything = VariableOption(selected=True, text=["All"], value=["$__all"])
    return _queried("headline", "Headlines", HEADLINES).multi(True).include_all(True).current(everything)


def rule() -> QueryVariable:
    return _queried("rule", "Rule", RULES)


def _queried(name: str, label: str, sql: str) -> QueryVariable:
    """The first column is the value, the second what is read."""
    return (
        QueryVariable(name)
        .label(label)
        .datasource(CLICKHOUSE)
        .query(sql)
        .definition(sql)
        .refresh(VariableRefresh.ON_DASHBOARD_LOAD)
        .sort(VariableSort.DISABLED)
    )
