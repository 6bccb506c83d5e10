"""A look at an event's bytes says no more than a decoder would."""

from __future__ import annotations

import io
import json
from collections.abc import Sequence
from typing import Any

import fastavro
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.contracts import Contract, contracts
from streams.decoding import Damage, decode
from streams.frames import zigzag
from streams.plain_form import PlainForm, _walked, plain_form
from streams.writer_schemas import WriterSchema, writer_schema
from tests.intake_samples import REGISTRATION, encoded, sample

WIRE = b"\0\0\0\0\1"
Edits = list[tuple[float, int, bytes]]
#: Where (as a share of the value), how many bytes are cut out there, and what is put in their place.
EDITS = st.lists(
    st.tuples(st.floats(0, 1, exclude_max=True), st.integers(0, 3), st.binary(max_size=3)), max_size=3
)


def edited(value: bytes, edits: Sequence[tuple[float, int, bytes]]) -> bytes:
    for share, cut, put in edits:
        place = len(WIRE) + int(share * (len(value) - len(WIRE)))
        value = value[:place] + put + value[place + cut :]
    return value


def writer_of(contract: Contract) -> WriterSchema:
    return writer_schema(contract, json.loads(contract.schema_text))


def form_around(*fields: dict[str, Any]) -> PlainForm:
    return plain_form({"type": "record", "name": "Odd", "fields": list(fields)})


@settings(max_examples=300, suppress_health_check=[HealthCheck.too_slow])
@given(contract=st.sampled_from(list(contracts().values())), edits=EDITS)
def test_what_matches_the_pattern_is_an_event_to_its_last_byte(contract: Contract, edits: Edits) -> None:
    value, writer = edited(encoded(sample(contract), contract), edits), writer_of(contract)
    if not edits and not any(each.avro_type == "bytes" for each in contract.fields):
        assert writer.form.is_usual(value)
    if writer.form.is_usual(value):
        assert _walked(value, writer.form.steps) == "plain"
        read = decode(value, writer)
        # A pattern does not look into texts, nor at what a moment may be.
        assert not isinstance(read, Damage) or read.reason == "undecodable"


@pytest.mark.parametrize("length", [0, 1, 31, 32, 63, 64, 65, 200, 8191, 8192])
def test_texts_of_any_length_are_plain_or_left_to_a_decoder(length: int) -> None:
    value = encoded(sample(agency="a" * length))
    form = writer_of(REGISTRATION).form
    assert form.is_usual(value) == (length < 64)
    assert form.of(value) == ("plain" if length < 8192 else "unsure")
    assert form.of(value[:-1]) == form.of(value + b"\0") == "unsure"


@pytest.mark.parametrize("number", [0, 1, -1, 63, 64, 2**27 - 1, -(2**27), 2**31 - 1, -(2**31)])
def test_every_int_is_plain_or_left_to_a_decoder(number: int) -> None:
    form = form_around({"name": "number", "type": "int"})
    assert form.of(WIRE + zigzag(number)) == ("plain" if -(2**27) <= number < 2**27 else "unsure")
    assert form.of(WIRE + zigzag(number + 2**32)) == "wrong"


@pytest.mark.parametrize(
    ("length", "form"), [(0, "unsure"), (1, "plain"), (8, "plain"), (9, "unsure"), (70, "unsure")]
)
def test_a_decimal_that_the_store_does_not_hold_is_left_to_it(length: int, form: str) -> None:
    kind = {"type": "bytes", "logicalType": "decimal", "precision": 10, "scale": 2}
    amount = zigzag(length) + b"\1" * length
    alone = form_around({"name": "amount", "type": kind})
    assert alone.of(WIRE + amount) == form
    assert alone.is_usual(WIRE + amount) == (form == "plain")
    # Behind a text that no pattern takes it is walked over.
    behind = form_around({"name": "text", "type": "string"}, {"name": "amount", "type": kind})
    assert behind.of(WIRE + zigzag(64) + b"x" * 64 + amount) == form


def test_an_identifier_is_usual_in_hexadecimal_digits_only() -> None:
    form = writer_of(REGISTRATION).form
    value = encoded(sample())
    assert form.is_usual(value)
    assert form.is_usual(value[:6] + value[6:42].upper() + value[42:])
    for odd in b"g", b"_", b" ", b"-", b"\xb2":
        assert not form.is_usual(value[:7] + odd + value[8:])


@pytest.mark.parametrize(
    "union",
    [["int", "string", "null"], ["null", "int", "string"], ["int", "null", "string"], ["int", "long"]],
)
def test_a_union_of_several_types_is_left_to_a_decoder(union: list[str]) -> None:
    schema = {"type": "record", "name": "Odd", "fields": [{"name": "odd", "type": union}]}
    for value in (1, "text", None):
        written = io.BytesIO(WIRE)
        written.seek(len(WIRE))
        try:
            fastavro.schemaless_writer(written, fastavro.parse_schema(schema), {"odd": value})
        except ValueError:
            continue  # none of this union
        assert plain_form(schema).of(written.getvalue()) == "unsure"


def test_an_enum_without_symbols_is_left_to_a_decoder() -> None:
    empty = {"type": "enum", "name": "Empty", "symbols": []}
    assert form_around({"name": "odd", "type": empty}).of(WIRE + b"\0") == "unsure"
