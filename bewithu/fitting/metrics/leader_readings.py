"""What the leader alone tells of the store, from its newest readings. Another worker says nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from time import monotonic
from typing import Final

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector

from bewithu.clock import Clock
from bewithu.fitting.metrics.readings import LONGEST_AGE_SECONDS, Observation, Readings

SEVERITIES: Final = ("info", "warning", "critical")


class LeaderReadingsCollector(Collector):
    """`mails_waiting` tells how many after the last step; None where that is not known."""

    def __init__(
        self,
        observation: Observation,
        leads: Callable[[], bool],
        mails_waiting: Callable[[], int | None],
        clock: Clock,
    ) -> None:
        self._observation = observation
        self._leads = leads
        self._mails_waiting = mails_waiting
        self._clock = clock

    def collect(self) -> Iterator[Metric]:
        if not self._leads():
            return
        waiting = self._mails_waiting()
        if waiting is not None:
            yield GaugeMetricFamily(
                "bewithu_mails_waiting",
                "Mails and posts that have not left after the leader's last step.",
                value=waiting,
            )
        readings = self._observation.readings
        if readings is None:
            return
        age = monotonic() - readings.at
        yield GaugeMetricFamily(
            "bewithu_readings_age_seconds", "Since the leader read what it tells of the store.", value=age
        )
        if age <= LONGEST_AGE_SECONDS:
            yield from self._of_agencies(readings)
            yield from _of_the_store(readings)

    def _of_agencies(self, readings: Readings) -> Iterator[Metric]:
        now, agencies = self._clock.now(), readings.agencies
        events = CounterMetricFamily(
            "bewithu_agency_events",
            "Events of an agency in the facts, revisions included.",
            labels=["agency"],
        )
        for label, agency in agencies.items():
            events.add_metric([label], agency.events)
        yield events
        yield _by(
            ["agency"], "bewithu_agency_silence_seconds", "Since anything of the agency last arrived.",
            {(label,): max(0.0, (now - each.last).total_seconds()) for label, each in agencies.items() if each.last},
        )  # fmt: skip
        yield _by(
            ["agency"], "bewithu_agencies_heard", "Agencies that were ever heard of.",
            {(label,): agency.heard for label, agency in agencies.items()},
        )  # fmt: skip
        yield _by(
            ["agency"], "bewithu_agencies_silent", "Agencies of which nothing arrived for two days.",
            {(label,): agency.silent for label, agency in agencies.items()},
        )  # fmt: skip


def _of_the_store(readings: Readings) -> Iterator[Metric]:
    yield _by(
        ["topic", "reason"], "bewithu_quarantine_open_records",
        "Refused records that wait to be replayed or dropped.", readings.open_records,
    )  # fmt: skip
    yield _by(
        ["agency"], "bewithu_agency_quarantine_open_records",
        "Refused records that wait to be replayed or dropped, by agency.",
        {(label,): count for label, count in readings.open_by_agency.items()},
    )  # fmt: skip
    yield _by(
        ["severity"], "bewithu_alerts_firing", "Alerts of the rules that go on.",
        {(severity,): readings.firing.get(severity, 0) for severity in SEVERITIES},
    )  # fmt: skip
    yield _by(
        ["disk"], "bewithu_clickhouse_disk_free_bytes", "What is left on a disk of ClickHouse.",
        {(disk.name,): disk.free for disk in readings.disks},
    )  # fmt: skip
    yield _by(
        ["disk"], "bewithu_clickhouse_disk_size_bytes", "What a disk of ClickHouse holds.",
        {(disk.name,): disk.size for disk in readings.disks},
    )  # fmt: skip


def _by(
    labels: Sequence[str],
    name: str,
    meaning: str,
    values: Mapping[tuple[str], float] | Mapping[tuple[str, str], float],
) -> Metric:
    gauge = GaugeMetricFamily(name, meaning, labels=labels)
    for each, value in values.items():
        gauge.add_metric(each, value)
    return gauge
