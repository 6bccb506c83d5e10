"""What to simulate."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta

from bewithu.clock import BRUSSELS
from bewithu.simulator.moments import day_number
from bewithu.simulator.publication import Damage

EARLIEST, LATEST = date(2022, 3, 1), date(2025, 12, 31)
#: No plan runs longer (a moment, see `moments`); what happens later in a life is not worked out.
HORIZON = day_number(LATEST) + 1.0


@dataclass(frozen=True, slots=True)
class Plan:
    """A replay of Belgium from `since` to `until`, both included; equal plans give equal publications.

    Nobody has arrived before `since`, and what agencies would publish after `until` stays unpublished.
    `scale` 1.0 is every certificate of Belgium, 0.05 one in twenty: the lives at a smaller scale are among
    those at a larger one, but for the household that completes a month's number. Shares are of true events.
    """

    seed: int = 1
    since: date = EARLIEST
    until: date = date(2024, 12, 31)
    scale: float = 1.0
    #: Sent once more, byte for byte.
    duplicates: float = 0.02
    #: Followed by a revision with another content.
    corrections: float = 0.01
    #: Recorded twice by mistake, the second one taken back later.
    cancellations: float = 0.002
    #: First sent damaged; the agency mends it and sends the true event hours or days later.
    malformed: float = 0.005
    #: Of the CPAS' events: recorded two to eight weeks late, as files are completed for the reimbursement
    #: claims.
    late: float = 0.1
    #: Of the adults who declare: ask for the equivalent living wage. An assumption, no figure for this group
    #: is published. Of all nationalities 32,400 persons drew it in December 2023; at 0.55 about 15,000 do
    #: here.
    asking: float = 0.55
    #: The damages that may occur. Leave out `huge` where the broker refuses messages of 5 MB.
    damages: tuple[Damage, ...] = tuple(Damage)

    def __post_init__(self) -> None:
        if not EARLIEST <= self.since <= self.until <= LATEST:
            raise ValueError(
                f"plan runs from {self.since} to {self.until}; expected {EARLIEST} <= since <= until"
                f" <= {LATEST}, the months with published certificates"
            )
        if self.scale <= 0:
            raise ValueError(f"plan's scale is {self.scale}; expected more than 0 (1.0 is all of Belgium)")
        self._check_shares()

    def _check_shares(self) -> None:
        shares = (self.duplicates, self.corrections, self.cancellations, self.malformed)
        if min(*shares, self.late) < 0 or sum(shares) > 1 or self.late > 1:
            raise ValueError(
                f"plan's shares are {', '.join(map(str, shares))} (duplicates, corrections, cancellations,"
                f" malformed) and late {self.late}; expected none below 0, the first four at most 1 together"
            )
        if self.malformed and not self.damages:
            raise ValueError(
                "plan has malformed events but no damages; name at least one, or set malformed to 0"
            )

    @property
    def starts_at(self) -> datetime:
        """The first moment, UTC."""
        return datetime.combine(self.since, time(), BRUSSELS).astimezone(UTC)

    @property
    def ends_at(self) -> datetime:
        """The moment after the last day, UTC."""
        return datetime.combine(self.until + timedelta(days=1), time(), BRUSSELS).astimezone(UTC)

    def share_at(self, moment: datetime) -> float:
        """How far `moment` is through the plan, 0 to 1: for a progress bar."""
        return min(1.0, max(0.0, (moment - self.starts_at) / (self.ends_at - self.starts_at)))
