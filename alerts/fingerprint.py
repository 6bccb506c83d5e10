"""The name that an alert has everywhere: in what Alertmanager is told, and in the address of its page on the board."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

_FNV_OFFSET: Final = 0xCBF29CE484222325
_FNV_PRIME: Final = 0x100000001B3
_SEPARATOR: Final = b"\xff"


def alert_labels(rule: str, area: str) -> dict[str, str]:
    """What makes an alert that alert."""
    return {"alertname": rule, "area": area}


def alert_fingerprint(rule: str, area: str) -> str:
    """The same for all alerts of a rule in an area, whatever becomes of the rule."""
    return fingerprint(alert_labels(rule, area))


def fingerprint(labels: Mapping[str, str]) -> str:
    """16 hexadecimal digits, as Alertmanager works them out from labels (FNV-1a).

    Ours are of what makes an alert that alert, not of its severity or of a rule's own labels: whoever edits a rule
    while it fires must not leave an alert behind that never ends.
    """
    total = _FNV_OFFSET
    for name in sorted(labels):
        for byte in name.encode() + _SEPARATOR + labels[name].encode() + _SEPARATOR:
            total = (total ^ byte) * _FNV_PRIME % (1 << 64)
    return f"{total:016x}"
