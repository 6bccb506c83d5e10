"""What an agency is answered about its refused records: the newest answer for each event, or none any more.

The contract is `schemas/outward/rejection.v1.avsc`.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from schemas.contracts import Contract
from schemas.intake import Refusal
from schemas.outward import outward_contract
from schemas.quarantine import Held, Place


def rejections() -> Contract:
    """The contract of the topic `bewithu.rejections.v1`."""
    return outward_contract("rejection")


def held(refusal: Refusal) -> Held:
    """A refusal as the quarantine will have it, as long as nothing was done about it."""
    return Held(
        place=Place(refusal.topic, refusal.partition, refusal.offset),
        agency=refusal.agency,
        event_id=refusal.event_id,
        reason=refusal.reason,
        field=refusal.field,
        detail=refusal.detail,
        raw_length=refusal.raw_length,
        kafka_time=refusal.kafka_time,
        known_at=refusal.known_at,
    )


def key(record: Held) -> str:
    """`agency|event_id`, or `agency|topic/partition/offset` while the event cannot be read."""
    return f"{record.agency}|{record.event_id or record.place}"


def value(record: Held) -> dict[str, Any]:
    """The answer about a record that is open or dropped, in the types that fastavro encodes."""
    dropped = record.state == "dropped"
    return {
        "agency": record.agency,
        "event_id": UUID(record.event_id) if record.event_id else None,
        "topic": record.place.topic,
        "partition": record.place.partition,
        "offset": record.place.offset,
        "reason": record.reason,
        "field": record.field or None,
        "detail": record.detail,
        "kafka_time": record.kafka_time,
        "refused_at": record.known_at,
        "raw_length": record.raw_length,
        "status": "dropped" if dropped else "refused",
        "remark": record.why if dropped else None,
    }


def answers(now: Sequence[Held], before: Sequence[Held], others: Iterable[Held]) -> Mapping[str, Held | None]:
    """For each key that the records touch, the record to answer about; None takes the answer back.

    `now`: the records as they stand now, `before` as they stood earlier, `others`: different records, open or
    dropped, of the same events. Several records may be of one event: the one published last is told.
    An agency that is not known cannot be answered.
    """
    told: dict[str, Held | None] = {key(record): None for record in [*before, *now] if record.agency}
    for record in [*others, *now]:
        mine = key(record)
        if mine not in told or record.state == "accepted":
            continue
        newest = told[mine]
        if newest is None or (record.kafka_time, record.place) >= (newest.kafka_time, newest.place):
            told[mine] = record
    return told
