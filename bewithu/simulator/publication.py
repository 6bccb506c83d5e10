"""What leaves the simulator."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any


class Damage(StrEnum):
    """What is wrong with a message. The first seven hit its bytes, the others its event."""

    TRUNCATED = "truncated"
    OVERLONG = "overlong"
    WRONG_MAGIC = "wrong_magic"
    UNKNOWN_SCHEMA = "unknown_schema"
    BAD_ENUM = "bad_enum"
    EMPTY = "empty"
    HUGE = "huge"
    UNKNOWN_MUNICIPALITY = "unknown_municipality"
    IN_FUTURE = "in_future"
    NEGATIVE_AMOUNT = "negative_amount"
    NATIONAL_NUMBER = "national_number"

    @property
    def hits_bytes(self) -> bool:
        """True when the event is whole and only its encoded message is to be damaged."""
        return self in _OF_BYTES


_OF_BYTES = frozenset(
    {
        Damage.TRUNCATED,
        Damage.OVERLONG,
        Damage.WRONG_MAGIC,
        Damage.UNKNOWN_SCHEMA,
        Damage.BAD_ENUM,
        Damage.EMPTY,
        Damage.HUGE,
    }
)


@dataclass(frozen=True, slots=True)
class Publication:
    """One message that an agency publishes at `published_at` (UTC).

    `event` has the Python types that fastavro encodes: text for uuid and enums, aware UTC datetimes, dates,
    Decimals. With `damage` the event is already wrong, or its bytes are to go through `damaged`.
    """

    topic: str
    event: Mapping[str, Any]
    published_at: datetime
    damage: Damage | None
