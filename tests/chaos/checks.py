"""What must be true when everything runs again and the backlog is drained. Each check returns what is broken."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from contextlib import closing
from datetime import date, timedelta
from importlib.resources import files
from itertools import product
from typing import Any

from confluent_kafka import Consumer, TopicPartition

from schemas.contracts import Contract, contracts
from schemas.indicators import load_indicators
from sinks.clickhouse.bookkeeping import Bookkeeping, Books
from sinks.clickhouse.contract_tables import facts_table
from sinks.clickhouse.database import Database
from tests import oracle
from tests.chaos.agencies import DAYS, FLAWS, as_oracle_event
from tests.chaos.ledger import Ledger
from tests.chaos.stage import PARTITIONS, Stage
from tests.stored_values import differences, values_of

DEFINITIONS = oracle.shipped_definitions()
INDICATORS = load_indicators(files("streams.indicators"))
#: The oracle looks at every event for every day: some days must do.
ORACLE_DAYS = (-100, -40, -DAYS, -5, -1, 0, 3)
TEXT_TABLES = ("quarantine", "refused", "batches", "alert_log", "mail_log")
#: multiSearchAny takes no more at once.
MOST_NEEDLES = 255


def expected_books(ledger: Ledger) -> Books:
    """Counted from what Kafka acknowledged."""
    sound = [(sent.event["event_id"], sent.event["revision"]) for sent in ledger.sound()]
    accepted = len(set(sound))
    return Books(len(ledger), accepted, len(ledger.flawed()), len(sound) - accepted)


def books(database: Database, ledger: Ledger) -> list[str]:
    """Accepted + quarantined + duplicates = published, each being what was published as such."""
    found, wanted = Bookkeeping(database).books(), expected_books(ledger)
    return [] if found == wanted else [f"books: {found}, expected {wanted}"]


def kafka_has_what_it_acknowledged(stage: Stage, ledger: Ledger) -> list[str]:
    """No more and no less: the broker's own end offsets, beside the producer's notes."""
    settings = {"bootstrap.servers": stage.kafka.bootstrap_servers, "group.id": "chaos-audit", "log_level": 0}
    found: Counter[tuple[str, int]] = Counter()
    with closing(Consumer(settings)) as consumer:
        for topic in contracts():
            for partition in range(PARTITIONS):
                low, high = consumer.get_watermark_offsets(TopicPartition(topic, partition), timeout=10)
                found[topic, partition] = high - low
    wanted = Counter((topic, partition) for (topic, partition, _), _ in ledger.items())
    return [] if +found == wanted else [f"Kafka: {found} records, acknowledged were {wanted}"]


def facts(database: Database, ledger: Ledger) -> list[str]:
    """Each table of facts holds exactly the sound events, each revision once, every field as published."""
    broken = []
    for topic, contract in contracts().items():
        wanted = {
            (event["event_id"], event["revision"]): _comparable(contract, event)
            for event in (sent.event for sent in ledger.sound() if sent.topic == topic)
        }
        found = _facts(database, contract)
        rows = database.value(f"SELECT count() FROM {facts_table(contract.event_type)} FINAL")
        if rows != len(found):
            broken.append(f"{topic}: {rows} rows for {len(found)} events and revisions")
        for what, keys in (
            ("missing", wanted.keys() - found.keys()),
            ("made up", found.keys() - wanted.keys()),
        ):
            if keys:
                broken.append(f"{topic}: {len(keys)} facts {what}, for example {min(keys)}")
        other = [key for key in wanted.keys() & found.keys() if wanted[key] != found[key]]
        if other:
            broken.append(
                f"{topic}: {len(other)} facts differ, for example {found[other[0]]}, sent was {wanted[other[0]]}"
            )
    return broken


def _facts(database: Database, contract: Contract) -> dict[tuple[Any, int], tuple[str, ...]]:
    columns = [f"toString({_stored_as_text(field.name)})" for field in contract.fields]
    rows = database.rows(
        f"SELECT event_id, revision, [{', '.join(f'ifNull({column}, {chr(39)}{chr(39)})' for column in columns)}]"
        f" FROM {facts_table(contract.event_type)} FINAL"
    )
    return {(event_id, revision): tuple(texts) for event_id, revision, texts in rows}


def _stored_as_text(column: str) -> str:
    if column in ("person", "household"):
        return f"lower(hex({column}))"
    if column in ("occurred_at", "recorded_at"):
        return f"toUnixTimestamp64Milli({column})"
    return column


def _comparable(contract: Contract, event: Any) -> tuple[str, ...]:
    texts = []
    for field in contract.fields:
        value = event[field.name]
        if field.name in ("person", "household"):
            value = value or "0" * 32
        elif field.name in ("occurred_at", "recorded_at"):
            value = round(value.timestamp() * 1000)
        elif isinstance(value, bool):
            value = str(value).lower()
        texts.append("" if value is None else str(value))
    return tuple(texts)


def quarantine(database: Database, ledger: Ledger) -> list[str]:
    """Exactly the flawed records, each once and under the reason of its flaw."""
    rows = database.rows("SELECT topic, partition, offset, reason FROM quarantine FINAL")
    found = {(topic, partition, offset): reason for topic, partition, offset, reason in rows}
    wanted = {place: FLAWS[sent.flaw] for place, sent in ledger.flawed().items()}
    if len(rows) == len(found) and found == wanted:
        return []
    different = sorted(
        place for place in found.keys() | wanted.keys() if found.get(place) != wanted.get(place)
    )
    told = [f"{place}: {found.get(place)}, expected {wanted.get(place)}" for place in different[:3]]
    return [f"quarantine: {len(rows)} rows, {len(different)} places differ: {'; '.join(told)}"]


def values(database: Database, ledger: Ledger, today: date) -> tuple[list[str], int]:
    """Every value of every indicator, area and breakdown on `ORACLE_DAYS` is the oracle's; and how many these are."""
    accepted = [as_oracle_event(sent) for sent in ledger.sound()]
    days = [today + timedelta(days=number) for number in ORACLE_DAYS]
    wanted = oracle.values(accepted, DEFINITIONS, days, oracle.areas_of(accepted))
    found = values_of(database, INDICATORS, wanted)
    different = differences(found, wanted)
    told = f"{len(different)} of {len(wanted)} values differ: {'; '.join(different[:3])}"
    return ([told] if different else []), len(wanted)


def secrets(database: Database, known: Iterable[str]) -> list[str]:
    """No national number that was sent is in any column of any table."""
    tables = [*TEXT_TABLES, *(facts_table(contract.event_type) for contract in contracts().values())]
    numbers = list(known)
    some = [numbers[start : start + MOST_NEEDLES] for start in range(0, len(numbers), MOST_NEEDLES)]
    return [
        f"a national number is in {table}"
        for table, numbers in product(tables, some)
        if database.value(
            f"SELECT countIf(multiSearchAny(formatRow('CSV', *), {list(map(str, numbers))})) FROM {table}"
        )
    ]


def mails(told: Sequence[tuple[str, str]]) -> list[str]:
    """Nobody got the same mail twice; `told` has (recipient, Message-ID) of every mail that arrived."""
    twice = [mail for mail, count in Counter(told).items() if count > 1]
    return [f"{len(twice)} mails came twice, for example {twice[0]}"] if twice else []
