"""Whether a rule's condition holds, for many areas and moments at once: an evaluation and a backtest both call it."""

from __future__ import annotations

from alerts.judging.days import is_provisional, judged_day
from alerts.judging.findings import Finding, Found, find, findings
from alerts.judging.panel import NO, UNKNOWN, YES, Panel, Series

__all__ = [
    "NO",
    "UNKNOWN",
    "YES",
    "Finding",
    "Found",
    "Panel",
    "Series",
    "find",
    "findings",
    "is_provisional",
    "judged_day",
]
