"""One poisonous value among sound ones: it is read as Avro says, or refused; the others are stored."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Any

import pytest

from schemas.contracts import contract_of
from sinks.clickhouse.database import Database
from streams.frames import zigzag
from tests.intake_samples import (
    NOW,
    REGISTRATION,
    as_fact,
)
from tests.intake_samples import sample as example
from tests.poison.one_value import (
    assert_as_judged,
    sized,
    value_with,
)
from tests.poison.oracle import REFUSED, Verdict

BENEFIT = contract_of("benefit_grant")


# --- decimals ---


@pytest.mark.parametrize(
    ("cents", "length"),
    [(109_300, length) for length in (3, 4, 7, 8, 9, 20)]
    + [(-1, length) for length in (1, 7, 8, 9)]
    + [(0, 0), (0, 1), (127, 1), (128, 2), (0, 300)],
)
def test_a_decimal_counts_whatever_its_length_up_to_eight_bytes(
    cents: int, length: int, database: Database
) -> None:
    """Sign extension makes it longer without changing it; what the store cannot hold is refused."""
    event = example(BENEFIT, "single")
    raw = cents.to_bytes(length, "big", signed=True)
    value = value_with(BENEFIT, event, amount=zigzag(1) + zigzag(length) + raw)
    verdict = assert_as_judged(database, BENEFIT, value)
    expected = as_fact(BENEFIT, event | {"amount": Decimal(cents).scaleb(-2)})
    assert verdict == (Verdict(expected) if 0 < length <= 8 and cents >= 0 else REFUSED)


# --- numbers, texts, branches ---

HOSTILE_LENGTHS = [
    -1,
    -2,
    -(2**31),
    -(2**62),
    -(2**63),
    10**6,
    2**31 - 1,
    2**31,
    2**33,
    2**40,
    2**62,
    2**63 - 1,
]


@pytest.mark.parametrize("length", HOSTILE_LENGTHS)
@pytest.mark.parametrize("name", ["event_id", "nationality"])
def test_a_text_that_says_it_is_longer_than_all_there_is_is_refused(
    name: str, length: int, database: Database
) -> None:
    odd = (zigzag(1) if name == "nationality" else b"") + zigzag(length) + b"21001"
    assert (
        assert_as_judged(database, REGISTRATION, value_with(REGISTRATION, example(), **{name: odd}))
        == REFUSED
    )


REFUSED_FIELDS: Mapping[str, tuple[str, bytes]] = {
    "an int of 33 bits": ("revision", zigzag(2**31)),
    "a negative int of 33 bits": ("revision", zigzag(-(2**31) - 1)),
    "an int that is 0 in 32 bits": ("revision", zigzag(2**32)),
    "a number of 70 bits": ("revision", b"\xff" * 9 + b"\x7f"),
    "a number that is 0 in 64 bits": ("occurred_at", b"\x80" * 9 + b"\x02"),
    "a number without an end": ("occurred_at", b"\xff" * 30),
    "the last moment of 64 bits": ("occurred_at", zigzag(2**63 - 1)),
    "the first moment of 64 bits": ("occurred_at", zigzag(-(2**63))),
    "a moment that overflows as nanoseconds": ("occurred_at", zigzag(NOW + 18_446_744_073_709)),
    "a recording at the end of time": ("recorded_at", zigzag(2**63 - 1)),
    "a recording before all time": ("recorded_at", zigzag(-(2**63))),
    "the last day of 32 bits": ("valid_until", zigzag(1) + zigzag(2**31 - 1)),
    "the first day of 32 bits": ("valid_until", zigzag(1) + zigzag(-(2**31))),
    "a boolean of 2": ("cancelled", b"\2"),
    "a boolean of 255": ("cancelled", b"\xff"),
    "an enum's -1": ("status", zigzag(-1)),
    "an enum's 64": ("status", zigzag(64)),
    "an enum's 2^31": ("status", zigzag(2**31)),
    "an enum's 2^32": ("status", zigzag(2**32)),
    "an enum's 2^62": ("status", zigzag(2**62)),
    "text that is no UTF-8": ("nationality", zigzag(1) + sized(b"\xff\xfeR")),
    "half of a surrogate pair": ("agency", sized(b"\xed\xa0\x80")),
    "an overlong slash": ("agency", sized(b"dvz\xc0\xaf")),
    "text of zeros": ("municipality", sized(bytes(5))),
    "an identifier of braces": ("event_id", sized(b"{0f8fad5b-d9cb-469f-a165-70867728950}")[:37]),
    "an identifier of 36 hyphens": ("event_id", sized(b"-" * 36)),
    "an identifier of 36 digits": ("event_id", sized(b"0" * 36)),
    "no identifier": ("event_id", sized(b"")),
    "an index and a value that nobody knows": ("nationality", zigzag(2) + sized(b"UKR")),
    "a negative index and a value": ("nationality", zigzag(-1) + sized(b"UKR")),
    "an index of null and a value": ("nationality", zigzag(0) + sized(b"UKR")),
}


@pytest.mark.parametrize("kind", REFUSED_FIELDS)
def test_a_field_out_of_its_bounds_is_refused(kind: str, database: Database) -> None:
    name, odd = REFUSED_FIELDS[kind]
    value = value_with(REGISTRATION, example(), **{name: odd})
    assert assert_as_judged(database, REGISTRATION, value) == REFUSED


LONG_WAYS: Mapping[str, tuple[str, bytes, Any]] = {
    "an int": ("revision", b"\x84\x80\x80\x00", 2),
    "a moment": (
        "recorded_at",
        zigzag(NOW - 1000)[:-1] + bytes([zigzag(NOW - 1000)[-1] | 0x80, 0x80, 0]),
        None,
    ),
    "a length": ("municipality", b"\x8a\x80\x00" + b"21001", "21001"),
    "a branch": ("nationality", b"\x82\x80\x80\x00" + sized(b"UKR"), "UKR"),
}


@pytest.mark.parametrize("kind", LONG_WAYS)
def test_a_number_that_is_written_longer_than_needed_is_read(kind: str, database: Database) -> None:
    name, odd, read = LONG_WAYS[kind]
    event = example(municipality="21001", nationality="UKR")
    verdict = assert_as_judged(database, REGISTRATION, value_with(REGISTRATION, event, **{name: odd}))
    assert verdict.fact is not None
    assert not verdict.limit
    if read is not None:
        assert verdict.fact == as_fact(REGISTRATION, event | {name: read})


@pytest.mark.parametrize("index", [2, 63, 64, -1, 2**31, 2**32, 2**62])
@pytest.mark.parametrize("name", ["nationality", "person"])
def test_the_known_limit_an_index_that_a_union_lacks_is_null_or_refused(
    name: str, index: int, database: Database
) -> None:
    """With no bytes behind it. Never anything but null, and a field that must be there is missing."""
    event = example(nationality="UKR")
    verdict = assert_as_judged(
        database, REGISTRATION, value_with(REGISTRATION, event, **{name: zigzag(index)})
    )
    required = name == "person"
    assert verdict == (
        REFUSED if required else Verdict(as_fact(REGISTRATION, event | {name: None}), limit=True)
    )


def test_the_known_limit_an_index_counts_by_its_lower_32_bits(database: Database) -> None:
    event = example(nationality="UKR")
    value = value_with(REGISTRATION, event, nationality=zigzag(2**32 + 1) + sized(b"UKR"))
    assert assert_as_judged(database, REGISTRATION, value) == Verdict(
        as_fact(REGISTRATION, event), limit=True
    )
