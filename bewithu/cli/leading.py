"""Waits for indicators, whoever works them out."""

from __future__ import annotations

import time
from collections.abc import Callable

from bewithu.clock import SystemClock
from schemas.indicators import Indicators
from sinks.clickhouse.database import Database
from sinks.clickhouse.indicator_store import ClickHouseIndicators

_LOOK_EVERY_SECONDS = 0.5


def next_step(database: Database, indicators: Indicators) -> Callable[[], object]:
    """To be called again and again until something is done.

    On a server the worker that leads does it, so a call waits a moment; the embedded database has one process, so a
    call is a step of a refresh.
    """
    if not database.embedded:
        return lambda: time.sleep(_LOOK_EVERY_SECONDS)
    store = ClickHouseIndicators(database, indicators)
    return lambda: store.refresh(SystemClock().now())
