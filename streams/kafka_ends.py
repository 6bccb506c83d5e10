"""Which records Kafka has of our topics, asked by nobody's group: to ask must never disturb those who take them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from confluent_kafka import KafkaException, TopicPartition
from confluent_kafka.admin import AdminClient, OffsetSpec  # type: ignore[attr-defined] # not in its __all__

from bewithu.errors import Unavailable
from bewithu.settings import Kafka
from schemas.contracts import contracts
from schemas.offsets import Ends, Place
from streams.kafka_security import Complaints, librdkafka_options

_PATIENCE_SECONDS = 10.0
_EARLIEST: Final[OffsetSpec] = OffsetSpec.earliest()  # type: ignore[no-untyped-call] # confluent-kafka's
_LATEST: Final[OffsetSpec] = OffsetSpec.latest()  # type: ignore[no-untyped-call]


def our_partitions(client: Any, seconds: float) -> list[TopicPartition]:
    """Every partition that there is of our topics, as any client of confluent-kafka finds them."""
    known = client.list_topics(timeout=seconds).topics
    return [
        TopicPartition(topic, partition)
        for topic in contracts()
        if topic in known
        for partition in known[topic].partitions
    ]


class KafkaEnds:
    """Raises `Unavailable` when no broker answers."""

    def __init__(self, kafka: Kafka, patience_seconds: float = _PATIENCE_SECONDS) -> None:
        self._kafka = kafka
        self._patience = patience_seconds
        self._complaints = Complaints(kafka)

    def now(self) -> Mapping[Place, Ends]:
        """Of every partition that there is of our topics."""
        try:
            admin = AdminClient(
                librdkafka_options(self._kafka) | {"error_cb": self._complaints, "log_level": 0}
            )
            places = our_partitions(admin, self._patience)
            low = self._offsets(admin, places, _EARLIEST)
            high = self._offsets(admin, places, _LATEST)
        except KafkaException as error:
            text = f"{self._kafka.bootstrap_servers}: {error.args[0].str()}"
            raise Unavailable("Kafka", self._complaints.explained(text)) from error
        return {place: Ends(low[place], high[place]) for place in low}

    def _offsets(self, admin: Any, places: list[TopicPartition], which: OffsetSpec) -> dict[Place, int]:
        if not places:
            return {}
        asked = admin.list_offsets(dict.fromkeys(places, which), request_timeout=self._patience)
        return {(each.topic, each.partition): answer.result().offset for each, answer in asked.items()}
