"""Pairs of Avro schemas that are mostly alike, so that a judge of compatibility has something to decide."""

from __future__ import annotations

import copy
from typing import Any

from hypothesis import strategies as st

_PRIMITIVES = ("null", "boolean", "int", "long", "float", "double", "bytes", "string")
_DEFAULTS = {
    "null": None,
    "boolean": False,
    "int": 0,
    "long": 0,
    "float": 0.0,
    "double": 0.0,
    "bytes": "",
    "string": "",
}
_SYMBOLS = ("red", "green", "blue", "grey")


@st.composite
def types(draw: st.DrawFn, depth: int = 2) -> Any:
    kinds = [
        "primitive",
        "primitive",
        "union",
        "enum",
        "fixed",
        *(["array", "map", "record"] if depth else []),
    ]
    match draw(st.sampled_from(kinds)):
        case "union":
            return draw(st.lists(st.sampled_from(_PRIMITIVES), min_size=1, max_size=3, unique=True))
        case "enum":
            symbols = draw(st.lists(st.sampled_from(_SYMBOLS), min_size=1, max_size=4, unique=True))
            default = {"default": symbols[0]} if draw(st.booleans()) else {}
            return {"type": "enum", "name": draw(_name("E")), "symbols": symbols, **default}
        case "fixed":
            return {"type": "fixed", "name": draw(_name("F")), "size": draw(st.sampled_from([4, 4, 8]))}
        case "array":
            return {"type": "array", "items": draw(types(depth - 1))}
        case "map":
            return {"type": "map", "values": draw(types(depth - 1))}
        case "record":
            return draw(records(depth - 1))
    return draw(st.sampled_from(_PRIMITIVES))


@st.composite
def records(draw: st.DrawFn, depth: int = 2) -> Any:
    names = draw(st.lists(st.sampled_from("abcd"), min_size=1, max_size=3, unique=True))
    fields = []
    for name in names:
        field: dict[str, Any] = {"name": name, "type": draw(types(depth))}
        first = field["type"][0] if isinstance(field["type"], list) else field["type"]
        if isinstance(first, str) and draw(st.booleans()):
            field["default"] = _DEFAULTS[first]
        fields.append(field)
    return {"type": "record", "name": draw(_name("R")), "fields": fields}


@st.composite
def pairs(draw: st.DrawFn) -> tuple[Any, Any]:
    """A reader's and a writer's record schema: one drawn, the other a changed copy, or another drawn one."""
    one = draw(records())
    one["name"] = "Top"
    other = draw(records()) if draw(st.integers(0, 4)) == 0 else copy.deepcopy(one)
    other["name"] = "Top"
    for _ in range(draw(st.integers(0, 3))):
        _change(draw, other)
    reader, writer = (one, other) if draw(st.booleans()) else (other, one)
    return _numbered(reader), _numbered(writer)


def _change(draw: st.DrawFn, record: Any) -> None:
    field = draw(st.sampled_from(record["fields"]))
    kind = field["type"]
    match draw(st.sampled_from(["type", "drop", "alias", "default", "optional", "symbols", "promote"])):
        case "type":
            field["type"] = draw(types(1))
            field.pop("default", None)
        case "drop" if len(record["fields"]) > 1:
            record["fields"].remove(field)
        case "alias":
            field["aliases"] = [field["name"]]
            field["name"] += "_now"
        case "default":
            field.pop("default", None)
        case "optional" if isinstance(kind, str) and kind != "null":
            field |= {"type": ["null", kind], "default": None}
        case "symbols" if isinstance(kind, dict) and kind["type"] == "enum":
            kind["symbols"] = list(dict.fromkeys([*kind["symbols"], "later"]))
        case "promote" if kind in ("int", "long", "float"):
            field["type"] = {"int": "long", "long": "float", "float": "double"}[kind]
            field.pop("default", None)


def _name(letter: str) -> st.SearchStrategy[str]:
    return st.sampled_from([f"{letter}1", f"{letter}1", f"{letter}1", f"{letter}2"])


def _numbered(schema: Any, path: str = "be.p") -> Any:
    """Each named type in a namespace of its place, as no name may be given twice within a schema."""
    if isinstance(schema, list):
        return [_numbered(each, path) for each in schema]
    if not isinstance(schema, dict):
        return schema
    numbered = dict(schema)
    if "name" in numbered:
        numbered["namespace"] = path
    for inside in ("items", "values"):
        if inside in numbered:
            numbered[inside] = _numbered(numbered[inside], f"{path}.{inside}")
    if "fields" in numbered:
        numbered["fields"] = [
            {**each, "type": _numbered(each["type"], f"{path}.{each['name'].removesuffix('_now')}")}
            for each in numbered["fields"]
        ]
    return numbered
