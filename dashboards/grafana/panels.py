"""Panels as ours look, with what each must have: title, description, unit, place and source."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final

from grafana_foundation_sdk.builders import stat, table, timeseries
from grafana_foundation_sdk.builders.common import (
    ReduceDataOptions,
    StackingConfig,
    VizLegendOptions,
    VizTooltipOptions,
)
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.common import (
    BigValueColorMode,
    BigValueGraphMode,
    DataSourceRef,
    GraphDrawStyle,
    LegendDisplayMode,
    LegendPlacement,
    LineInterpolation,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
)
from grafana_foundation_sdk.models.dashboard import DataTransformerConfig, DynamicConfigValue, GridPos

from dashboards.grafana.sources import CLICKHOUSE
from dashboards.grafana.sources import table as table_query
from dashboards.grafana.sql import FEW, INDICATOR

Targets = Sequence[Builder[Dataquery]]
#: A whole number, with the separators of the reader's browser.
COUNT: Final = "locale"
WIDTH: Final = 24


def stat_panel(
    title: str, description: str, targets: Targets, unit: str = COUNT, source: DataSourceRef = CLICKHOUSE
) -> stat.Panel:
    """A number with a small line of how it moved. What is not told is said so, and is no zero."""
    return (
        stat.Panel()
        .title(title)
        .description(description)
        .datasource(source)
        .targets(list(targets))
        .unit(unit)
        .no_value(FEW)
        .color_mode(BigValueColorMode.NONE)
        .graph_mode(BigValueGraphMode.AREA)
        # The last one, also where it is not told: an older number would pass for today's.
        .reduce_options(ReduceDataOptions().calcs(["last"]).values(False))
        .span(WIDTH)
        .height(4)
    )


def trend_panel(
    title: str, description: str, targets: Targets, unit: str = COUNT, source: DataSourceRef = CLICKHOUSE
) -> timeseries.Panel:
    """Lines in steps, as a value holds for a day; a gap where nothing is told."""
    return (
        timeseries.Panel()
        .title(title)
        .description(description)
        .datasource(source)
        .targets(list(targets))
        .unit(unit)
        .no_value(FEW)
        .line_interpolation(LineInterpolation.STEP_AFTER)
        .line_width(2)
        .fill_opacity(8)
        .show_points(VisibilityMode.NEVER)
        .span_nulls(False)
        .legend(
            VizLegendOptions()
            .display_mode(LegendDisplayMode.LIST)
            .placement(LegendPlacement.BOTTOM)
            .show_legend(True)
        )
        .tooltip(VizTooltipOptions().mode(TooltipDisplayMode.MULTI))
        .span(WIDTH // 2)
        .height(9)
    )


def bars_panel(title: str, description: str, targets: Targets, unit: str = COUNT) -> timeseries.Panel:
    """Numbers a day, one on the other."""
    return (
        trend_panel(title, description, targets, unit)
        .draw_style(GraphDrawStyle.BARS)
        .fill_opacity(70)
        .line_width(0)
        .stacking(StackingConfig().mode(StackingMode.NORMAL).group("A"))
        .display_name("${__field.labels.name}")
    )


def table_panel(
    title: str,
    description: str,
    targets: Targets,
    unit: str = COUNT,
    units: Mapping[str, str] | None = None,
) -> table.Panel:
    """`units`: of columns that are counted in something else."""
    panel = (
        table.Panel()
        .title(title)
        .description(description)
        .datasource(CLICKHOUSE)
        .targets(list(targets))
        .unit(unit)
        .no_value("")
        .filterable(True)
        .span(WIDTH // 2)
        .height(9)
    )
    for column, other in (units or {}).items():
        panel = panel.override_by_name(column, [DynamicConfigValue("unit", other)])
    return panel


def unit_query(indicator: str = INDICATOR) -> Builder[Dataquery]:
    """How Grafana calls the unit of the chosen indicator: values of % are parts of one."""
    sql = f"""SELECT any(transform(unit, ['%', 'EUR', 'days'], ['percentunit', 'currencyEUR', 'd'], '{COUNT}')) AS unit
FROM published_indicators WHERE indicator = {indicator}"""
    return table_query(sql, "unit")


def of_unit() -> DataTransformerConfig:
    """Takes the unit from `unit_query`."""
    mapping = {"fieldName": "unit", "handlerKey": "unit"}
    return DataTransformerConfig("configFromData", options={"configRefId": "unit", "mappings": [mapping]})


def place(x: int, y: int, width: int, height: int) -> GridPos:
    return GridPos(h=height, w=width, x=x, y=y)
