"""One moment of a demo, as the terminal view shows it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date


@dataclass(frozen=True, slots=True)
class IndicatorLine:
    """An indicator's newest value and its last values, one a day, oldest first.

    `value`: None when hidden or not there yet. `percent`: values are fractions (0.25) that people read as a
    percentage; `unit` is then not shown. A day without a value is None in `history`.
    """

    name: str
    unit: str
    value: float | None
    percent: bool = False
    history: tuple[float | None, ...] = ()


@dataclass(frozen=True, slots=True)
class AlertLine:
    """An alert. `state`: firing, pending or resolved. `severity`: critical, warning or info.

    `area`: its name. `what`: the indicator's name. `since`: the replayed day on which this state began.
    `unit` and `percent` as in `IndicatorLine`.
    """

    state: str
    severity: str
    area: str
    what: str
    since: date
    value: float | None
    unit: str = ""
    percent: bool = False


@dataclass(frozen=True, slots=True)
class DemoState:
    """All counts are since the start of the demo.

    `day`: the day that is being replayed. `seconds`: since the start. `rate`: records a second, lately.
    `by_topic`: records published, by topic. `refusals`: quarantined records, by reason. `board`: its URL, empty
    while it is not served. `phase`: what the demo is doing, such as `starting the broker`, `running`, `stopping`.
    `notice`: what is wrong at this moment, empty when nothing is. `mails_folder`: where the mails can be read.
    """

    day: date
    seconds: float
    speed_days_per_second: float
    published: int = 0
    accepted: int = 0
    quarantined: int = 0
    duplicates: int = 0
    rate: float = 0.0
    by_topic: Mapping[str, int] = field(default_factory=dict, hash=False)
    refusals: Mapping[str, int] = field(default_factory=dict, hash=False)
    indicators: tuple[IndicatorLine, ...] = ()
    alerts: tuple[AlertLine, ...] = ()
    mails: int = 0
    last_subject: str = ""
    board: str = ""
    phase: str = ""
    notice: str = ""
    mails_folder: str = ""
