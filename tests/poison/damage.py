"""Random damage to a batch's values, as a broken sender would do it: brokers and checksums see nothing of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TypeVar

from hypothesis import strategies as st

from streams.frames import zigzag

T = TypeVar("T")
#: Where a value has a length, an index or a boolean, these bytes mean something else.
_TELLING = st.sampled_from([0, 1, 2, 3, 4, 5, 6, 0x48, 0x7E, 0x7F, 0x80, 0x81, 0xFE, 0xFF])
_HOSTILE = st.sampled_from(
    [
        *map(zigzag, (2**31, -(2**31) - 1, 2**32, 2**32 + 1, 2**40, 2**62, -(2**62), -1, -2, 63, 64, 10**6)),
        b"\xff" * 9 + b"\x01",
        b"\xff" * 9 + b"\x7f",
        b"\xff" * 12,
        b"\x80\x00",
        b"\x82\x80\x00",
        b"99010100147",
        b"\xff\xfe",
        b"\0" * 8,
    ]
)
Edit = Callable[[list[bytes]], None]


@st.composite
def edits(draw: st.DrawFn, rows: int, first: int = 5) -> Edit:
    """One change, of what stands from byte `first` on in one of `rows` values."""
    row, other = draw(st.integers(0, rows - 1)), draw(st.integers(0, rows - 1))
    share = draw(st.floats(0, 1, exclude_max=True))
    kind = draw(
        st.sampled_from(["bit", "byte", "byte", "cut", "put", "put hostile", "replace", "swap", "end"])
    )
    number = draw(st.one_of(_TELLING, st.integers(0, 255)))
    size = draw(st.integers(1, 12))
    put = draw(_HOSTILE) if kind in ("put hostile", "replace") else draw(st.binary(max_size=12))

    def edit(values: list[bytes]) -> None:
        value = values[row]
        at = first + int(share * max(len(value) - first, 0))
        if at >= len(value):
            return
        if kind == "bit":
            value = value[:at] + bytes([value[at] ^ 1 << number % 8]) + value[at + 1 :]
        elif kind == "byte":
            value = value[:at] + bytes([number]) + value[at + 1 :]
        elif kind == "cut":
            value = value[:at] + value[at + size :]
        elif kind in ("put", "put hostile"):
            value = value[:at] + put + value[at:]
        elif kind == "replace":
            value = value[:at] + put + value[at + size :]
        elif kind == "end":
            value = value[:-size]
        else:
            values[other], value = values[other][:at] + value[at:], value[:at] + values[other][at:]
        if kind != "swap" or other != row:
            values[row] = value

    return edit


def damaged(values: Sequence[bytes], changes: Sequence[Edit]) -> list[bytes]:
    found = list(values)
    for change in changes:
        change(found)
    return found
