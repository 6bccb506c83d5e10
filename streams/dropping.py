"""Gives refused records up: marks them, tells their agencies, deletes nothing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from schemas.national_number import mask
from schemas.quarantine import Held, Step
from streams.replay import Ledger

_AT_ONCE = 1_000


class Notice(Protocol):
    """Raises `Unavailable` until every agency's answer is safe."""

    def dropped(self, records: Sequence[Held]) -> None: ...


def drop(
    records: Sequence[Held], ledger: Ledger, notice: Notice, by: str, why: str, now: datetime
) -> Sequence[Held]:
    """The records as they stand now; one that is in the facts is left out. Safe to repeat.

    Agencies are told first: after a crash in between, the record is still open and the drop asked for again.
    """
    reason = mask(why)
    given_up = [
        replace(held, state="dropped", changed_at=now, by=by, why=reason)
        for held in records
        if held.state != "accepted"
    ]
    for start in range(0, len(given_up), _AT_ONCE):
        these = given_up[start : start + _AT_ONCE]
        notice.dropped(these)
        ledger.write([Step(held.place, "dropped", now, by, reason) for held in these])
    return given_up
