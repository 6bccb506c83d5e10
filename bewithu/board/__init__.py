"""The board: one page and an HTTP API on what is published, served by the worker.

It asks for its data through `BoardData` and knows no store. `make_app` is the whole of it.
"""

from __future__ import annotations

from bewithu.board.alert_data import AlertInfo
from bewithu.board.app import make_app
from bewithu.board.data import (
    AgencyInfo,
    BoardData,
    IndicatorInfo,
    Point,
    Refusal,
    Status,
    Value,
)
from bewithu.board.health import Readiness

__all__ = [
    "AgencyInfo",
    "AlertInfo",
    "BoardData",
    "IndicatorInfo",
    "Point",
    "Readiness",
    "Refusal",
    "Status",
    "Value",
    "make_app",
]
