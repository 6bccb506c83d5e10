"""Registration events for the benchmarks, encoded: the same ones every time.

Nine months of 2025, in the order in which agencies recorded them. About five events a person; municipalities
weighted by their inhabitants; thirty agencies: the Immigration Office, and 29 municipalities for all others.
"""

from __future__ import annotations

import random
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from io import BytesIO
from typing import Any

import fastavro

from schemas.areas import areas, municipalities
from schemas.contracts import Contract, contract_of, parsed_schema

AGENCIES = 30
EVENTS_A_PERSON = 5
PERSONS_A_HOUSEHOLD = 2

# After the mergers of 1 January 2025, so that today's municipality codes are valid on every day.
FIRST_RECORDED = datetime(2025, 2, 1, tzinfo=UTC)
LAST_RECORDED = datetime(2025, 11, 1, tzinfo=UTC)
LONGEST_DELAY = timedelta(days=20)
MEAN_DELAY = timedelta(days=2)
VALIDITY_DAYS = 365

STATUSES = {
    "certified": 20,
    "declared": 20,
    "card_issued": 20,
    "renewed": 25,
    "not_renewed": 5,
    "struck_off": 10,
}
WITH_VALIDITY = frozenset({"certified", "card_issued", "renewed"})
REASONS = {
    "departed": 50,
    "returned": 20,
    "ex_officio": 20,
    "other_status": 6,
    "deceased": 3,
    "naturalised": 1,
}
NATIONALITIES = {"UKR": 970, "RUS": 8, "ARM": 5, "GEO": 4, "NGA": 4, "AZE": 3, "MDA": 3, "BLR": 3}
SEXES = {"female": 62, "male": 38}
AGE_GROUPS = {"a00_05": 8, "a06_17": 24, "a18_34": 24, "a35_64": 35, "a65_plus": 9}


@dataclass(frozen=True, slots=True)
class EncodedEvent:
    """One message without its schema id: `key` decides the partition, `datum` is the record in Avro."""

    key: bytes
    datum: bytes


@dataclass(frozen=True, slots=True)
class _Person:
    pseudonym: str
    household: str
    municipality: str
    sex: str
    age_group: str
    nationality: str


def registration_contract() -> Contract:
    """The contract that the events keep."""
    return contract_of("registration")


def encoded_registrations(count: int, seed: int = 2025) -> Iterator[EncodedEvent]:
    """`count` different events, all of which the contract accepts."""
    chance = random.Random(seed)
    schema = parsed_schema(registration_contract().topic)
    persons = _persons(chance, count // EVENTS_A_PERSON + 1)
    towns = _towns()
    step = (LAST_RECORDED - FIRST_RECORDED) / max(count, 1)
    buffer = BytesIO()
    for number in range(count):
        person = persons[int(chance.random() * len(persons))]
        event = _event(chance, person, towns, FIRST_RECORDED + number * step)
        buffer.seek(0)
        buffer.truncate()
        fastavro.schemaless_writer(buffer, schema, event)
        yield EncodedEvent(person.pseudonym.encode(), buffer.getvalue())


def _event(
    chance: random.Random, person: _Person, towns: Sequence[str], recorded_at: datetime
) -> dict[str, Any]:
    delay = min(MEAN_DELAY * chance.expovariate(1), LONGEST_DELAY)
    occurred_at = recorded_at - delay
    (status,) = _draw(chance, STATUSES, 1)
    valid_until = None
    if status in WITH_VALIDITY:
        valid_until = (occurred_at + timedelta(days=1 + int(chance.random() * VALIDITY_DAYS))).date()
    return {
        "event_id": _uuid4(chance),
        "revision": 0,
        "cancelled": False,
        "agency": "dvz" if status == "certified" else f"town-{towns[int(chance.random() * len(towns))]}",
        "occurred_at": occurred_at,
        "recorded_at": recorded_at,
        "person": person.pseudonym,
        "household": person.household,
        "municipality": person.municipality,
        "sex": person.sex,
        "age_group": person.age_group,
        "status": status,
        "reason": _draw(chance, REASONS, 1)[0] if status == "struck_off" else None,
        "nationality": person.nationality,
        "valid_until": valid_until,
    }


def _persons(chance: random.Random, count: int) -> list[_Person]:
    inhabitants = {
        nis: areas()[nis].population for nis, place in municipalities().items() if place.valid_to is None
    }
    households = [_pseudonym(chance) for _ in range(count // PERSONS_A_HOUSEHOLD + 1)]
    return [
        _Person(_pseudonym(chance), chance.choice(households), *drawn)
        for drawn in zip(
            *(_draw(chance, weights, count) for weights in (inhabitants, SEXES, AGE_GROUPS, NATIONALITIES)),
            strict=True,
        )
    ]


def _towns() -> list[str]:
    current = [nis for nis, place in municipalities().items() if place.valid_to is None]
    return sorted(current, key=lambda nis: -areas()[nis].population)[: AGENCIES - 1]


def _draw(chance: random.Random, weights: Mapping[str, int], count: int) -> list[str]:
    return chance.choices(list(weights), list(weights.values()), k=count)


def _pseudonym(chance: random.Random) -> str:
    return f"{chance.getrandbits(128):032x}"


def _uuid4(chance: random.Random) -> str:
    digits = f"{chance.getrandbits(128):032x}"
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"
