"""The two data sources and their queries. The Foundation SDK has no builder for ClickHouse, so the query is ours."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

from grafana_foundation_sdk.builders.prometheus import Dataquery as PrometheusQuery
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.common import DataSourceRef

CLICKHOUSE: Final = DataSourceRef(type_val="grafana-clickhouse-datasource", uid="bewithu-clickhouse")
PROMETHEUS: Final = DataSourceRef(type_val="prometheus", uid="bewithu-prometheus")

Format = Literal["timeSeries", "table"]
#: What the plugin's backend calls them.
_FORMATS: Final[dict[Format, int]] = {"timeSeries": 0, "table": 1}


@dataclass(frozen=True, slots=True)
class ClickHouseQuery(Dataquery):
    """As the plugin grafana-clickhouse-datasource saves a query of its SQL editor.

    Of a `timeSeries` the first column is `time`, texts become labels and numbers values; rows ascend by time.
    """

    sql: str
    format: Format = "table"
    ref_id: str = "A"

    def to_json(self) -> dict[str, object]:
        return {
            "datasource": CLICKHOUSE,
            "editorType": "sql",
            "format": _FORMATS[self.format],
            "queryType": self.format,
            "rawSql": self.sql,
            "refId": self.ref_id,
        }


@dataclass(frozen=True, slots=True)
class Target(Builder[Dataquery]):
    """A query that is built already, where a builder is asked for."""

    query: Dataquery

    def build(self) -> Dataquery:
        return self.query


def table(sql: str, ref_id: str = "A") -> Builder[Dataquery]:
    return Target(ClickHouseQuery(sql, "table", ref_id))


def series(sql: str, ref_id: str = "A") -> Builder[Dataquery]:
    return Target(ClickHouseQuery(sql, "timeSeries", ref_id))


def promql(expression: str, legend: str, ref_id: str = "A") -> Builder[Dataquery]:
    return (
        PrometheusQuery().expr(expression).legend_format(legend).ref_id(ref_id).range().datasource(PROMETHEUS)
    )
