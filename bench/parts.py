"""The parts of tests/parts that benchmarks run on."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench.errors import PartMissing
from bench.registrations import registration_contract
from schemas.contracts import contracts
from tests.parts.kafka import ApacheKafka
from tests.parts.registry import SchemaRegistry
from tests.parts.tansu import Tansu

# How tests/parts says that a part is not on this machine.
PART_IS_MISSING = (pytest.skip.Exception, pytest.fail.Exception)


def started_broker(kind: str, folder: Path) -> ApacheKafka | Tansu:
    """`kafka` is Apache Kafka, `tansu` the embedded broker. Raises `PartMissing`, which says how to get it."""
    part = ApacheKafka if kind == "kafka" else Tansu
    try:
        return part.start(folder)
    except PART_IS_MISSING as missing:
        raise PartMissing(str(missing)) from missing


def known_schema(registry: SchemaRegistry) -> int:
    """Registers all contracts, and returns the id of the registration's schema."""
    for contract in contracts().values():
        registry.content.register(contract.subject, contract.schema_text)
    ours = registration_contract()
    return registry.content.lookup(ours.subject, ours.schema_text).id
