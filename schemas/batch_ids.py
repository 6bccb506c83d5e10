"""Ids of batches: the later one is higher, as far as clocks go (RFC 9562, version 7)."""

from __future__ import annotations

import secrets
import time
from uuid import UUID


def new_batch_id() -> UUID:
    """48 bits of milliseconds since 1970, the version, 74 random bits and the variant."""
    moment, chance = time.time_ns() // 1_000_000, secrets.randbits(74)
    high = (moment & (1 << 48) - 1) << 16 | 0x7000 | chance >> 62
    return UUID(int=high << 64 | 0b10 << 62 | chance & (1 << 62) - 1)
