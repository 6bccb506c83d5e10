"""What the indicators should be, computed slowly and plainly from a list of accepted events.

It shares the definitions and the map of areas with the product, and no code. For every day it looks at every
event anew; nothing is carried from one day to the next.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import yaml

from schemas.areas import ancestors, municipalities

Event = Mapping[str, Any]
Definition = Mapping[str, Any]
#: Indicator, area, breakdown, day.
Key = tuple[str, str, str, date]
#: Value, numerator, denominator.
Sides = tuple[float, float, float]

_SEXES = ("female", "male", "other", "unknown")
_AGE_GROUPS = ("a00_05", "a06_17", "a18_34", "a35_64", "a65_plus", "unknown")
BREAKDOWNS = (
    "",
    *(f"sex={sex}" for sex in _SEXES),
    *(f"age_group={group}" for group in _AGE_GROUPS),
)


def shipped_definitions() -> dict[str, Definition]:
    """The YAML of all indicators that come with the product, by id."""
    folder = Path(__file__).parent.parent / "streams" / "indicators"
    loaded = (yaml.safe_load(path.read_text("utf-8")) for path in folder.glob("*.yaml"))
    return {definition["id"]: definition for definition in loaded}


def values(
    events: Iterable[tuple[str, Event]],
    definitions: Mapping[str, Definition],
    days: Iterable[date],
    areas: Sequence[str],
) -> dict[Key, Sides]:
    """The value of every indicator, area, breakdown and day, zeros included.

    `events` are `(event type, event)` of every accepted message, in any order, with any repetitions.
    """
    valid = _valid(events)
    found: dict[Key, Sides] = {}
    for day in days:
        counts = {
            name: _count(_counted(definition, valid, day))
            for name, definition in definitions.items()
            if definition["kind"] != "ratio"
        }
        for name, definition in definitions.items():
            for area in areas:
                for breakdown in BREAKDOWNS:
                    found[name, area, breakdown, day] = _sides(name, definition, counts, area, breakdown)
    return found


def areas_of(events: Iterable[tuple[str, Event]]) -> list[str]:
    """Every area, from today's municipality to the country, in which an event happened."""
    return sorted({area for _, event in events for area in _areas(event)})


def _valid(events: Iterable[tuple[str, Event]]) -> list[tuple[str, Event]]:
    """Of each event the highest revision, unless that one takes it back."""
    highest: dict[tuple[str, UUID], Event] = {}
    for event_type, event in events:
        key = (event_type, event["event_id"])
        if key not in highest or event["revision"] > highest[key]["revision"]:
            highest[key] = event
    return [(event_type, event) for (event_type, _), event in highest.items() if not event["cancelled"]]


def _counted(definition: Definition, valid: Sequence[tuple[str, Event]], day: date) -> list[Event]:
    """The events that add one each to the indicator on that day."""
    events = [event for event_type, event in valid if event_type == definition["event"]]
    if definition["kind"] == "flow":
        first = day - timedelta(days=definition["window_days"] - 1)
        return [
            event
            for event in events
            if _matches(event, definition["filter"]) and first <= _day(event["occurred_at"]) <= day
        ]
    latest: dict[str, Event] = {}
    for event in sorted(events, key=_order):
        relevant = _matches(event, definition["enter"]) or _matches(event, definition["leave"])
        if relevant and _day(event["occurred_at"]) <= day:
            latest[event["person"]] = event
    return [event for event in latest.values() if _matches(event, definition["enter"])]


def _count(events: Iterable[Event]) -> Counter[tuple[str, str]]:
    """How many of the events there are in each area and breakdown."""
    counts: Counter[tuple[str, str]] = Counter()
    for event in events:
        for area in _areas(event):
            for breakdown in ("", f"sex={event['sex']}", f"age_group={event['age_group']}"):
                counts[area, breakdown] += 1
    return counts


def _sides(
    name: str,
    definition: Definition,
    counts: Mapping[str, Counter[tuple[str, str]]],
    area: str,
    breakdown: str,
) -> Sides:
    if definition["kind"] != "ratio":
        count = counts[name][area, breakdown]
        return count, count, 1
    above = counts[definition["numerator"]][area, breakdown]
    below = counts[definition["denominator"]][area, breakdown]
    return (above / below if below else 0), above, below


def _matches(event: Event, wanted: Mapping[str, Sequence[str]]) -> bool:
    return all(event[field] in values for field, values in wanted.items())


def _day(moment: datetime) -> date:
    return moment.astimezone(ZoneInfo("Europe/Brussels")).date()


def _areas(event: Event) -> tuple[str, ...]:
    """Today's areas around the place of the event, whose code may have been merged away since."""
    return ancestors(municipalities()[event["municipality"]].current_nis)


def _order(event: Event) -> tuple[float, int, int]:
    """By time. Of two events at the same moment the id decides: arbitrary, but always the same.

    ClickHouse compares the last eight bytes of a UUID first.
    """
    high, low = divmod(event["event_id"].int, 2**64)
    return event["occurred_at"].timestamp(), low, high
