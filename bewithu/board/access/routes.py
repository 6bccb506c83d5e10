"""The rule of every route, one line each. A route without one is for operators alone, and fails a test."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal

from bewithu.board.access.visitor import What


@dataclass(frozen=True, slots=True)
class Rule:
    """`what` is asked for; None where no login is needed. `of`: the area that the address names as `area`, the one that
    its alert is in, or the country: every role sees its totals, so that takes any role."""

    what: What | None
    of: Literal["area", "alert", "country"] = "country"


#: No login: it is its own credential, it holds nothing, or it is kept from outside by other means.
ANYBODY: Final = Rule(None)
#: What is published of the area in the address; `VeiledData` leaves out what more than totals the visitor may not see.
OF_AREA: Final = Rule("totals", "area")
#: All that is published of the area in the address.
DETAILS_OF_AREA: Final = Rule("details", "area")
#: Any role; what is shown is decided by what it is about.
ANY_ROLE: Final = Rule("totals")
#: Whoever may acknowledge and silence that alert.
ACT_ON_ALERT: Final = Rule("act", "alert")
OPERATORS: Final = Rule("records")

RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {
        "GET /": OF_AREA,
        "GET /indicators/{id}.csv": OF_AREA,
        "GET /indicators/{id}": OF_AREA,
        "GET /origin": OF_AREA,
        "GET /alerts": OF_AREA,
        "GET /alerts/{fingerprint}": ANY_ROLE,
        "POST /alerts/{fingerprint}/acknowledge": ACT_ON_ALERT,
        "POST /alerts/{fingerprint}/silence": ACT_ON_ALERT,
        "GET /methods": OF_AREA,
        "GET /note": OF_AREA,
        "GET /note.pdf": OF_AREA,
        # The link is signed for what it does and for whom (docs/security.md#links-in-mails).
        "GET /act": ANYBODY,
        "POST /act": ANYBODY,
        "GET /api/v1/status": ANY_ROLE,
        "GET /api/v1/indicators": OF_AREA,
        "GET /api/v1/indicators/{id}": OF_AREA,
        "GET /api/v1/indicators/{id}/origin": DETAILS_OF_AREA,
        "GET /api/v1/alerts": OF_AREA,
        "GET /api/v1/quarantine": OPERATORS,
        "GET /static/{name}": ANYBODY,
        # For Prometheus and whoever restarts workers; a proxy keeps them inside (deploy/haproxy.cfg).
        "GET /metrics": ANYBODY,
        "GET /health/live": ANYBODY,
        "GET /health/ready": ANYBODY,
    }
)


def rule_of(method: str, address: str) -> Rule:
    """`address`: as the route is written, with names in braces. What has no rule is for operators."""
    return RULES.get(f"{'GET' if method == 'HEAD' else method} {address}", OPERATORS)
