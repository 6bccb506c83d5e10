"""Which events add to an indicator on a day, and how much: each kind by the words of its definition."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from fractions import Fraction
from typing import Any
from zoneinfo import ZoneInfo

from schemas.areas import municipalities

Event = Mapping[str, Any]
Definition = Mapping[str, Any]

_BRUSSELS = ZoneInfo("Europe/Brussels")
_ABOUT = {"reception_capacity": ("agency", "site"), "agency_heartbeat": ("agency",)}


@dataclass(frozen=True, slots=True)
class Entry:
    """What one event adds to an indicator on a day: where the event says, so much."""

    event: Event
    amount: Fraction = Fraction(1)
    second: bool = False


def entries(definition: Definition, valid: Sequence[tuple[str, Event]], day: date) -> Iterator[Entry]:
    of_kind = {
        "flow": _in_flow, "sum": _in_flow, "stock": _in_stock, "gap": _in_gap, "duration": _in_duration,
        "completeness": _in_completeness, "freshness": _in_freshness,
    }  # fmt: skip
    return of_kind[definition["kind"]](definition, valid, day)


def _in_flow(definition: Definition, valid: Sequence[tuple[str, Event]], day: date) -> Iterator[Entry]:
    for event in _of_type(valid, definition["event"]):
        if _matches(event, definition["filter"]) and _in_window(event, definition["window"], day):
            yield Entry(event, _amount(event, definition.get("field")))


def _in_stock(definition: Definition, valid: Sequence[tuple[str, Event]], day: date) -> Iterator[Entry]:
    for events in _by_subject(valid, definition["event"]).values():
        relevant = [
            event
            for event in events
            if _day(event) <= day
            and (_matches(event, definition["enter"]) or _matches(event, definition["leave"]))
        ]
        if relevant and _matches(relevant[-1], definition["enter"]):
            yield Entry(relevant[-1], _amount(relevant[-1], definition.get("field")))


def _in_gap(definition: Definition, valid: Sequence[tuple[str, Event]], day: date) -> Iterator[Entry]:
    for acts in _acts(definition, valid).values():
        known = [(act, event) for act, event in acts if _day(event) <= day]
        left = [number for number, (act, _) in enumerate(known) if act == "leave"]
        since = known[left[-1] + 1 :] if left else known
        starts = [event for act, event in since if act == "start"]
        ended = any(act == "end" for act, _ in since)
        if starts and not ended and _day(starts[0]) + timedelta(days=definition["days"]) <= day:
            yield Entry(starts[0])


def _in_duration(definition: Definition, valid: Sequence[tuple[str, Event]], day: date) -> Iterator[Entry]:
    for acts in _acts(definition, valid).values():
        begun = [number for number, (act, _) in enumerate(acts) if act == "start"]
        ends = [event for act, event in acts[begun[0] + 1 :] if act == "end"] if begun else []
        if ends and _in_window(ends[0], definition["window"], day):
            yield Entry(ends[0], Fraction((_day(ends[0]) - _day(acts[begun[0]][1])).days))


def _in_completeness(
    definition: Definition, valid: Sequence[tuple[str, Event]], day: date
) -> Iterator[Entry]:
    for events in _by_subject(valid, "agency_heartbeat").values():
        beats = [event for event in events if event["feed"] == definition["feed"]]
        begun = sorted(beats, key=_begins)
        if begun and _begins(begun[0]) <= day and _is_there(begun[0], day):
            yield Entry(begun[0], second=True)
        closed = [
            event
            for event in beats
            if event["status"] == "period_closed" and event["period_start"] <= day <= event["period_end"]
        ]
        if closed and _is_there(closed[-1], day):
            yield Entry(closed[-1])


def _in_freshness(definition: Definition, valid: Sequence[tuple[str, Event]], day: date) -> Iterator[Entry]:
    for events in _by_subject(valid, "agency_heartbeat").values():
        feed = definition.get("feed")
        beats = [
            event
            for event in events
            if _day(event) <= day
            and feed in (None, event["feed"])
            and _matches(event, definition.get("filter", {}))
        ]
        if beats and _is_there(beats[-1], day):
            yield Entry(beats[-1], Fraction((day - _day(beats[-1])).days))


def _is_there(event: Event, day: date) -> bool:
    """Whether its municipality has not been merged away by then."""
    last = municipalities()[event["municipality"]].valid_to
    return last is None or day <= last


def _of_type(valid: Sequence[tuple[str, Event]], wanted: str) -> list[Event]:
    return [event for event_type, event in valid if event_type == wanted]


def _by_subject(valid: Sequence[tuple[str, Event]], event_type: str) -> Mapping[Any, list[Event]]:
    """The events of one type by who or what they are about, in their order."""
    found: dict[Any, list[Event]] = defaultdict(list)
    for event in sorted(_of_type(valid, event_type), key=_order):
        found[tuple(event[field] for field in _ABOUT.get(event_type, ("person",)))].append(event)
    return found


def _acts(
    definition: Definition, valid: Sequence[tuple[str, Event]]
) -> Mapping[str, list[tuple[str, Event]]]:
    """What each person did: leave, start, end; at the same moment in that order."""
    found: dict[str, list[tuple[Any, str, Event]]] = defaultdict(list)
    for rank, act in enumerate(("leave", "start", "end")):
        step = definition.get(act)
        if step:
            for event in _of_type(valid, step["event"]):
                if _matches(event, step["filter"]):
                    moment, *rest = _order(event)
                    found[event["person"]].append(((moment, rank, *rest), act, event))
    return {
        who: [(act, event) for _, act, event in sorted(acts, key=lambda each: each[0])]
        for who, acts in found.items()
    }


def _in_window(event: Event, window: str, day: date) -> bool:
    happened = _day(event)
    if window not in ("week", "month") and window.endswith("h"):
        ends = datetime.combine(day + timedelta(days=1), time(), _BRUSSELS).astimezone(UTC)
        return ends - timedelta(hours=int(window[:-1])) <= event["occurred_at"] < ends
    if window == "week":
        first = day - timedelta(days=day.weekday())
    elif window == "month":
        first = day.replace(day=1)
    else:
        first = day - timedelta(days=int(window[:-1]) - 1)
    return first <= happened <= day


def _amount(event: Event, field: str | None) -> Fraction:
    return Fraction(1) if field is None else Fraction(event[field] or 0)


def _begins(beat: Event) -> date:
    return min(day for day in (_day(beat), beat["period_start"]) if day)


def _matches(event: Event, wanted: Mapping[str, Sequence[str]]) -> bool:
    return all(event[field] in values for field, values in wanted.items())


def _day(event: Event) -> date:
    moment: datetime = event["occurred_at"]
    return moment.astimezone(_BRUSSELS).date()


def _order(event: Event) -> tuple[float, int, int]:
    """By time. Of two events at the same moment the id decides: arbitrary, but always the same.

    ClickHouse compares the last eight bytes of a UUID first.
    """
    high, low = divmod(event["event_id"].int, 2**64)
    return event["occurred_at"].timestamp(), low, high
