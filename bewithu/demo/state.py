"""One moment of a demo, as the terminal view shows it."""

from __future__ import annotations

import math
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

    @property
    def figure(self) -> str:
        return _figure(self.value, self.unit, self.percent)

    @property
    def unit_word(self) -> str:
        return _unit_word(self.unit, self.percent)


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

    @property
    def figure(self) -> str:
        return _figure(self.value, self.unit, self.percent)

    @property
    def unit_word(self) -> str:
        return _unit_word(self.unit, self.percent)


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

    @property
    def elapsed(self) -> str:
        """`0:42`, `1:02:03`"""
        minutes, seconds = divmod(int(self.seconds), 60)
        hours, minutes = divmod(minutes, 60)
        return f"{hours}:{minutes:02}:{seconds:02}" if hours else f"{minutes}:{seconds:02}"

    @property
    def pace(self) -> str:
        speed = self.speed_days_per_second
        number = f"{speed:,.0f}" if speed >= 100 else f"{speed:.3g}"
        return f"{number} {'day' if speed == 1 else 'days'} per second"


def _figure(value: float | None, unit: str, percent: bool) -> str:
    """A number as people read it, without its unit unless that is a sign: `34,120`, `2.5`, `61.9%`, `€1,200`."""
    if value is None or not math.isfinite(value):
        return "–"
    if percent:
        return f"{value:.1%}"
    if unit == "%":
        return f"{value:.1f}%"
    is_whole = abs(value) >= 100 or value == int(value)
    return f"{'€' if unit == 'EUR' else ''}{value:,.{0 if is_whole else 1}f}"


def _unit_word(unit: str, percent: bool) -> str:
    """What must stand beside a figure; nothing where its sign says it."""
    return "" if percent or unit in ("%", "EUR") else unit
