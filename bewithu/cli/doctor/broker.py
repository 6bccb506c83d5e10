"""Kafka as we need it: there, with our topics, which are kept long enough."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from bewithu.cli.doctor.finding import Finding, failed, ok, warning
from bewithu.cli.doctor.shown import protection
from bewithu.settings import Kafka
from schemas.alert_events import alert_events
from schemas.contracts import contracts
from schemas.rejections import rejections
from streams.topic_states import TopicState, topic_states
from streams.topics import missing_topics

_DAY_MS = 86_400_000
#: A refused record is replayed from Kafka once its contract is mended, and a restored backup catches up from there.
LEAST_DAYS = 7
_MIGRATE = "run bewithu migrate"


def check_kafka(kafka: Kafka, seconds: float) -> Iterator[Finding]:
    states = topic_states(kafka, seconds)
    yield ok("Kafka", f"{kafka.bootstrap_servers}, {protection(kafka)}, {states.brokers} brokers")
    yield _missing(states.topics)
    yield _partitions(kafka, states.topics)
    yield _replication(kafka, states.topics)
    yield _retention(states.topics)


def _missing(topics: Mapping[str, TopicState]) -> Finding:
    missing = missing_topics(topics)
    if missing:
        return failed("Kafka topics", f"missing: {', '.join(missing)}", _MIGRATE)
    return ok("Kafka topics", f"all {len(topics)} are there")


def _partitions(kafka: Kafka, topics: Mapping[str, TopicState]) -> Finding:
    what = "Kafka partitions"
    leaderless = [name for name, each in topics.items() if each.leaderless]
    if leaderless:
        return failed(what, f"without a leader: {', '.join(leaderless)}", "start the brokers that have them")
    few = [name for name in contracts() if name in topics and topics[name].partitions < kafka.partitions]
    if few:
        mend = f"add partitions with kafka-topics.sh --alter --partitions {kafka.partitions}"
        return warning(what, f"fewer than {kafka.partitions}: {', '.join(few)}", mend)
    return ok(what, f"{kafka.partitions} or more for each type of event")


def _replication(kafka: Kafka, topics: Mapping[str, TopicState]) -> Finding:
    what = "Kafka replication"
    behind = [name for name, each in topics.items() if each.in_sync < each.replicas]
    if behind:
        return warning(what, f"replicas behind or away: {', '.join(behind)}", "look after the brokers")
    few = [name for name, each in topics.items() if each.replicas < kafka.replication]
    if few:
        mend = "give them more replicas with kafka-reassign-partitions.sh"
        return warning(what, f"fewer than {kafka.replication}: {', '.join(few)}", mend)
    return ok(what, f"{kafka.replication} or more, all in sync")


def _retention(topics: Mapping[str, TopicState]) -> Finding:
    what = "Kafka retention"
    unknown = [name for name, each in topics.items() if each.retention_ms is None]
    if unknown:
        return warning(what, "the broker does not tell it", "look at retention.ms and cleanup.policy there")
    events = {name: topics[name] for name in contracts() if name in topics}
    compacted = [name for name, each in events.items() if "compact" in each.cleanup]
    if compacted:
        mend = "set cleanup.policy=delete: of a person's events all count"
        return failed(what, f"compacted: {', '.join(compacted)}", mend)
    short = [name for name, each in events.items() if 0 <= (each.retention_ms or 0) < LEAST_DAYS * _DAY_MS]
    if short:
        mend = f"set retention.ms to {LEAST_DAYS * _DAY_MS} or more: replays and restored backups read from there"
        return warning(what, f"less than {LEAST_DAYS} days: {', '.join(short)}", mend)
    ours = [name for name, each in topics.items() if not _is_kept(name, each)]
    if ours:
        mend = "set cleanup.policy=compact for the answers, retention.ms=-1 for the alerts"
        return warning(what, f"what we publish is not kept: {', '.join(ours)}", mend)
    return ok(what, f"events for {LEAST_DAYS} days or more")


def _is_kept(name: str, state: TopicState) -> bool:
    if name == rejections().topic:
        return "compact" in state.cleanup
    return name != alert_events().topic or state.retention_ms == -1
