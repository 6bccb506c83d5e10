"""Time inside a life: a moment is a float, days since 2022-01-01 00:00 on Brussels' clocks.

Its whole part is the day's number, its fraction the time of day (0.5 is noon). "Three weeks later" is `+ 21`.
"""

from __future__ import annotations

from datetime import UTC, date, datetime, time, timedelta
from random import Random

from bewithu.clock import BRUSSELS

FIRST = date(2022, 1, 1)
_LAST = date(2027, 12, 31)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND = timedelta(milliseconds=1)
_DAY = 86_400_000

# Public holidays on fixed dates, and those that follow Easter (Easter Monday, Ascension Day, Whit Monday).
_FIXED_HOLIDAYS = {(1, 1), (5, 1), (7, 21), (8, 15), (11, 1), (11, 11), (12, 25)}
_EASTER = (
    date(2022, 4, 17),
    date(2023, 4, 9),
    date(2024, 3, 31),
    date(2025, 4, 20),
    date(2026, 4, 5),
    date(2027, 3, 28),
)
_MOVABLE_HOLIDAYS = {easter + timedelta(days=days) for easter in _EASTER for days in (1, 39, 50)}


def day_number(day: date) -> int:
    """Days from 2022-01-01 to `day`."""
    return (day - FIRST).days


def date_of(moment: float) -> date:
    """The Brussels day of `moment`."""
    return FIRST + timedelta(days=int(moment))


def is_holiday(day: date) -> bool:
    """True on a public holiday, 2022 to 2027."""
    return (day.month, day.day) in _FIXED_HOLIDAYS or day in _MOVABLE_HOLIDAYS


def milliseconds(moment: float) -> int:
    """`moment` in milliseconds since 1970 UTC; up to an hour off on the two days when clocks change."""
    day = int(moment)
    return _MIDNIGHTS[day] + int((moment - day) * _DAY)


def utc(since_1970: int) -> datetime:
    """Milliseconds since 1970 as a UTC datetime."""
    return _EPOCH + since_1970 * _MILLISECOND


def daytime(random: Random, earliest: float, day: float) -> float:
    """Some time between 8:30 and 18:00 on the day of `day`, never before `earliest`."""
    return max(earliest, int(day) + 0.354 + 0.396 * random.random())


def at_office(random: Random, earliest: float, lag: float) -> float:
    """About `lag` days after `earliest` and at least ten minutes, on a working day from 9:00 to 16:30."""
    day = int(earliest + lag)
    if day < len(_NEXT_WORKING_DAY):
        day = _NEXT_WORKING_DAY[day]
    return max(earliest + 0.007, day + 0.375 + 0.3125 * random.random())


def _midnight(day: date) -> int:
    return int(datetime.combine(day, time(), BRUSSELS).timestamp()) * 1000


def _next_working_day(day: date) -> int:
    while day.weekday() >= 5 or is_holiday(day):
        day += timedelta(days=1)
    return day_number(day)


_DAYS = tuple(FIRST + timedelta(days=number) for number in range(day_number(_LAST) + 1))
_MIDNIGHTS = tuple(_midnight(day) for day in _DAYS)
_NEXT_WORKING_DAY = tuple(_next_working_day(day) for day in _DAYS)
