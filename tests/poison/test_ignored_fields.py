"""Whatever an agency writes in fields that no contract knows harms neither its event nor another."""

from __future__ import annotations

import json
from collections.abc import Callable, Mapping
from typing import Any

import pytest

from sinks.clickhouse.database import Database
from streams.frames import zigzag
from tests.intake_samples import (
    REGISTRATION,
    Registry,
    as_fact,
    encoded,
)
from tests.intake_samples import sample as example
from tests.poison.one_value import (
    FOREIGN,
    assert_taken_as,
    pieces_of,
    sized,
)
from tests.poison.oracle import REFUSED, Verdict

_LEAF = {"type": "fixed", "name": "Leaf", "size": 1}


def nested(levels: int, inner: Any, around: Callable[[int, Any], Any]) -> Any:
    for level in range(levels):
        inner = around(level, inner)
    return inner


def record(level: int, inner: Any) -> Any:
    return {"type": "record", "name": f"Level{level}", "fields": [{"name": "inner", "type": inner}]}


UNION = ["null", "int", "double", "string"]
COLOUR = {"type": "enum", "name": "Colour", "symbols": ["red", "green"]}
LONGS, TEXTS = {"type": "array", "items": "long"}, {"type": "map", "values": "string"}
LISTS = nested(60, "long", lambda _, inner: {"type": "array", "items": inner})
#: Type, bytes, and whether there is an event around them: None where that is left to the store.
FOREIGNERS: Mapping[str, tuple[Any, bytes, bool | None]] = {
    "not a number": ("double", b"\0\0\0\0\0\0\xf8\x7f", True),
    "infinity": ("double", b"\0\0\0\0\0\0\xf0\xff", True),
    "a short not a number": ("float", b"\0\0\xc0\x7f", True),
    "no UTF-8": ("bytes", sized(b"\xff\xfe"), True),
    "text that is no UTF-8": ("string", sized(b"\xff\xfe"), None),
    "a union's second value": (UNION, zigzag(2) + bytes(8), True),
    "a union's fifth value": (UNION, zigzag(4), False),
    "a union's value -1": (UNION, zigzag(-1), False),
    "a union's value 2^32": (UNION, zigzag(2**32), False),
    "an enum's fifth symbol": (COLOUR, zigzag(4), None),
    "an enum's symbol -1": (COLOUR, zigzag(-1), None),
    "an array in blocks with sizes": (LONGS, zigzag(-2) + zigzag(2) + b"\2\4" + zigzag(1) + b"\6\0", True),
    "an array of 2^62": (LONGS, zigzag(2**62) + b"\2\2\0", False),
    "an array of -2^62": (LONGS, zigzag(-(2**62)) + zigzag(1) + b"\2\0", False),
    "an array of -2^63": (LONGS, zigzag(-(2**63)) + zigzag(1) + b"\2\0", False),
    "an array without an end": (LONGS, zigzag(1) + b"\2", False),
    "a map of 2^62": (TEXTS, zigzag(2**62) + sized(b"a") + sized(b"b") + b"\0", False),
    "a map with a key of 2^62": (TEXTS, zigzag(1) + zigzag(2**62) + b"a", False),
    "bytes of 2^40": ("bytes", zigzag(2**40), False),
    "records in records": (nested(60, _LEAF, record), b"x", True),
    "lists in lists": (LISTS, zigzag(1) * 59 + zigzag(0) + bytes(59), True),
    "a list of 30 000 lists": (
        {"type": "array", "items": LONGS},
        zigzag(30_000) + bytes(30_000) + b"\0",
        True,
    ),
}


@pytest.mark.parametrize("kind", FOREIGNERS)
def test_whatever_stands_in_a_field_that_is_ignored_harms_nothing(kind: str, database: Database) -> None:
    declared, odd, whole = FOREIGNERS[kind]
    schema = json.loads(REGISTRATION.schema_text)
    schema["fields"].insert(8, {"name": "extra", "type": declared})
    registry = Registry()
    registry.texts[FOREIGN] = json.dumps(schema)
    event = example()
    pieces = list(pieces_of(event, REGISTRATION.schema).values())
    value = b"\0\0\0\0" + bytes([FOREIGN]) + b"".join([*pieces[:8], odd, *pieces[8:]])
    fact = as_fact(REGISTRATION, event)
    verdict = REFUSED if whole is False else Verdict(fact, limit=whole is None)
    assert_taken_as(database, REGISTRATION, value, verdict, registry)


def test_a_schema_of_a_thousand_levels_holds_nothing_up(database: Database) -> None:
    for levels in (200, 400, 1_000, 3_000):
        registry = Registry()
        schema = json.loads(REGISTRATION.schema_text)
        schema["fields"].append({"name": "extra", "type": "@", "default": []})
        deep = '{"type": "array", "items": ' * levels + '"long"' + "}" * levels
        registry.texts[FOREIGN] = json.dumps(schema).replace('"@"', deep)
        event = example()
        value = b"\0\0\0\0" + bytes([FOREIGN]) + encoded(event)[5:] + b"\0"
        assert_taken_as(
            database, REGISTRATION, value, Verdict(as_fact(REGISTRATION, event), limit=True), registry
        )
