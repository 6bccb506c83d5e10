"""What hostile bytes may do to the parts that read them in Python: one function each, which fails where they do more.

`python -m tests.fuzz` searches with atheris, guided by what the code does; tests/fuzz/test_targets.py tries a few
hundred in each run of the tests.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from functools import cache
from typing import Any

from schemas.contracts import contracts, parsed_schema
from schemas.examples import good_examples
from schemas.national_number import mask, mask_bytes
from streams.decoding import Damage, decode, is_whole
from streams.record_batches import LogBatch, Unreadable, complete_batches, read_batch
from streams.record_reader import LogRecord
from streams.refusals import Place, refusal
from streams.unpacking import MOST_UNPACKED, unpack
from streams.writer_schemas import WriterSchema
from tests.intake_samples import contract_id, encoded
from tests.kafka_batches import Written, around, by_hand, with_client
from tests.poison.oracle import Malformed, records_in, strictly_read

Target = Callable[[bytes], None]
_NOW = datetime(2026, 6, 1, tzinfo=UTC)
_HEADER = 61
_BASE = 1_000


# --- record batches ---


def a_log(data: bytes) -> None:
    """Bytes of a log, as a fetch brings them: read to the end, or called unreadable."""
    position = 0
    for raw in complete_batches(data):
        if raw[16] == 2 and len(raw) < _HEADER:
            return  # a batch without a header has no checksum, and the transport looks at that first
        batch, behind = read_batch(raw, position)
        position = max(position, behind)
        if batch is not None:
            _read(batch)


def a_batch_of_records(data: bytes) -> None:
    """What stands in a batch's body: as plain Python reads it, or unreadable as a whole."""
    count, body = (data[0], data[1:]) if data else (1, b"")
    if not count:
        return
    batch, _ = read_batch(memoryview(around(body, _BASE, count=count, last_delta=count - 1)), 0)
    assert batch is not None
    try:
        expected: Any = [(_BASE + delta, value) for delta, _, value in records_in(body, count, count - 1)]
    except (Malformed, IndexError):
        expected = None
    found = _read(batch)
    assert (None if found is None else [(each.offset, each.value) for each in found]) == expected


def a_compressed_batch(data: bytes) -> None:
    """Never more than the limit, whatever the codec says."""
    codec, packed = (data[0] % 8, data[1:]) if data else (0, b"")
    try:
        unpacked = unpack(packed, codec)
    except Exception:
        return  # LogBatch makes `Unreadable` of it, see below
    finally:
        batch, _ = read_batch(
            memoryview(around(packed, _BASE, count=2, last_delta=1, attributes=codec)), _BASE + 1
        )
        assert batch is not None
        _read(batch)
    assert len(unpacked) <= max(MOST_UNPACKED, len(packed))


def _read(batch: LogBatch) -> Sequence[Any] | None:
    try:
        records = batch.records()
    except Unreadable:
        assert [each.value for each in batch.placeholders()]
        return None
    offsets = [each.offset for each in records]
    assert offsets == sorted(set(offsets))
    assert all(batch.first_offset <= offset <= batch.last_offset for offset in offsets)
    return records


# --- events ---


@cache
def _writer(topic: str) -> WriterSchema:
    return WriterSchema(b"", parsed_schema(topic), contracts()[topic].schema)


def an_event(data: bytes) -> None:
    """Decoded as plain Python reads it; what is called plain or wrong without decoding is so."""
    for contract in contracts().values():
        value = b"\0\0\0\0" + bytes([contract_id(contract)]) + data
        writer = _writer(contract.topic)
        event = decode(value, writer)
        try:
            expected = strictly_read(contract, value)
        except (Malformed, IndexError):
            expected = None
        if expected is not None:
            assert event == expected
        elif isinstance(event, dict):
            # A decimal that the store cannot hold, or a number of more than 64 bits: the store has the last word.
            assert writer.form.of(value) == "unsure", event
        form = writer.form.of(value)
        if form == "plain":
            # It looks at lengths and numbers; what a text holds is for the store and the rules.
            assert not isinstance(event, Damage) or event.reason == "undecodable", event
            assert is_whole(value, writer)
        elif form == "wrong":
            assert isinstance(event, Damage)
            assert expected is None


# --- refusals ---


def a_refused_record(data: bytes) -> None:
    """Kept with what it said, without a number of anybody's; bytes of every kind can be kept."""
    at = data[0] if data else 0
    record = LogRecord(at, int.from_bytes(data[1:9], "big", signed=True), data[9:], [("agency", data[:at])])
    kept = refusal(Place("topic", 0, _NOW), record, "undecodable", mask(data.decode("latin-1")))
    assert kept.raw_length == len(data[9:])
    assert not holds_eleven(kept.raw)
    assert not holds_eleven(kept.detail.encode("latin-1", "replace"), alone=True)
    assert len(mask_bytes(data)) == len(data)
    assert all(
        now == was or (now == 0x2A and 0x30 <= was <= 0x39)
        for now, was in zip(mask_bytes(data), data, strict=True)
    )


def holds_eleven(raw: bytes, alone: bool = False) -> bool:
    """Whether eleven digits in a row are somebody's number. `alone`: only where no digit stands around them."""
    for at in range(len(raw) - 10):
        digits = raw[at : at + 11]
        if not digits.isdigit():
            continue
        if alone and (raw[at - 1 : at].isdigit() or raw[at + 11 : at + 12].isdigit()):
            continue
        month, day, nine = int(digits[2:4]), int(digits[4:6]), int(digits[:9])
        dated = month < 60 and month % 20 <= 12 and day <= 31
        if dated and int(digits[9:]) in (97 - nine % 97, 97 - (2_000_000_000 + nine) % 97):
            return True
    return False


TARGETS: Mapping[str, Target] = {
    each.__name__: each
    for each in (a_log, a_batch_of_records, a_compressed_batch, an_event, a_refused_record)
}


def seeds() -> Mapping[str, Sequence[bytes]]:
    """Sound bytes for each target, to be spoiled."""
    values = [encoded(dict(each.event), each.contract) for each in good_examples()]
    records = [Written(value, b"key", [("agency", b"dvz")]) for value in values[:3]]
    batches = {codec: with_client(records, 7, codec) for codec in ("none", "gzip", "snappy", "lz4", "zstd")}
    numbers = [b"99010100147", b"850730-999 32 99.41.15-003.02", b"\x0299271500497\x00"]
    return {
        "a_log": [*batches.values(), by_hand(records, 3) * 2],
        "a_batch_of_records": [b"\3" + batches["none"][_HEADER:], b"\1" + by_hand(records[:1], 0)[_HEADER:]],
        "a_compressed_batch": [
            bytes([number]) + batch[_HEADER:] for number, batch in enumerate(batches.values())
        ],
        "an_event": [value[5:] for value in values],
        "a_refused_record": [bytes(9) + number for number in numbers] + [values[0] + numbers[0]],
    }
