"""Which old events may go, and what becomes of the steps that they made.

An event is old before its type's cut. Of the old ones those stay that decide what events to come will change: of who is
or was in a stock their last event, of a gap or a duration the first start and the first end. All others have had
their effect: the steps that they made are handed over to nobody, so that every value stays what it is. Of whom nothing
counts any more and nothing new was heard, all events go: who comes back is new.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

import polars as pl

from schemas.indicators import Counted, Duration, Gap, Stock
from sinks.indicators.steps import (
    END,
    LEAVE,
    START,
    Facts,
    difference,
    events_of,
    in_order,
    matches,
    placed,
    summed,
)

#: The subject that steps are handed over to: no pseudonym, as one of digits alone is refused.
NOBODY = bytes(16)

_KEY = ("indicator", "generation", "subject", "municipality", "cell", "day", "bin")
_NEEDED = pl.Schema({"event": pl.String, "subject": pl.Binary, "event_id": pl.String, "counts": pl.Boolean})


def expendable(
    facts: Facts, indicators: Sequence[Counted], cuts: Mapping[str, date]
) -> dict[str, pl.DataFrame]:
    """`subject` and `event_id` of the events that may go, by event type.

    `facts` are those of some subjects, all of each of the types in `cuts`, with `event_id` and, unlike elsewhere, those
    that are `cancelled`. `cuts`: by event type the first day that is not old.
    """
    dated = {event: placed(frame) for event, frame in facts.items()}
    sound = {event: frame.filter(~pl.col("cancelled")) for event, frame in dated.items()}
    concerned = [found for found in indicators if events_of(found) <= cuts.keys()]
    needed = pl.concat([_NEEDED.to_frame(), *(_needed(sound, found, cuts) for found in concerned)])
    of_whom_more_may_come = pl.concat(
        [
            needed.filter("counts").select("subject"),
            *(
                frame.filter(pl.col("happened") >= cuts[event]).select("subject")
                for event, frame in dated.items()
            ),
        ]
    )
    needed = needed.join(of_whom_more_may_come, on="subject", how="semi")
    return {
        event: frame.filter(pl.col("happened") < cuts[event])
        .select("subject", "event_id")
        .join(needed.filter(pl.col("event") == event), on=["subject", "event_id"], how="anti")
        for event, frame in dated.items()
    }


def handed_over(existing: pl.DataFrame, target: pl.DataFrame, number: int) -> pl.DataFrame:
    """The steps to write so that of these subjects' `existing` ones only `target` is left, and nobody has the rest.

    `existing` is by `refresh`, and so is what is handed over: what was known at any moment stays. What cannot be told
    by refresh, as part of it stays, is written under `number`.
    """
    stays = existing.join(target, on=_KEY, how="semi")
    goes = existing.join(target, on=_KEY, how="anti").with_columns(-pl.col("delta"))
    rest = difference(target, stays).with_columns(refresh=pl.lit(number, pl.UInt64))
    own = pl.concat([goes, rest.select(goes.columns)])
    nobodys = summed(own.with_columns(-pl.col("delta"), subject=pl.lit(NOBODY)))
    return pl.concat([own, nobodys.select(own.columns)])


def _needed(facts: Facts, indicator: Counted, cuts: Mapping[str, date]) -> pl.DataFrame:
    """The events that decide what later ones will change (`_NEEDED`); `counts`: the subject still does, or may yet."""
    match indicator:
        case Stock():
            found = _stock(facts[indicator.event], indicator, cuts[indicator.event])
        case Gap():
            found = _gap(_before_latest_cut(facts, indicator, cuts))
        case Duration():
            found = _duration(_before_latest_cut(facts, indicator, cuts))
        case _:
            return _NEEDED.to_frame()
    return found.select(_NEEDED.names())


def _before_latest_cut(facts: Facts, indicator: Gap | Duration, cuts: Mapping[str, date]) -> pl.DataFrame:
    """Before the cut of whichever type is kept shortest: events of another may be among them that are not old."""
    latest = max(cuts[event] for event in events_of(indicator))
    leave = indicator.leave if isinstance(indicator, Gap) else None
    return in_order(facts, indicator, leave).filter(pl.col("happened") < latest)


def _stock(facts: pl.DataFrame, indicator: Stock, cut: date) -> pl.DataFrame:
    """The last one, a leave too: an earlier one may stay for another indicator, and must not come to count here."""
    return (
        facts.with_columns(enters=matches(indicator.enter))
        .filter((pl.col("enters") | matches(indicator.leave)) & (pl.col("happened") < cut))
        .group_by("subject", maintain_order=True)
        .last()
        .with_columns(event=pl.lit(indicator.event), counts="enters")
    )


def _gap(events: pl.DataFrame) -> pl.DataFrame:
    """Of what follows the last leave: the leave, the first start, and the first end."""
    left = (pl.col("role") == LEAVE).cum_sum()
    return (
        events.filter(left.over("subject") == (pl.col("role") == LEAVE).sum().over("subject"))
        .group_by("subject", "role", maintain_order=True)
        .first()
        .with_columns(
            counts=(pl.col("role") == START).any().over("subject")
            & ~(pl.col("role") == END).any().over("subject")
        )
    )


def _duration(events: pl.DataFrame) -> pl.DataFrame:
    """The first start, and the first end after it."""
    has_started = ((pl.col("role") == START).cum_sum() > 0).over("subject")
    return (
        events.filter(has_started)
        .group_by("subject", "role", maintain_order=True)
        .first()
        .with_columns(counts=pl.lit(False))
    )
