"""Which steps the events of some subjects make: from `day` on, the value of a cell is higher by `delta`.

A subject is who or what an event is about: mostly a person, else a site or an agency.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from functools import cache, reduce
from operator import and_

import polars as pl

from schemas.areas import municipalities
from schemas.indicators import (
    Completeness,
    Counted,
    Duration,
    Flow,
    Freshness,
    Gap,
    Step,
    Stock,
    Sum,
    selections,
    span_of,
)
from schemas.indicators.references import HEARTBEAT
from sinks.indicators.cells import cell_of

#: `bin` tells apart what is summed apart: of sums the amount and the number of those who make it up, of completeness
#: the agencies that closed the period and all of them, of durations the persons by number of days, of freshness the
#: agencies by the day of their last heartbeat.
STEPS = pl.Schema(
    {
        "indicator": pl.String,
        "subject": pl.Binary,
        "municipality": pl.String,
        "cell": pl.String,
        "day": pl.Date,
        "bin": pl.Int32,
        "delta": pl.Int64,
    }
)
#: The bins of what has two: the amount, or the agencies that closed; and how many there are. Those that have left the
#: window are summed apart, for what is told of them (sinks/indicators/disclosure.py).
FIRST, COUNT, LEFT, LEFT_COUNT = range(4)
BRUSSELS = "Europe/Brussels"
LEAVE, START, END = range(3)

#: By event type, of each event that is not cancelled the highest revision, all events of each subject, in their order:
#: by subject, moment and id. Columns: `subject`, `occurred_at` (UTC), `municipality` as it was called then, the fields
#: that indicators look at, and `number_<field>` in the smallest unit, such as cents, for those that are summed.
Facts = Mapping[str, pl.DataFrame]


def steps_of(facts: Facts, indicators: Sequence[Counted]) -> pl.DataFrame:
    """The steps (`STEPS`) that these events make; `facts` has every event type that an indicator looks at."""
    present = {event: placed(frame) for event, frame in facts.items()}
    made = [_steps_of(present, indicator) for indicator in indicators]
    return pl.concat([STEPS.to_frame(), *made])


def difference(target: pl.DataFrame, existing: pl.DataFrame) -> pl.DataFrame:
    """The steps that are missing in `existing`, with those that are too many taken back.

    Both have the columns of `STEPS` and the `generation`.
    """
    return summed(pl.concat([target, existing.select(target.columns).with_columns(-pl.col("delta"))]))


def summed(steps: pl.DataFrame) -> pl.DataFrame:
    """Steps that differ in `delta` alone as one; none where they add up to nothing."""
    return steps.group_by(pl.exclude("delta")).agg(pl.col("delta").sum()).filter(pl.col("delta") != 0)


def events_of(indicator: Counted) -> frozenset[str]:
    """The event types that it looks at."""
    return frozenset(selection.event for selection in selections(indicator))


def placed(facts: pl.DataFrame) -> pl.DataFrame:
    """With today's municipality, the Brussels day on which it happened, and that from which its place is `gone`."""
    return facts.with_columns(
        pl.col("municipality").replace(_present_names()),
        happened=_brussels_day(pl.col("occurred_at")),
        gone=pl.col("municipality").replace_strict(_gone_since(), default=None, return_dtype=pl.Date),
    )


def _steps_of(facts: Facts, indicator: Counted) -> pl.DataFrame:
    match indicator:
        case Flow() | Sum():
            return _windowed(facts[indicator.event].filter(matches(indicator.filter)), indicator)
        case Stock():
            return _stock(facts[indicator.event], indicator)
        case Gap():
            return _gap(facts, indicator)
        case Duration():
            return _windowed(_durations(facts, indicator), indicator)
        case Completeness():
            return _completeness(facts[HEARTBEAT], indicator)
        case Freshness():
            return _freshness(facts[HEARTBEAT], indicator)


def _windowed(events: pl.DataFrame, indicator: Flow | Sum | Duration) -> pl.DataFrame:
    """Each event counts from its day on, and no longer when the window has passed."""
    begins = _steps(events, indicator, pl.col("happened"), 1)
    ends = _steps(events, indicator, _end_of_window(indicator.window), -1)
    if not isinstance(indicator, Duration):
        ends = ends.with_columns(bin=pl.col("bin") + (LEFT - FIRST))
    return pl.concat([begins, ends])


