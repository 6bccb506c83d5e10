"""What passes between rules, mails and the store: readings in, transitions and mail notes out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final, Literal, get_args

Kind = Literal["pending", "dropped", "firing", "reminded", "recovering", "relapsed", "resolved", "retracted"]
KINDS: Final[tuple[Kind, ...]] = get_args(Kind)
#: After these steps an alert goes on, as far as anybody was told.
FIRING: Final[frozenset[Kind]] = frozenset({"firing", "reminded", "recovering", "relapsed"})
OPEN: Final[frozenset[Kind]] = FIRING | {"pending"}
#: What people hear of: that an alert fires, still fires, is over, or was wrong.
TOLD: Final[frozenset[Kind]] = frozenset({"firing", "reminded", "resolved", "retracted"})
#: With these an alert ends, as far as anybody was told.
OVER: Final[frozenset[Kind]] = frozenset({"resolved", "retracted"})
#: Whoever hears of these was told to act.
CALLS: Final[frozenset[Kind]] = frozenset({"firing", "reminded"})

Outcome = Literal["addressed", "queued", "sending", "sent", "retry", "given_up"]
OUTCOMES: Final[tuple[Outcome, ...]] = get_args(Outcome)


@dataclass(frozen=True, slots=True)
class Reading:
    """A published value of one area: the newest on or before the day that was asked for.

    `day`: the Brussels day that the value is about. `value`: 0 where persons are counted and
    not even one batch of them is full; None when it is suppressed otherwise.
    `provisional`: data about the period may still arrive.
    """

    indicator: str
    area: str
    day: date
    value: float | None
    provisional: bool = False


@dataclass(frozen=True, slots=True)
class Transition:
    """One step of one alert (a rule in an area), as the append-only log keeps it.

    `number`: 1 for the first step of this rule in this area, then 2, 3, …; no gaps.
    `id`: the same whenever the same step is taken from the same state, so writing it twice is harmless.
    `at`: when the step was taken; `since`: when the condition began to hold, for the whole alert. Both UTC,
    whole milliseconds. `value`, `day` and `provisional` are those of the value that decided, and `threshold` is what
    it was held against; None where there is none.
    """

    id: str
    rule: str
    area: str
    number: int
    kind: Kind
    at: datetime
    since: datetime
    indicator: str
    day: date
    value: float | None
    threshold: float | None
    provisional: bool
    reason: str


@dataclass(frozen=True, slots=True)
class MailNote:
    """One line of the append-only log of what was told to whom.

    `addressed`: it is decided who hears of the transition (`coordinator` and `message_id` are empty, `detail`
    says how many); `queued`: one mail is to be written; `sending`: it is about to be handed to the mail
    server; `sent`, `retry`, `given_up`: what came of it. `at`: real time, UTC, in whole milliseconds.
    """

    message_id: str
    transition: str
    coordinator: str
    outcome: Outcome
    at: datetime
    detail: str


@dataclass(frozen=True, slots=True)
class Undelivered:
    """What was queued for a reader and is not sent. `state`: `waiting` or `given up`; `tries`: how often it was handed
    over; `detail`: the last that is known of it. Of the overview of a week `rule` is its id, and `kind` is `overview`.
    """

    rule: str
    area: str
    kind: Kind | Literal["overview"]
    reader: str
    queued_at: datetime
    state: Literal["waiting", "given up"]
    tries: int
    last_at: datetime
    detail: str


@dataclass(frozen=True, slots=True)
class Silence:
    """A wish not to be told of some alerts from `begins` until `ends`, as it was written `at` that moment.

    `matchers`: by name what must be so of an alert: `rule`, `area` (or one around it), `severity`, or a label of its
    rule.
    All moments are real time, UTC, in whole milliseconds. Written again under the same `id` it replaces what was.
    """

    id: str
    at: datetime
    author: str
    reason: str
    begins: datetime
    ends: datetime
    matchers: Mapping[str, str] = field(hash=False)


@dataclass(frozen=True, slots=True)
class Acknowledgement:
    """Somebody has seen an alert and looks after it.

    `since` is the alert's, the same for all of its steps, so the next alert of the same rule and area is not
    acknowledged by it. `author`: a coordinator's e-mail address, or a name. `at`: real time, UTC, in whole
    milliseconds.
    """

    rule: str
    area: str
    since: datetime
    author: str
    comment: str
    at: datetime
