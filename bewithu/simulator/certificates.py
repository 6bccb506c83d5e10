"""How many certificates of temporary protection in which month, and on which of its days.

Figures: `data/certificates_by_month.csv`, each row with its source (Immigration Office through the National
Crisis Centre, Fedasil, Eurostat, the yearly totals of the series of February 2026).
"""

from __future__ import annotations

import csv
import math
from collections.abc import Iterator, Mapping
from datetime import date, timedelta
from functools import cache
from importlib.resources import files

from bewithu.simulator.moments import is_holiday
from bewithu.simulator.plan import Plan

# The registration centre opened on Saturdays until June 2022 (Fedasil's 166 a working day in July leave none
# over) and on Sundays until early April 2022.
_SATURDAYS_UNTIL, _SUNDAYS_UNTIL = date(2022, 6, 30), date(2022, 4, 10)
_SATURDAY, _SUNDAY = 0.5, 0.4

# March 2022, certificates a day from that day on: none before the centre opened at Bordet on the 3rd, about
# 600 a day there, 2,124 on the 15th, the day after the move to Heysel, then 1,500 to 2,000 and falling.
_MARCH_2022 = (
    (1, 0),
    (3, 550),
    (14, 1750),
    (15, 2124),
    (16, 1750),
    (19, 900),
    (21, 1050),
    (26, 600),
    (28, 800),
)


def monthly_certificates(plan: Plan) -> Mapping[str, int]:
    """The scaled number of certificates by month (`2022-03`); in part for a month that the plan cuts."""
    return {
        month_name(first): round(full_month(plan, first) * _share_inside(plan, first))
        for first in months(plan)
    }


def months(plan: Plan) -> Iterator[date]:
    """The first day of every month that the plan touches."""
    first = plan.since.replace(day=1)
    while first <= plan.until:
        yield first
        first = _next_month(first)


def full_month(plan: Plan, first: date) -> int:
    """The scaled number of certificates of the whole month that starts on `first`."""
    return round(_figure(first) * plan.scale)


def month_name(day: date) -> str:
    return f"{day:%Y-%m}"


@cache
def openings(first: date) -> Mapping[date, float]:
    """The days of the month that starts on `first` with their weights: the trend and the weekday."""
    days = [first + timedelta(days=number) for number in range((_next_month(first) - first).days)]
    if first == date(2022, 3, 1):
        return {day: _in_march_2022(day) for day in days}
    # days to the middle of the neighbouring months: about 61
    slope = math.log(_figure(_next_month(first)) / _figure(first - timedelta(days=1))) / 61
    return {day: _weekday_factor(day) * math.exp(slope * day.day) for day in days}


def _share_inside(plan: Plan, first: date) -> float:
    weights = openings(first)
    inside = sum(weight for day, weight in weights.items() if plan.since <= day <= plan.until)
    return inside / sum(weights.values())


def _in_march_2022(day: date) -> float:
    return float(next(count for since, count in reversed(_MARCH_2022) if since <= day.day))


def _weekday_factor(day: date) -> float:
    if is_holiday(day):
        return 0.0
    if day.weekday() == 6:
        return _SUNDAY if day <= _SUNDAYS_UNTIL else 0.0
    if day.weekday() == 5:
        return _SATURDAY if day <= _SATURDAYS_UNTIL else 0.0
    return 1.0


@cache
def _published() -> Mapping[str, int]:
    text = (files("bewithu.simulator") / "data" / "certificates_by_month.csv").read_text("utf-8")
    return {row["month"]: int(row["certificates"]) for row in csv.DictReader(text.splitlines())}


@cache
def _figure(day: date) -> float:
    """The figure of the day's month, or its part of what the year's total leaves over."""
    published = _published()
    month, year = month_name(day), str(day.year)
    if month in published:
        return published[month]
    if year not in published:
        raise LookupError(
            f"certificates_by_month.csv has neither {month} nor {year}; add the row with its source"
        )
    names = [f"{year}-{number:02}" for number in range(1, 13)]
    left = published[year] - sum(published.get(name, 0) for name in names)
    parts = {name: _part(name) for name in names if name not in published}
    return left * parts[month] / sum(parts.values())


def _part(month: str) -> float:
    """Weight of a month without a figure of its own."""
    # 2024 fell from 400 to 450 a week at its start to about the 730 a month of 2025
    return 1.35 - 0.7 * (int(month[5:]) - 1) / 11 if month.startswith("2024") else 1.0


def _next_month(day: date) -> date:
    return (day.replace(day=28) + timedelta(days=4)).replace(day=1)
