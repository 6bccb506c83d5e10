"""*Pipeline*: the platform itself, from the workers' metrics (docs/metrics.md has every name)."""

from __future__ import annotations

from typing import Final

from grafana_foundation_sdk.builders.dashboard import Dashboard

from dashboards.grafana.frame import dashboard
from dashboards.grafana.panels import WIDTH, stat_panel, trend_panel
from dashboards.grafana.sources import PROMETHEUS, promql

_SECONDS: Final = "s"
_EACH: Final = "$__rate_interval"


def _quantile(share: float, metric: str, by: str = "") -> str:
    labels = f"le, {by}" if by else "le"
    return f"histogram_quantile({share}, sum by ({labels}) (rate({metric}_bucket[{_EACH}])))"


def _rate(metric: str, by: str) -> str:
    return f"sum by ({by}) (rate({metric}[{_EACH}]))"


#: Title, description, unit, and PromQL with its legend.
STATS: Final = (
    ("Workers ready", "Workers that say yes at /health/ready.", "locale", "sum(bewithu_ready)"),
    ("Leaders", "One refreshes indicators and mails; two or none for more than a moment is trouble.", "locale",
     "sum(bewithu_leader)"),
    ("Lag", "Records in Kafka behind what is stored.", "locale", "sum(bewithu_consumer_lag_records)"),
    ("ClickHouse", "1 when every worker was answered when it last asked.", "locale", "min(bewithu_clickhouse_up)"),
    ("Kafka", "1 when every worker was answered when it last asked.", "locale", "min(bewithu_kafka_up)"),
    ("Open refusals", "Records in quarantine that wait to be replayed or dropped.", "locale",
     "sum(max by (topic, reason) (bewithu_quarantine_open_records))"),
)  # fmt: skip
TRENDS: Final = (
    ("Records", "Taken from Kafka and stored, by topic and outcome.", "cps",
     ((_rate("bewithu_records_total", "topic, outcome"), "{{topic}} {{outcome}}"),)),
    ("Lag by topic", "Records in Kafka behind the last offset that was committed.", "locale",
     (("sum by (topic) (bewithu_consumer_lag_records)", "{{topic}}"),)),
    ("From Kafka to the facts", "From Kafka's time of a batch's oldest record until the batch is stored.", _SECONDS,
     ((_quantile(0.5, "bewithu_stored_latency_seconds"), "median"),
      (_quantile(0.99, "bewithu_stored_latency_seconds"), "99 %"))),
    ("From Kafka to the values", "Until a value with it can be read.", _SECONDS,
     ((_quantile(0.5, "bewithu_end_to_end_latency_seconds"), "median"),
      (_quantile(0.99, "bewithu_end_to_end_latency_seconds"), "99 %"))),
    ("Stages", "How long each step of the pipeline takes, 95 % of them at most.", _SECONDS,
     ((_quantile(0.95, "bewithu_stage_duration_seconds", "stage"), "{{stage}}"),)),
    ("Batches", "Records that are stored together.", "locale",
     ((_quantile(0.5, "bewithu_batch_records"), "median"), (_quantile(0.99, "bewithu_batch_records"), "99 %"))),
    ("Refreshes and evaluations", "Of the indicators, and of all rules; failed ones are done again.", "cps",
     ((_rate("bewithu_indicator_refreshes_total", "outcome"), "refresh {{outcome}}"),
      (_rate("bewithu_rule_evaluations_total", "outcome"), "evaluation {{outcome}}"))),
    ("Mails", "And posts, handed over or not.", "cps", ((_rate("bewithu_mails_total", "outcome"), "{{outcome}}"),)),
    ("Errors of ClickHouse", "Statements that failed, by the kind of fault.", "cps",
     ((_rate("bewithu_clickhouse_errors_total", "kind"), "{{kind}}"),)),
    ("Silence of agencies", "Since anything of the agency last arrived.", _SECONDS,
     (("max by (agency) (bewithu_agency_silence_seconds)", "{{agency}}"),)),
    ("Audit", "Differences between what is stored and the facts, which were put right: there should be none.", "locale",
     ((f"sum(increase(bewithu_audit_differences_total[{_EACH}]))", "differences"),)),
    ("Rebalances", "Times that the group of workers shared its partitions out anew.", "locale",
     ((f"sum(increase(bewithu_rebalances_total[{_EACH}]))", "rebalances"),)),
    ("Memory", "Of each worker's process.", "bytes", (("process_resident_memory_bytes", "{{instance}}"),)),
    ("Disk of ClickHouse", "What is left.", "bytes",
     (("max by (disk) (bewithu_clickhouse_disk_free_bytes)", "{{disk}}"),)),
)  # fmt: skip


def build() -> Dashboard:
    found = dashboard("pipeline", "Pipeline", "The platform itself, for operators.", "now-6h").refresh("30s")
    for title, description, unit, expression in STATS:
        targets = [promql(expression, "")]
        found = found.with_panel(
            stat_panel(title, description, targets, unit, PROMETHEUS)
            .no_value("no answer")
            .span(WIDTH // len(STATS))
        )
    for title, description, unit, lines in TRENDS:
        targets = [
            promql(expression, legend, "ABC"[number]) for number, (expression, legend) in enumerate(lines)
        ]
        found = found.with_panel(
            trend_panel(title, description, targets, unit, PROMETHEUS).no_value("").height(8)
        )
    return found
