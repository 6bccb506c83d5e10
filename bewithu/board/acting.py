"""What coordinators may do, as Protocols: acknowledge an alert, silence it for a time.

`LinkActions` is for who followed a link in a mail, and writes only what the link was signed for; `AlertActions` is for
who is logged in and may act on that alert. Nothing else of the board writes.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, Protocol

from bewithu.board.alert_data import AlertInfo

#: Days that an alert may be silenced for from here.
LENGTHS: Final = (1, 7, 30)

Why = Literal["tampered", "expired", "not_told", "over"]


@dataclass(frozen=True, slots=True)
class Done:
    """What came of it. `by`: a name that others may read. `until`: of a silence. `before`: it was so already."""

    by: str
    at: datetime
    until: datetime | None
    before: bool


@dataclass(frozen=True, slots=True)
class Offer:
    """What a link does for the coordinator of that name and e-mail address; `done` is None until it is done."""

    verb: Literal["acknowledge", "silence"]
    alert: AlertInfo
    name: str
    email: str
    done: Done | None


@dataclass(frozen=True, slots=True)
class Declined:
    """Why nothing can be done: the link is `tampered` with or `expired`, its coordinator is `not_told` of the area any
    more, or the alert is `over`."""

    why: Why


class LinkActions(Protocol):
    """Methods block; the board calls them from threads. Each may raise `bewithu.errors.Unavailable`.

    Doing something again changes nothing, and says that it was done `before`.
    """

    def offer(self, token: str) -> Offer | Declined:
        """What the link would do. Changes nothing."""

    def acknowledge(self, token: str) -> Offer | Declined:
        """Does it, if that is what the link is for."""

    def silence(self, token: str, days: int, reason: str) -> Offer | Declined:
        """Does it from now on for so many days, one of `LENGTHS`, if that is what the link is for."""


class AlertActions(Protocol):
    """Whoever calls has decided that `author` may act on the alert. `since`: names its run, so that nobody acts on
    another than they saw. Methods block, and may raise `bewithu.errors.Unavailable`.

    Both say whether it goes on; where it does not, nothing is written. Doing something again changes nothing.
    """

    def acknowledge(self, fingerprint: str, since: datetime, author: str, comment: str) -> bool:
        """Whoever acknowledged first counts."""

    def silence(self, fingerprint: str, since: datetime, author: str, days: int, reason: str) -> bool:
        """Its rule in its area from now on for so many days, one of `LENGTHS`."""
