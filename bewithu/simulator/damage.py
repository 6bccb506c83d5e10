"""Messages as they should not be: for each kind of damage, what an agency's faulty software would send."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from random import Random
from typing import Any

from bewithu.simulator.acts import CAPACITY, HOUSING
from bewithu.simulator.publication import Damage

HUGE = 5 * 1024 * 1024
_PREFIX = 5  # the magic byte and the schema's id
_ODD_SYMBOL = 0x50  # the 40th symbol, more than any enum has
_POSTAL_CODES = ("1000", "2000", "3000", "4000", "5000", "6000", "8400", "9000", "99999")

#: Weights. Huge ones are rare, as each is 5 MB; few events have an amount that could be negative.
_FREQUENCY = {
    Damage.TRUNCATED: 150,
    Damage.OVERLONG: 100,
    Damage.WRONG_MAGIC: 80,
    Damage.UNKNOWN_SCHEMA: 80,
    Damage.BAD_ENUM: 120,
    Damage.EMPTY: 50,
    Damage.HUGE: 3,
    Damage.UNKNOWN_MUNICIPALITY: 180,
    Damage.IN_FUTURE: 100,
    Damage.NEGATIVE_AMOUNT: 400,
    Damage.NATIONAL_NUMBER: 80,
}


def choose(random: Random, allowed: tuple[Damage, ...], has_amount: bool) -> Damage | None:
    """One of the allowed damages, a negative amount only where there is one; None where nothing fits."""
    possible = [kind for kind in allowed if has_amount or kind is not Damage.NEGATIVE_AMOUNT]
    return random.choices(possible, [_FREQUENCY[kind] for kind in possible])[0] if possible else None


def spoilt(
    topic: str, event: Mapping[str, Any], damage: Damage, published_at: datetime, random: Random
) -> Mapping[str, Any]:
    """The event with the damage done to it, or as it is where the damage hits bytes."""
    match damage:
        case Damage.UNKNOWN_MUNICIPALITY:
            return {**event, "municipality": random.choice(_POSTAL_CODES)}
        case Damage.IN_FUTURE:
            ahead = published_at + timedelta(days=random.randint(2, 400))
            return {**event, "occurred_at": ahead, "recorded_at": ahead}
        case Damage.NEGATIVE_AMOUNT:
            return {**event, "amount": -event["amount"]}
        case Damage.NATIONAL_NUMBER:
            field = "site" if topic in (HOUSING, CAPACITY) else "household"
            return {**event, field: impossible_number(random)}
        case _:
            return event


def damaged(value: bytes, damage: Damage, random: Random) -> bytes:
    """An encoded message (Confluent wire format) with the damage done, if it is one that hits bytes."""
    match damage:
        case Damage.TRUNCATED:
            return value[: random.randrange(_PREFIX + 1, len(value))]
        case Damage.OVERLONG:
            return value + random.randbytes(random.randint(1, 64))
        case Damage.WRONG_MAGIC:
            return bytes([random.randint(1, 255)]) + value[1:]
        case Damage.UNKNOWN_SCHEMA:
            return value[:1] + random.randint(0x7F00_0000, 0x7FFF_FFFF).to_bytes(4, "big") + value[_PREFIX:]
        case Damage.BAD_ENUM:
            place = _PREFIX + _length_of_envelope(value[_PREFIX:])
            return value[:place] + bytes([_ODD_SYMBOL]) + value[place + 1 :]
        case Damage.EMPTY:
            return b""
        case Damage.HUGE:
            return value + bytes(HUGE)
        case _:
            return value


def impossible_number(random: Random) -> str:
    """A Belgian national number with the right check digits that nobody can have: born between 2060 and 2089.

    Only the check of those born from 2000 on fits it, so it cannot be read as a birth in the 1900s either.
    """
    birth = f"{random.randint(60, 89)}{random.randint(1, 12):02}{random.randint(1, 28):02}"
    counter = f"{random.randint(1, 997):03}"
    check = f"{97 - int('2' + birth + counter) % 97:02}"
    if random.random() < 0.5:
        return birth + counter + check
    return f"{birth[:2]}.{birth[2:4]}.{birth[4:]}-{counter}.{check}"


def _length_of_envelope(datum: bytes) -> int:
    """Bytes of the nine fields that every event starts with; an enum follows them, sex or status."""
    at = _after_text(datum, 0)  # event_id
    at = _after_number(datum, at)  # revision
    at = _after_text(datum, at + 1)  # cancelled, agency
    at = _after_number(datum, _after_number(datum, at))  # occurred_at, recorded_at
    for _ in ("person", "household"):
        at = _after_text(datum, at + 1) if datum[at] else at + 1
    return _after_text(datum, at)  # municipality


def _after_number(datum: bytes, at: int) -> int:
    while datum[at] & 0x80:
        at += 1
    return at + 1


def _after_text(datum: bytes, at: int) -> int:
    end = _after_number(datum, at)
    zigzag = sum((byte & 0x7F) << (7 * place) for place, byte in enumerate(datum[at:end]))
    return end + (zigzag >> 1)
