"""Values of labels: each has a fixed set of them, so that no sender can make new series."""

from __future__ import annotations

from typing import Final

from bewithu.board.agencies import sort_of
from schemas.agencies import agency_codes
from schemas.contracts import contracts
from schemas.reasons import reasons

OTHER: Final = "other"


def agency_label(code: str) -> str:
    """The code of an agency that we know; of the CPAS and the municipalities that of all of them."""
    if code in agency_codes():
        return code
    return sort_of(code) or OTHER


def topic_label(topic: str) -> str:
    return topic if topic in contracts() else OTHER


def reason_label(reason: str) -> str:
    return reason if reason in reasons() else OTHER