def _end_of_window(window: str) -> pl.Expr:
    """The first day on which an event counts no longer."""
    span, day = span_of(window), pl.col("happened")
    match span.unit:
        case "day":
            return day.dt.offset_by(f"{span.length}d")
        case "hour":
            return _brussels_day(pl.col("occurred_at").dt.offset_by(f"{span.length}h"))
        case "week":
            return day.dt.truncate("1w").dt.offset_by("1w")
        case "month":
            return day.dt.truncate("1mo").dt.offset_by("1mo")


def _stock(facts: pl.DataFrame, indicator: Stock) -> pl.DataFrame:
    """The last event of a day decides: a step down where the subject was, a step up where it is."""
    states = (
        facts.with_columns(enters=matches(indicator.enter))
        .filter(pl.col("enters") | matches(indicator.leave))
        .group_by("subject", "happened", maintain_order=True)
        .last()
    )
    remembered = [name for name in states.columns if name not in ("subject", "happened", "occurred_at")]
    before = states.with_columns(pl.col(remembered).shift(1).over("subject"))
    entered = _steps(states.filter("enters"), indicator, pl.col("happened"), 1)
    left = _steps(before.filter("enters"), indicator, pl.col("happened"), -1)
    return pl.concat([entered, left])


def _gap(facts: Facts, indicator: Gap) -> pl.DataFrame:
    """What follows a leave, up to the next, stands alone: its first start, unless its first end came in time."""
    is_start, is_end = pl.col("role") == START, pl.col("role") == END
    started = ("municipality", *indicator.dimensions)
    parts = (
        in_order(facts, indicator, indicator.leave)
        .with_columns(part=(pl.col("role") == LEAVE).cum_sum().over("subject"))
        .group_by("subject", "part", maintain_order=True)
        .agg(
            pl.col("happened").first().alias("begun"),
            pl.col("happened").filter(is_start).first().dt.offset_by(f"{indicator.days}d").alias("late"),
            pl.col("happened").filter(is_end).first().alias("ended"),
            *(pl.col(name).filter(is_start).first() for name in started),
        )
        .with_columns(left=pl.col("begun").shift(-1).over("subject"))
        .with_columns(over=pl.min_horizontal("ended", "left"))
        .filter(pl.col("late").is_not_null() & (pl.col("over").is_null() | (pl.col("late") < pl.col("over"))))
    )
    begins = _steps(parts, indicator, pl.col("late"), 1)
    ends = _steps(parts.filter(pl.col("over").is_not_null()), indicator, pl.col("over"), -1)
    return pl.concat([begins, ends])


def _durations(facts: Facts, indicator: Duration) -> pl.DataFrame:
    """The first end after each subject's first start, and the days between (`bin`)."""
    return (
        in_order(facts, indicator, None)
        .with_columns(
            started=pl.col("happened").filter(pl.col("role") == START).first().over("subject"),
            has_started=(pl.col("role") == START).cum_sum().over("subject") > 0,
        )
        .filter((pl.col("role") == END) & pl.col("has_started"))
        .group_by("subject", maintain_order=True)
        .first()
        .with_columns(bin=(pl.col("happened") - pl.col("started")).dt.total_days().cast(pl.Int32))
    )


def in_order(facts: Facts, indicator: Gap | Duration, leave: Step | None) -> pl.DataFrame:
    """The events of each subject that have a `role`; at the same moment a leave comes first, an end last."""
    roles = {LEAVE: leave, START: indicator.start, END: indicator.end}
    # Dimensions are of those events that count; others may not have such a field.
    wanted = ["subject", "event_id", "occurred_at", "happened", "municipality", *indicator.dimensions]
    frames = [
        facts[step.event]
        .filter(matches(step.filter))
        .select(
            *(name for name in wanted if name in facts[step.event].columns),
            pl.lit(role, pl.Int8).alias("role"),
            pl.lit(step.event).alias("event"),
        )
        for role, step in roles.items()
        if step is not None
    ]
    return pl.concat(frames, how="diagonal").sort("subject", "occurred_at", "role", maintain_order=True)


