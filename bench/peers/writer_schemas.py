"""Decoding of Confluent's wire format with fastavro, the writer's schema fetched once from the registry."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

import fastavro
from confluent_kafka.schema_registry import SchemaRegistryClient

PREFIX = 5  # a zero byte, then the schema id in four bytes, big-endian


class WriterSchemas:
    def __init__(self, url: str) -> None:
        self._client = SchemaRegistryClient({"url": url})
        self._parsed: dict[bytes, Any] = {}

    def decode(self, value: bytes | None) -> Any:
        """The event as a dict, logical types applied."""
        assert value is not None, "a tombstone on an event topic"
        prefix = value[:PREFIX]
        schema = self._parsed.get(prefix) or self._fetch(prefix)
        return fastavro.schemaless_reader(BytesIO(value[PREFIX:]), schema, None)

    def _fetch(self, prefix: bytes) -> Any:
        if len(prefix) < PREFIX or prefix[0] != 0:
            raise ValueError(f"message starts with {prefix!r}, expected a zero byte and a schema id")
        registered = self._client.get_schema(int.from_bytes(prefix[1:], "big"))
        schema = self._parsed[prefix] = fastavro.parse_schema(json.loads(registered.schema_str or ""))
        return schema
