"""What the indicators should be, computed slowly and plainly from a list of accepted events.

It shares the definitions and the map of areas with the product, and no code. For every day it looks at every
event anew; nothing is carried from one day to the next.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta
from fractions import Fraction
from pathlib import Path
from typing import Any
from uuid import UUID

import yaml

from schemas.areas import ancestors, municipalities
from tests.oracle_entries import Definition, Entry, Event, entries

#: Indicator, area, breakdown, day.
Key = tuple[str, str, str, date]
#: Value, numerator, denominator.
Sides = tuple[float, float, float]

_SHIPPED = Path(__file__).parent.parent / "streams" / "indicators"
_DERIVED = ("ratio", "occupancy", "change", "divergence")


def shipped_definitions() -> dict[str, Definition]:
    """The YAML of all indicators that come with the product, by id."""
    loaded = (yaml.safe_load(path.read_text("utf-8")) for path in _SHIPPED.glob("*.yaml"))
    return {definition["id"]: definition for definition in loaded}


def values(
    events: Iterable[tuple[str, Event]],
    definitions: Mapping[str, Definition],
    days: Iterable[date],
    areas: Sequence[str],
) -> dict[Key, Sides]:
    """The value of every indicator, area, breakdown and day, zeros included.

    `events` are `(event type, event)` of every accepted message, in any order, with any repetitions. Breakdowns are
    those that any accepted event has.
    """
    listed = list(events)
    valid = _valid(listed)
    breakdowns = {
        name: {part for _, event in listed for part in _breakdowns(definition, event)} | {""}
        for name, definition in definitions.items()
    }
    found: dict[Key, Sides] = {}
    for day in days:
        counted: dict[tuple[str, date], Mapping[tuple[str, str], Sides]] = {}

        def on(name: str, day: date, place: tuple[str, str], counted: Any = counted) -> Sides:
            if (name, day) not in counted:
                counted[name, day] = _counted(definitions[name], valid, day)
            nothing: Sides = (0, 0, 0 if _has_count(definitions[name]) else 1)
            sides: Sides = counted[name, day].get(place, nothing)
            return sides

        for name, definition in definitions.items():
            for area in areas:
                for breakdown in breakdowns[name]:
                    place = (area, breakdown)
                    if definition["kind"] in _DERIVED:
                        found[name, area, breakdown, day] = _derived(definition, on, day, place)
                    else:
                        found[name, area, breakdown, day] = on(name, day, place)
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


def _counted(
    definition: Definition, valid: Sequence[tuple[str, Event]], day: date
) -> Mapping[tuple[str, str], Sides]:
    """The sides in each area and breakdown where there is anything."""
    placed: dict[tuple[str, str], list[Entry]] = defaultdict(list)
    for entry in entries(definition, valid, day):
        for area in _areas(entry.event):
            for breakdown in ("", *_breakdowns(definition, entry.event)):
                placed[area, breakdown].append(entry)
    return {place: _sides(definition, added) for place, added in placed.items()}


def _sides(definition: Definition, added: Sequence[Entry]) -> Sides:
    kind = definition["kind"]
    total = sum((entry.amount for entry in added), Fraction(0))
    if kind == "duration":
        days = sorted(entry.amount for entry in added)
        share = Fraction(str(definition.get("quantile", 0.5)))
        value = next(
            each for number, each in enumerate(days, start=1) if Fraction(number, len(days)) >= share
        )
        return float(value), float(value), len(days)
    if kind == "freshness":
        longest = float(max(entry.amount for entry in added))
        return longest, longest, len(added)
    if kind == "completeness":
        closed = sum(not entry.second for entry in added)
        known = sum(entry.second for entry in added)
        return (closed / known if known else 0), closed, known
    return float(total), float(total), len(added) if _has_count(definition) else 1


def _has_count(definition: Definition) -> bool:
    kind = definition["kind"]
    return kind in ("sum", "duration", "completeness", "freshness") or (
        kind == "stock" and "field" in definition
    )


def _derived(definition: Definition, on: Any, day: date, place: tuple[str, str]) -> Sides:
    kind = definition["kind"]
    if kind == "change":
        above = on(definition["of"], day, place)[0]
        below = on(definition["of"], day - timedelta(days=definition["days"]), place)[0]
        if not definition.get("relative"):
            return above - below, above, below
        return ((above - below) / below if below else 0), above, below
    if kind == "divergence":
        above, below = on(definition["first"], day, place)[0], on(definition["second"], day, place)[0]
        return ((above - below) / below if below else 0), above, below
    above, below = on(definition["numerator"], day, place)[0], on(definition["denominator"], day, place)[0]
    return (above / below * definition.get("per", 1) if below else 0), above, below


def _breakdowns(definition: Definition, event: Event) -> list[str]:
    default = [] if definition["kind"] in ("completeness", "freshness") else ["sex", "age_group"]
    families = [
        [family] if isinstance(family, str) else family for family in definition.get("breakdowns", default)
    ]
    return [
        ";".join(f"{field}={event[field] or 'none'}" for field in family)
        for family in families
        if all(field in event for field in family)
    ]


def _areas(event: Event) -> tuple[str, ...]:
    """Today's areas around the place of the event, whose code may have been merged away since."""
    return ancestors(municipalities()[event["municipality"]].current_nis)