def _completeness(facts: pl.DataFrame, indicator: Completeness) -> pl.DataFrame:
    """Each agency counts from its first period on; on the days of those that it closed also as such.

    An agency of a municipality that was merged away has nothing more to close.
    """
    beats = facts.filter(pl.col("feed") == indicator.feed).with_columns(
        known=pl.min_horizontal("happened", "period_start")
    )
    known = (
        beats.sort("subject", "known", maintain_order=True).group_by("subject", maintain_order=True).first()
    )
    closed = (
        beats.filter(pl.col("status") == "period_closed")
        .with_columns(day=pl.date_ranges("period_start", "period_end"))
        .explode("day")
        .unique(["subject", "day"], keep="last", maintain_order=True)
        .filter(pl.col("gone").is_null() | (pl.col("day") < pl.col("gone")))
    )
    return pl.concat(
        [
            _steps(known.with_columns(bin=pl.lit(COUNT, pl.Int32)), indicator, pl.col("known"), 1),
            _steps(
                known.filter(pl.col("gone").is_not_null()).with_columns(bin=pl.lit(COUNT, pl.Int32)),
                indicator,
                pl.col("gone"),
                -1,
            ),
            _steps(closed, indicator, pl.col("day"), 1),
            _steps(closed, indicator, pl.col("day").dt.offset_by("1d"), -1),
        ]
    )


def _freshness(facts: pl.DataFrame, indicator: Freshness) -> pl.DataFrame:
    """Each agency counts in the bin of its last heartbeat's day, in days since 1970, until it has another.

    Or until its municipality is merged away: from then on nobody waits for it.
    """
    is_of_feed = pl.lit(True) if indicator.feed is None else pl.col("feed") == indicator.feed
    beats = (
        facts.filter(is_of_feed & matches(indicator.filter))
        .group_by("subject", "happened", maintain_order=True)
        .last()
        .with_columns(
            bin=pl.col("happened").dt.epoch("d").cast(pl.Int32),
            next=pl.min_horizontal(pl.col("happened").shift(-1).over("subject"), "gone"),
        )
    )
    begins = _steps(beats, indicator, pl.col("happened"), 1)
    ends = _steps(beats.filter(pl.col("next").is_not_null()), indicator, pl.col("next"), -1)
    return pl.concat([begins, ends])


def _steps(events: pl.DataFrame, indicator: Counted, day: pl.Expr, sign: int) -> pl.DataFrame:
    """One step for each event; of what has an amount besides one for its number."""
    made = events.select(
        pl.lit(indicator.id).alias("indicator"),
        "subject",
        "municipality",
        cell_of(indicator.dimensions).alias("cell"),
        day.alias("day"),
        (pl.col("bin") if "bin" in events.columns else pl.lit(FIRST, pl.Int32)).alias("bin"),
        pl.lit(sign, pl.Int64).alias("delta"),
    )
    field = indicator.field if isinstance(indicator, Sum | Stock) else None
    if field is None:
        return made
    amount = events.select(pl.col(f"number_{field}").fill_null(0) * sign).to_series()
    return pl.concat(
        [made.with_columns(delta=amount), made.with_columns(bin=pl.lit(COUNT, pl.Int32))],
    )


def matches(fields: Mapping[str, Sequence[str]]) -> pl.Expr:
    each = (pl.col(field).is_in(values).fill_null(False) for field, values in fields.items())
    return reduce(and_, each, pl.lit(True))


def _brussels_day(moment: pl.Expr) -> pl.Expr:
    return moment.dt.convert_time_zone(BRUSSELS).dt.date()


@cache
def _gone_since() -> dict[str, date]:
    """The first day on which a municipality that was merged away was no more."""
    return {
        nis: place.valid_to + timedelta(days=1)
        for nis, place in municipalities().items()
        if nis != place.current_nis and place.valid_to
    }


@cache
def _present_names() -> dict[str, str]:
    """Today's code of each municipality that was merged away."""
    return {nis: place.current_nis for nis, place in municipalities().items() if nis != place.current_nis}
