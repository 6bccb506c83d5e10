"""Whether a visitor may see or do something of an area. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, Literal, get_args

from schemas.areas import COUNTRY, ancestors, areas, is_within

#: Each may all that those before it may.
Role = Literal["reader", "coordinator", "operator"]
ROLES: Final[tuple[Role, ...]] = get_args(Role)

#: What can be asked for of an area: its `totals`; all else that is published of it (`details`); who looks after its
#: alerts, comments and reasons (`comments`); to acknowledge and silence its alerts (`act`); refused `records`.
What = Literal["totals", "details", "comments", "act", "records"]

_NEEDS: Final[Mapping[What, Role]] = MappingProxyType(
    {
        "totals": "reader",
        "details": "reader",
        "comments": "coordinator",
        "act": "coordinator",
        "records": "operator",
    }
)


@dataclass(frozen=True, slots=True, order=True)
class Grant:
    """A role of an area and of all that lies in it."""

    role: Role
    area: str


@dataclass(frozen=True, slots=True)
class Visitor:
    """`name`: as the login knows them; empty for somebody who was not asked."""

    name: str
    grants: frozenset[Grant]

    @property
    def sight(self) -> tuple[Grant, ...]:
        """All that what they see depends on: the same for all who may see the same."""
        return tuple(sorted(self.grants))


#: Who was not asked, and of whom nothing is known.
NOBODY: Final = Visitor("", frozenset())
#: Everybody, where there is no login: published values of the whole country.
PUBLIC: Final = Visitor("", frozenset({Grant("reader", COUNTRY)}))


@dataclass(frozen=True, slots=True)
class Decision:
    """`reason`: in words for a log. `needs`: the role of `area` that was missing, None where it is allowed."""

    allowed: bool
    reason: str
    area: str
    needs: Role | None = None


def decide(visitor: Visitor, what: What, area: str) -> Decision:
    """A role of an area counts for all that lies in it. Totals of the areas around it are seen too, to compare with.

    `area`: a code of today's geography.
    """
    needed = _NEEDS[what]
    strong = [each for each in visitor.sight if ROLES.index(each.role) >= ROLES.index(needed)]
    around = ancestors(area)
    for each in strong:
        if each.area in around:
            return Decision(True, f"{each.role} of {each.area}", area)
    if what == "totals":
        for each in strong:
            if is_within(each.area, area):
                return Decision(True, f"{each.role} of {each.area}, which lies in {area}", area)
    return Decision(False, f"{what} of {area} need the role {needed}", area, needed)


def own_areas(visitor: Visitor, within: str) -> tuple[str, ...]:
    """The areas whose details they see in `within`, none of them inside another; `within` itself where it is one."""
    if decide(visitor, "details", within).allowed:
        return (within,)
    inside = {each.area for each in visitor.grants if is_within(each.area, within)}
    return tuple(sorted(code for code in inside if not inside & set(ancestors(code)[1:])))


def sees_alert(visitor: Visitor, area: str) -> bool:
    """Whether an alert there is theirs to see. One of an older geography is for all of BE."""
    return decide(visitor, "details", area if area in areas() else COUNTRY).allowed
