"""Sends certificates of today at a steady pace, as a process of its own: `python -m bench.steady_sender …`.

Those of one partition are all of one municipality. When each was handed to the producer (Unix time) goes to a file:
`{"<municipality>": [1732460000.1, …], …}`, in the order of sending.
"""

from __future__ import annotations

import argparse
import json
import secrets
import sys
import time
import uuid
from datetime import UTC, datetime
from pathlib import Path

from confluent_kafka import Producer

from schemas.areas import municipalities
from schemas.contracts import parsed_schema
from schemas.examples import good_examples, wire_value

PARTITIONS = 4
#: Events are sent in steps of this, as a pause is no shorter.
STEP_SECONDS = 0.005


def areas() -> list[str]:
    """One municipality for each partition."""
    current = [nis for nis, place in municipalities().items() if place.valid_to is None]
    return sorted(current)[:PARTITIONS]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m bench.steady_sender")
    for name in ("bootstrap", "topic"):
        parser.add_argument(f"--{name}", required=True)
    for name in ("schema-id", "rate", "seconds"):
        parser.add_argument(f"--{name}", type=int, required=True)
    parser.add_argument("--times", type=Path, required=True)
    given = parser.parse_args()
    sent = _send(given.bootstrap, given.topic, given.schema_id, given.rate, given.seconds)
    given.times.write_text(json.dumps(sent))
    return 0


def _send(bootstrap: str, topic: str, schema_id: int, rate: int, seconds: int) -> dict[str, list[float]]:
    # As our own publisher (streams/publisher.py): what lingers is part of what is measured.
    producer = Producer({"bootstrap.servers": bootstrap, "linger.ms": 20, "acks": "all"})
    example = next(each.event for each in good_examples() if each.name.endswith("certificate_at_heysel"))
    schema, places = parsed_schema(topic), areas()
    sent: dict[str, list[float]] = {area: [] for area in places}
    begun = time.monotonic()
    for number in range(rate * seconds):
        ahead = begun + number / rate - time.monotonic()
        if ahead > STEP_SECONDS:
            producer.poll(0)
            time.sleep(ahead)
        now = datetime.now(UTC).replace(microsecond=0)
        area = places[number % PARTITIONS]
        event = {
            **example,
            "event_id": uuid.uuid4(),
            "person": f"{secrets.randbits(124):031x}a",
            "occurred_at": now,
            "recorded_at": now,
            "municipality": area,
            "valid_until": None,
        }
        value = wire_value(schema, event, schema_id)
        sent[area].append(time.time())
        producer.produce(topic, value, event["person"].encode(), partition=number % PARTITIONS)
    if left := producer.flush(30):
        raise SystemExit(f"the broker did not take {left} events")
    return sent


if __name__ == "__main__":
    sys.exit(main())
