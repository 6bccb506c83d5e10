"""Which events and fields a definition names, and names in it that nothing answers to."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from bewithu.definitions import Location, Source, suggestion
from bewithu.errors import Problem
from schemas.contracts import Contract, contract_of, contracts
from schemas.indicators.model import (
    Change,
    Completeness,
    Counted,
    Derived,
    Divergence,
    Duration,
    Filter,
    Flow,
    Freshness,
    Gap,
    Indicator,
    Indicators,
    Occupancy,
    Ratio,
    Stock,
    Sum,
    sides_of,
)

#: The event that says which periods an agency has closed for which feed.
HEARTBEAT = "agency_heartbeat"
_NUMERIC = ("int", "long", "float", "double", "bytes")


@dataclass(frozen=True, slots=True)
class Selection:
    """Events of one type that a definition looks at: `where` in it stands what is asked of them.

    `counts`: persons are counted by the dimensions of such an event.
    """

    event: str
    filter: Filter
    where: Location
    event_where: Location
    counts: bool = True


def selections(indicator: Counted) -> Sequence[Selection]:
    """All that a counted indicator looks at."""
    match indicator:
        case Flow() | Sum():
            return [Selection(indicator.event, indicator.filter, ("filter",), ("event",))]
        case Stock():
            return [
                Selection(indicator.event, indicator.enter, ("enter",), ("event",)),
                Selection(indicator.event, indicator.leave, ("leave",), ("event",), counts=False),
            ]
        case Gap() | Duration():
            steps = {"start": indicator.start, "end": indicator.end}
            if isinstance(indicator, Gap) and indicator.leave:
                steps["leave"] = indicator.leave
            counting = "start" if isinstance(indicator, Gap) else "end"
            return [
                Selection(step.event, step.filter, (part, "filter"), (part, "event"), part == counting)
                for part, step in steps.items()
            ]
        case Freshness():
            return [Selection(HEARTBEAT, indicator.filter, ("filter",), ("kind",))]
        case Completeness():
            return [Selection(HEARTBEAT, {}, (), ("kind",))]


def counting(indicator: Counted) -> Selection:
    """The events by whose fields it is broken down."""
    return next(found for found in selections(indicator) if found.counts)


def counted_first(indicator: Indicator, indicators: Indicators) -> Counted:
    """The indicator itself, or of one that is worked out from others the first."""
    counted = indicators[sides_of(indicator)[0]] if isinstance(indicator, Derived) else indicator
    if not isinstance(counted, Counted):
        raise TypeError(f"{indicator.id} rests on {counted.id}, which is worked out from others itself")
    return counted


def scale_of(indicator: Indicator) -> int:
    """How many of the units in which it is summed make one of those that it is told in: 100 cents an EUR."""
    if isinstance(indicator, Sum | Stock) and indicator.field is not None:
        fields = {field.name: field for field in contract_of(indicator.event).fields}
        return int(10 ** fields[indicator.field].scale)
    return 1


def misreferences(indicator: Indicator, known: Indicators, source: Source) -> list[Problem]:
    """Names in a definition that nothing answers to."""
    if isinstance(indicator, Ratio | Occupancy | Change | Divergence):
        return list(_missing_sides(indicator, known, source))
    problems = []
    for selection in selections(indicator):
        contract = _contract(selection.event)
        if contract is None:
            events = [contract.event_type for contract in contracts().values()]
            message = f"{selection.event!r} is no event type{suggestion(selection.event, events)}"
            problems.append(source.problem(selection.event_where, message))
            continue
        problems += _wrong_filters(selection, contract, source)
        if selection.counts:
            problems += _wrong_dimensions(indicator, contract, source)
            problems += _wrong_field(indicator, contract, source)
            problems += _wrong_rounding(indicator, source)
    # Both parts of a stock name the same event: what is wrong with it is said once.
    return list(dict.fromkeys(problems))


def _contract(event: str) -> Contract | None:
    return next((contract for contract in contracts().values() if contract.event_type == event), None)


def _missing_sides(
    indicator: Ratio | Occupancy | Change | Divergence, known: Indicators, source: Source
) -> Iterator[Problem]:
    parts = {
        Ratio: ("numerator", "denominator"),
        Occupancy: ("numerator", "denominator"),
        Change: ("of",),
        Divergence: ("first", "second"),
    }[type(indicator)]
    countable = [found.id for found in known.values() if isinstance(found, Flow | Sum | Stock | Gap)]
    for part in parts:
        name = getattr(indicator, part)
        if name not in countable:
            message = f"{name!r} is no flow, sum, stock or gap{suggestion(name, countable)}"
            yield source.problem((part,), message)
            continue
        missing = [found for found in indicator.breakdowns if found not in known[name].breakdowns]
        if missing:
            shown = ", ".join(" by ".join(breakdown) for breakdown in missing)
            yield source.problem(("breakdowns",), f"{name} is not broken down by {shown}")


def _wrong_filters(selection: Selection, contract: Contract, source: Source) -> Iterator[Problem]:
    symbols = _symbols(contract)
    for name, values in selection.filter.items():
        if name not in symbols:
            message = f"is no enum field of {selection.event}{suggestion(name, symbols)}"
            yield source.problem((*selection.where, name), message)
            continue
        for index, value in enumerate(values):
            if value not in symbols[name]:
                message = f"{value!r} is no value of {name}{suggestion(value, symbols[name])}"
                yield source.problem((*selection.where, name, index), message)


def _wrong_dimensions(indicator: Counted, contract: Contract, source: Source) -> Iterator[Problem]:
    symbols = _symbols(contract)
    for index, breakdown in enumerate(indicator.breakdowns):
        for field in breakdown:
            if field not in symbols:
                message = f"{field!r} is no enum field of {contract.event_type}{suggestion(field, symbols)}"
                yield source.problem(("breakdowns", index), message)


def _wrong_field(indicator: Counted, contract: Contract, source: Source) -> Iterator[Problem]:
    if not isinstance(indicator, Sum | Stock) or indicator.field is None:
        return
    numeric = [field.name for field in contract.fields if field.avro_type in _NUMERIC]
    if indicator.field not in numeric:
        message = (
            f"{indicator.field!r} is no number of {contract.event_type}{suggestion(indicator.field, numeric)}"
        )
        yield source.problem(("field",), message)


def _wrong_rounding(indicator: Counted, source: Source) -> Iterator[Problem]:
    """An amount that is told to the cent tells, with the one of the day before, what one person was granted."""
    is_amount = isinstance(indicator, Sum | Stock) and indicator.field is not None
    if is_amount and indicator.minimum_cell > 1 and indicator.round_to is None:
        yield source.problem(
            ("round_to",),
            f"is missing: an amount with minimum_cell {indicator.minimum_cell} is told in multiples of it",
        )
    if indicator.round_to is not None and not is_amount:
        yield source.problem(("round_to",), "is for amounts: counts are told in batches of minimum_cell")


def _symbols(contract: Contract) -> dict[str, tuple[str, ...]]:
    return {field.name: field.symbols for field in contract.fields if field.symbols}
