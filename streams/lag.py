"""How far a worker is behind Kafka: asked of the broker from time to time, and told from memory."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field

from aiokafka.errors import KafkaError
from faust.types import TP

from schemas.contracts import contracts

log = logging.getLogger("bewithu.ingest")

_LONGEST_SECONDS = 10.0


@dataclass
class Lag:
    """Records behind what is committed, by this worker's partitions; none while Kafka does not answer.

    `kafka_answers`: whether it did when it was last asked; None before it was, as while another part is waited for.
    """

    records: Mapping[TP, int] = field(default_factory=dict)
    kafka_answers: bool | None = None


async def watch_lag(lag: Lag, ask: Callable[[float], Awaitable[Mapping[TP, int]]], every: float) -> None:
    """Keeps `lag` true to what `ask` says within so many seconds; never returns, and raises nothing for Kafka."""
    while True:
        try:
            asked = await ask(_LONGEST_SECONDS)
            # Faust has a topic of its own among them.
            lag.records = {tp: behind for tp, behind in asked.items() if tp.topic in contracts()}
            lag.kafka_answers = True
        except (KafkaError, OSError, TimeoutError) as error:
            if lag.kafka_answers:
                log.warning("Kafka does not say how much it has: %s", str(error) or type(error).__name__)
            lag.records, lag.kafka_answers = {}, False
        await asyncio.sleep(every)
