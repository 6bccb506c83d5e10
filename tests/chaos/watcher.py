"""Watches from outside that no offset is committed before its records are stored.

Each look reads the group's committed offsets *first* and the store *after*: what was committed at the first moment
must be there at the second. It asks the broker and ClickHouse themselves, past the proxy, and nothing of the product.
"""

from __future__ import annotations

import threading
from collections import defaultdict
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

import clickhouse_connect
from clickhouse_connect.driver.client import Client
from clickhouse_connect.driver.exceptions import ClickHouseError
from confluent_kafka import Consumer, KafkaException, TopicPartition

from schemas.contracts import contracts
from tests.chaos.ledger import Ledger
from tests.chaos.stage import PARTITIONS

#: Topic and partition.
Partition = tuple[str, int]
_KAFKA_SECONDS = 3


class Watcher:
    """`look` may be called from any thread; `start` also looks again and again from a thread of its own."""

    def __init__(self, bootstrap: str, group: str, clickhouse_port: int, ledger: Ledger) -> None:
        # It never subscribes, so it is no member of the group. (AdminClient.list_consumer_group_offsets would be the
        # obvious way, but librdkafka aborts the process when the broker dies under that call.)
        self._reader = Consumer(
            {
                "bootstrap.servers": bootstrap,
                "group.id": group,
                "log_level": 0,
                "reconnect.backoff.max.ms": 500,
            }
        )
        self._port = clickhouse_port
        self._ledger = ledger
        self._lock = threading.Lock()
        self._ending = threading.Event()
        self._thread = threading.Thread(target=self._watch, name="watcher", daemon=True)
        #: The highest offset ever seen committed, and up to where single records were looked for.
        self.committed: dict[Partition, int] = defaultdict(int)
        self.verified: dict[Partition, int] = defaultdict(int)
        self.looks = 0
        self.records = 0
        self.broken: list[str] = []

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._ending.set()
        if self._thread.is_alive():
            self._thread.join(30)
        self._reader.close()

    def _watch(self) -> None:
        while not self._ending.is_set():
            self.look()
            self._ending.wait(0.2)

    def look(self) -> bool:
        """False when the broker or the store could not be asked; what was seen committed is then checked later."""
        with self._lock:
            with suppress(KafkaException):
                for partition, offset in self._committed_now().items():
                    self.committed[partition] = max(self.committed[partition], offset)
            try:
                with _client(self._port) as store:
                    for partition, upto in self.committed.items():
                        self._check_noted(store, partition, upto)
                        self._check_stored(store, partition, upto)
            except (ClickHouseError, OSError):
                return False
            self.looks += 1
            return True

    def _committed_now(self) -> Mapping[Partition, int]:
        asked = [TopicPartition(topic, partition) for topic in contracts() for partition in range(PARTITIONS)]
        found = self._reader.committed(asked, timeout=_KAFKA_SECONDS)
        return {(each.topic, each.partition): each.offset for each in found if each.offset > 0}

    def _check_noted(self, store: Client, partition: Partition, upto: int) -> None:
        """The batches cover every offset below the committed one."""
        rows = _rows(
            store,
            "SELECT first_offset, last_offset FROM batches WHERE topic = {topic:String} AND"
            " partition = {partition:Int32} AND last_offset >= {since:Int64} ORDER BY first_offset",
            partition,
            since=self.verified[partition],
        )
        covered = self.verified[partition]
        for first, last in rows:
            if first <= covered:
                covered = max(covered, last + 1)
        if covered < upto:
            self.broken.append(f"{partition}: offset {upto} was committed, batches cover {covered}")

    def _check_stored(self, store: Client, partition: Partition, upto: int) -> None:
        """Every single record below the committed offset is in the facts or in the quarantine."""
        since = self.verified[partition]
        window = []
        for offset in range(since, upto):
            # The producer may not yet have been told of the newest ones: these are looked for next time.
            if (sent := self._ledger.at((*partition, offset))) is None:
                break
            window.append((offset, sent))
        if not window:
            return
        facts, refused = _stored(store, partition, since, window)
        for offset, sent in window:
            key = (str(sent.event["event_id"]), sent.event["revision"])
            if (offset not in refused) if sent.flaw else (key not in facts):
                self.broken.append(
                    f"{partition}: offset {upto} was committed, but record {offset} ({sent.flaw or sent.kind})"
                    " is neither in the facts nor in the quarantine"
                )
        self.records += len(window)
        self.verified[partition] = since + len(window)


def _stored(
    store: Client, partition: Partition, since: int, window: Sequence[tuple[int, Any]]
) -> tuple[set[tuple[str, int]], set[int]]:
    """Which events and revisions are facts, and which offsets are in quarantine."""
    event_type = partition[0].split(".")[1]
    # In the statement itself: as a bound value they would go into the address, which has no room for thousands.
    ids = ", ".join(f"'{sent.event['event_id']}'" for _, sent in window)
    facts = _rows(
        store,
        f"SELECT toString(event_id), revision FROM facts_{event_type} WHERE event_id IN ({ids})",
        partition,
    )
    refused = _rows(
        store,
        "SELECT offset FROM quarantine WHERE topic = {topic:String} AND partition = {partition:Int32}"
        " AND offset >= {since:Int64}",
        partition,
        since=since,
    )
    return {(event_id, revision) for event_id, revision in facts}, {offset for (offset,) in refused}


def _rows(store: Client, statement: str, partition: Partition, **parameters: Any) -> Sequence[Sequence[Any]]:
    topic, number = partition
    return store.query(statement, parameters={"topic": topic, "partition": number, **parameters}).result_rows


def _client(port: int) -> Client:
    return clickhouse_connect.get_client(
        host="127.0.0.1", port=port, autogenerate_session_id=False, send_receive_timeout=20
    )
