"""What the board tells of alerts: which to list, and the story of one. Counts of mails, never whom they went to."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final, Literal

#: How an alert stands: not certain yet, going on, over, taken back as it was wrong; or it ended before it was told.
State = Literal["pending", "firing", "over", "retracted", "dropped"]
GOES_ON: Final[frozenset[State]] = frozenset({"pending", "firing"})


@dataclass(frozen=True, slots=True)
class AlertInfo:
    """An alert. `severity`: info, warning or critical. `since`: when its condition began to hold.

    `acknowledged_by`: who looks after it, by a name that all its coordinators may read; empty where nobody does, and
    where the reader may not know: `acknowledged_at` tells that somebody does. `fingerprint`:
    names its rule in its area, in the address of its page. `day`: of its value. `ended_at`: None while it goes on.
    """

    id: str
    rule: str
    indicator: str
    area: str
    severity: str
    state: State
    since: datetime
    value: float | None
    threshold: float | None
    summaries: Mapping[str, str]
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None
    fingerprint: str = ""
    day: date | None = None
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class AlertsWanted:
    """`area`: and all within it, everywhere when None; `severity`: any when None."""

    area: str | None
    states: frozenset[State]
    severity: str | None = None


@dataclass(frozen=True, slots=True)
class AlertStep:
    """One step. `kind`: as in the log (schemas/alerting.py); `day`: of the value that decided.

    `sent`, `given_up`, `waiting`: mails about it.
    """

    kind: str
    at: datetime
    day: date
    value: float | None
    threshold: float | None
    provisional: bool
    sent: int = 0
    given_up: int = 0
    waiting: int = 0


@dataclass(frozen=True, slots=True)
class Seen:
    """Who acknowledged it, and the comment; both may be empty."""

    by: str
    at: datetime
    comment: str


@dataclass(frozen=True, slots=True)
class Hush:
    """A silence that is in force. `by` and `reason` may be empty."""

    until: datetime
    by: str
    reason: str


@dataclass(frozen=True, slots=True)
class AlertRun:
    """The alert from its beginning to its end, or to now. `anchor`: where links in mails lead on its page."""

    anchor: str
    since: datetime
    state: State
    steps: tuple[AlertStep, ...]
    acknowledged: tuple[Seen, ...]


@dataclass(frozen=True, slots=True)
class AlertStory:
    """All that became of a rule in an area, the newest run first. `alert`: after its last step.

    `holds_for`: how long the condition must hold before anybody is told; `keeps_for`: how long it must not hold before
    the alert is over. `muted_by`: alerts that explain this one, so that nobody is told of it.
    """

    alert: AlertInfo
    actions: Mapping[str, str]
    holds_for: timedelta
    keeps_for: timedelta
    runs: tuple[AlertRun, ...]
    silences: tuple[Hush, ...]
    muted_by: tuple[AlertInfo, ...]
