"""Requests that are refused for who asks: nobody is logged in (401), or their role is missing (403)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final

from bewithu.board.access.visitor import Decision, Role
from bewithu.board.words import Words, mark
from bewithu.errors import BewithuError
from schemas.areas import areas

ROLE_NAMES: Final[Mapping[Role, str]] = MappingProxyType(
    {"reader": mark("reader"), "coordinator": mark("coordinator"), "operator": mark("operator")}
)


class AccessRefused(BewithuError):
    """`status`: of the answer."""

    status: int


class LoginNeeded(AccessRefused):
    """Nobody is known to ask. `why` is for the log: whoever asks may be guessing, and is told nothing of it."""

    status = 401

    def __init__(self, why: str) -> None:
        super().__init__("log in first: this board is reached through the proxy that asks for a login")
        self.why = why


class NotAllowed(AccessRefused):
    """Who asks has no role for it. `asked`: whether there is a login at all."""

    status = 403

    def __init__(self, decision: Decision, *, asked: bool) -> None:
        hint = "" if asked else "; this board has no login (BEWITHU_ACCESS__MODE is open)"
        super().__init__(f"{decision.reason}{hint}")
        self.decision = decision
        self.asked = asked


class FormRefused(AccessRefused):
    """A form that another site sent, or that was made for somebody else or another alert."""

    status = 403

    def __init__(self) -> None:
        super().__init__("this form was not made by the alert's page for who sent it")


@dataclass(frozen=True, slots=True)
class Told:
    """For people, in one language."""

    heading: str
    text: str


def told(refused: AccessRefused, words: Words) -> Told:
    """What is missing, and what to do."""
    if isinstance(refused, FormRefused):
        return Told(
            words.gettext("This was sent from another site"),
            words.gettext("Nothing was changed. Open the alert's page again and confirm there."),
        )
    if not isinstance(refused, NotAllowed):
        return Told(
            words.gettext("Please log in"),
            words.gettext(
                "This board is for people with a login. Open it by its usual address, which asks for yours."
            ),
        )
    heading = words.gettext("This is not for everybody")
    if not refused.asked:
        text = words.gettext(
            "Only published figures are shown here, as this board asks nobody for a login. Whoever operates this "
            "platform can look it up."
        )
        return Told(heading, text)
    decision = refused.decision
    place = areas().get(decision.area)
    role = ROLE_NAMES[decision.needs or "reader"]
    return Told(
        heading,
        words.gettext(
            "Your login lacks the role “%(role)s” for %(area)s. Ask whoever operates this platform for it.",
            role=words.gettext(role),
            area=place.name(words.language) if place else decision.area,
        ),
    )
