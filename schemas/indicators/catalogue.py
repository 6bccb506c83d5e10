"""The page that lists all indicators for people: generated, and checked against the definitions."""

from __future__ import annotations

from collections.abc import Iterator

from schemas.indicators.model import (
    Change,
    Completeness,
    Divergence,
    Duration,
    Filter,
    Flow,
    Freshness,
    Gap,
    Indicator,
    Indicators,
    Stock,
    Sum,
)
from schemas.indicators.references import counted_first, counting

_HEAD = """# Indicators

Made from the definitions by `bewithu indicators catalogue`; do not edit. Each entry has the name in English, Dutch,
French and German, what is counted, and how. What the kinds mean is said in
[`indicator.schema.json`](../streams/indicators/indicator.schema.json).
"""
_DATA_QUALITY = "data quality"


def catalogue(indicators: Indicators) -> str:
    """Markdown."""
    lines = [_HEAD]
    for event in sorted({_topic(found, indicators) for found in indicators.values()}):
        lines.append(f"## {event.replace('_', ' ').capitalize()}\n")
        for found in indicators.values():
            if _topic(found, indicators) == event:
                lines += _entry(found)
    return "\n".join(lines).rstrip() + "\n"


def _topic(indicator: Indicator, indicators: Indicators) -> str:
    """The event type that it is told of."""
    if isinstance(indicator, Completeness | Freshness):
        return _DATA_QUALITY
    return counting(counted_first(indicator, indicators)).event


def _entry(indicator: Indicator) -> Iterator[str]:
    name = indicator.name
    yield f"### `{indicator.id}`\n"
    yield f"**{name.en}** · {name.nl} · {name.fr} · {name.de}\n"
    yield f"{indicator.explanation.en}\n"
    yield f"- {indicator.kind}, {indicator.unit}: {how(indicator)}"
    if indicator.breakdowns:
        yield f"- by {', '.join(' × '.join(family) for family in indicator.breakdowns)}"
    yield (
        f"- {indicator.stream} stream; from {', '.join(indicator.publishers)}; usually complete after"
        f" {indicator.usual_delay_days} days; {_told(indicator)}"
    )
    yield f"- source: {indicator.source}\n"


def _told(indicator: Indicator) -> str:
    if indicator.minimum_cell <= 1:
        return "told as it is"
    batches = f"persons told in batches of {indicator.minimum_cell}"
    return f"{batches}, amounts in multiples of {indicator.round_to}" if indicator.round_to else batches


def how(indicator: Indicator) -> str:
    """The definition in one line."""
    match indicator:
        case Flow():
            return f"`{indicator.event}` with {_fields(indicator.filter)}, window {indicator.window}"
        case Sum():
            return (
                f"sum of `{indicator.field}` of `{indicator.event}` with {_fields(indicator.filter)},"
                f" window {indicator.window}"
            )
        case Stock():
            field = f", sum of `{indicator.field}`" if indicator.field else ""
            return (
                f"`{indicator.event}`: enter with {_fields(indicator.enter)}, leave with"
                f" {_fields(indicator.leave)}{field}"
            )
        case Gap():
            leave = (
                f", until {_step(indicator.leave.event, indicator.leave.filter)}" if indicator.leave else ""
            )
            return (
                f"{_step(indicator.start.event, indicator.start.filter)} without"
                f" {_step(indicator.end.event, indicator.end.filter)} after {indicator.days} days{leave}"
            )
        case Duration():
            return (
                f"quantile {indicator.quantile} of the days from"
                f" {_step(indicator.start.event, indicator.start.filter)} to"
                f" {_step(indicator.end.event, indicator.end.filter)}, window {indicator.window}"
            )
        case Completeness():
            return f"agencies that closed the period of `{indicator.feed}`, of all with that feed"
        case Freshness():
            of_feed = f" of `{indicator.feed}`" if indicator.feed else ""
            such = f" ({_fields(indicator.filter)})" if indicator.filter else ""
            return f"days since the last heartbeat{of_feed}{such}"
        case Change():
            unit = "relative to" if indicator.relative else "minus"
            return f"`{indicator.of}` {unit} its value {indicator.days} days before"
        case Divergence():
            return f"difference of `{indicator.first}` and `{indicator.second}`, as a share of the second"
        case _:
            per = f", times {indicator.per}" if indicator.kind == "ratio" and indicator.per > 1 else ""
            return f"`{indicator.numerator}` / `{indicator.denominator}`{per}"


def _step(event: str, fields: Filter) -> str:
    return f"`{event}` {_fields(fields)}"


def _fields(fields: Filter) -> str:
    return " and ".join(f"{field} {' or '.join(values)}" for field, values in fields.items())
