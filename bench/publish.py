"""Fills the topic before anything is measured."""

from __future__ import annotations

from pathlib import Path

from confluent_kafka import KafkaError, Message, Producer
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from bench.avro_file import AvroFile
from bench.errors import PublishError
from bench.registrations import encoded_registrations, registration_contract
from schemas.contracts import parsed_schema

POLL_EVERY = 1000
QUEUED_MESSAGES = 200_000
FLUSH_SECONDS = 120


def publish_registrations(bootstrap: str, schema_id: int, events: int, avro: Path, console: Console) -> None:
    """Sends registrations in Confluent's wire format, keyed by person, and writes the same ones to `avro`."""
    topic = registration_contract().topic
    producer = Producer(
        {
            "bootstrap.servers": bootstrap,
            "linger.ms": 50,
            "queue.buffering.max.messages": QUEUED_MESSAGES,
            "delivery.report.only.error": True,
            "on_delivery": _raise_undelivered,
        }
    )
    prefix = b"\0" + schema_id.to_bytes(4, "big")
    with AvroFile(avro, parsed_schema(topic)) as file, _progress(console) as progress:
        bar = progress.add_task(f"publish to {topic}", total=events)
        for number, event in enumerate(encoded_registrations(events), start=1):
            file.add(event.datum)
            _produce(producer, topic, event.key, prefix + event.datum)
            if number % POLL_EVERY == 0 or number == events:
                producer.poll(0)
                progress.update(bar, completed=number)
    if left := producer.flush(FLUSH_SECONDS):
        raise PublishError(f"{bootstrap} did not take {left} of {events} messages within {FLUSH_SECONDS} s")


def _produce(producer: Producer, topic: str, key: bytes, value: bytes) -> None:
    while True:
        try:
            producer.produce(topic, value, key)
            return
        except BufferError:
            producer.poll(0.1)


def _raise_undelivered(error: KafkaError | None, message: Message) -> None:
    if error is not None:
        raise PublishError(f"a message to {message.topic()} was not delivered: {error.str()}")


def _progress(console: Console) -> Progress:
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    return Progress(*columns, console=console, transient=True)
