"""The contracts of what we publish ourselves: `<record>.v<major>.avsc` beside this file.

They are ours to others, so they are none of `contracts()`, which are agencies' to us.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from schemas.contracts import Contract, fields_of

#: The record in each file, and the topic's word for many of them.
_RECORDS: Final[Mapping[str, str]] = {"rejection": "rejections", "alert": "alerts"}


@cache
def outward_contracts() -> Mapping[str, Contract]:
    """All of them by topic."""
    loaded = [_load(record, plural) for record, plural in _RECORDS.items()]
    return MappingProxyType({contract.topic: contract for contract in loaded})


def outward_contract(record: str) -> Contract:
    """The contract of a record, such as `rejection`. Raises `KeyError`."""
    return outward_contracts()[f"bewithu.{_RECORDS[record]}.v1"]


def outward_records() -> tuple[str, ...]:
    """What the records are called."""
    return tuple(_RECORDS)


def _load(record: str, plural: str) -> Contract:
    schema = json.loads((files("schemas.outward") / f"{record}.v1.avsc").read_text("utf-8"))
    return Contract(plural, 1, schema, fields_of(schema), ())
