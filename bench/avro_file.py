"""An Avro container file put together from records that are encoded already."""

from __future__ import annotations

from io import BytesIO
from pathlib import Path
from types import TracebackType
from typing import Any

import fastavro

BLOCK_BYTES = 1 << 20
SYNC_BYTES = 16


class AvroFile:
    """Writes `path`, uncompressed, in blocks of about 1 MiB, the last one when the context ends."""

    def __init__(self, path: Path, schema: Any) -> None:
        header = BytesIO()
        fastavro.writer(header, schema, [], codec="null")
        self._file = path.open("wb")
        self._file.write(header.getvalue())
        self._sync = header.getvalue()[-SYNC_BYTES:]
        self._block = bytearray()
        self._records = 0

    def __enter__(self) -> AvroFile:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._end_block()
        self._file.close()

    def add(self, datum: bytes) -> None:
        self._block += datum
        self._records += 1
        if len(self._block) >= BLOCK_BYTES:
            self._end_block()

    def _end_block(self) -> None:
        if self._records:
            self._file.write(_long(self._records) + _long(len(self._block)) + self._block + self._sync)
            self._block = bytearray()
            self._records = 0


def _long(number: int) -> bytes:
    encoded = BytesIO()
    fastavro.schemaless_writer(encoded, "long", number)
    return encoded.getvalue()
