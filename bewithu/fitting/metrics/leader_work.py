"""What a worker did while it led: counts that stay its own, and that Prometheus adds up over the workers."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Final, Protocol

from prometheus_client.core import CounterMetricFamily, Metric
from prometheus_client.registry import Collector

from schemas.alerting import KINDS

MAIL_OUTCOMES: Final = ("sent", "put_off", "unanswered", "given_up")


class Work(Protocol):
    """As `bewithu.fitting.leader.Leader`."""

    refreshes: int
    refreshes_failed: int
    changed_values: int
    evaluations: int
    evaluations_failed: int
    alert_events: int
    audits: int
    differences: int
    forgotten: int

    @property
    def transitions(self) -> Mapping[str, int]: ...

    @property
    def mails(self) -> Mapping[str, int]: ...


class LeaderWorkCollector(Collector):
    def __init__(self, work: Work) -> None:
        self._work = work

    def collect(self) -> Iterator[Metric]:
        work = self._work
        yield _by(
            "outcome", "bewithu_indicator_refreshes", "Refreshes of the indicators.",
            {"done": work.refreshes, "failed": work.refreshes_failed},
        )  # fmt: skip
        yield _count("bewithu_indicator_values_changed", "Revisions of values stored.", work.changed_values)
        yield _by(
            "outcome", "bewithu_rule_evaluations", "Evaluations of all rules.",
            {"done": work.evaluations, "failed": work.evaluations_failed},
        )  # fmt: skip
        yield _by(
            "kind", "bewithu_alert_transitions", "Steps of alerts written down.",
            {kind: work.transitions.get(kind, 0) for kind in KINDS},
        )  # fmt: skip
        yield _count(
            "bewithu_alert_events", "Steps of alerts published for other systems.", work.alert_events
        )
        yield _by(
            "outcome", "bewithu_mails", "Mails and posts handed over, or not.",
            {outcome: work.mails.get(outcome, 0) for outcome in MAIL_OUTCOMES},
        )  # fmt: skip
        yield _count(
            "bewithu_audits", "Samples of what is stored that were held against the facts.", work.audits
        )
        yield _count(
            "bewithu_audit_differences",
            "Steps and days of values that did not follow from the facts, and were put right.",
            work.differences,
        )
        yield _count(
            "bewithu_events_forgotten",
            "Events taken out as they were older than their contract says they are kept.",
            work.forgotten,
        )


def _count(name: str, meaning: str, value: int) -> Metric:
    return CounterMetricFamily(name, meaning, value=value)


def _by(label: str, name: str, meaning: str, values: Mapping[str, int]) -> Metric:
    counted = CounterMetricFamily(name, meaning, labels=[label])
    for each, value in values.items():
        counted.add_metric([each], value)
    return counted
