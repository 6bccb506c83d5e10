"""What was published of a told world at each of many moments: the product's own steps, sums and disclosure control.

Between a message and its value nothing is lost and no time passes: ingestion and the store are left out.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Final

import numpy as np
import polars as pl

from bench.detection.told import Looked, Told
from schemas.indicators import Counted, Indicators
from sinks.clickhouse.known_then import Then, numbers_then, sums_of_moments
from sinks.indicators.known_then import CHANGES, Looks
from sinks.indicators.moves import areas_around
from sinks.indicators.steps import steps_of

#: `moment` is the number of the first at which a step was known.
STEPS_THEN: Final = pl.Schema(
    {
        "indicator": pl.String(),
        "municipality": pl.String(),
        "day": pl.Date(),
        "bin": pl.Int32(),
        "moment": pl.Int32(),
        "delta": pl.Int64(),
    }
)
_STEP: Final = ("indicator", "municipality", "day", "bin", "moment")


@dataclass(frozen=True, slots=True)
class Catalogue:
    """`counted`: the indicators that are worked out from events, in totals. `looked`: what they look at."""

    indicators: Indicators
    counted: Sequence[Counted]
    looked: Mapping[str, Looked]


@dataclass(frozen=True, slots=True)
class World:
    """`moments`: UTC, ascending; `steps`: `STEPS_THEN`. The `Known` of bewithu/fitting/alerting.py."""

    indicators: Indicators
    moments: Sequence[datetime]
    steps: pl.DataFrame
    _by_area: dict[str, pl.DataFrame] = field(default_factory=dict)

    def numbers(
        self, indicator: str, areas: Sequence[str], moments: Sequence[Then], lags: Sequence[int]
    ) -> pl.DataFrame:
        """As `numbers_then`; each `as_of` is one of the world's moments."""
        number = {moment: place for place, moment in enumerate(self.moments)}
        asked = [number[moment.as_of.astimezone(UTC)] for moment in moments]

        def sums_of(side: Counted, looks: Looks) -> pl.DataFrame:
            changes = self._changes(side.id).filter(pl.col("area").is_in(list(areas)))
            first = np.searchsorted(np.array(asked), changes["moment"].to_numpy(), side="left")
            known = changes.with_columns(pl.Series("moment", first, pl.Int32))
            return sums_of_moments(known, range(len(asked)), looks)

        untils = [moment.until for moment in moments]
        return numbers_then(self.indicators, indicator, areas, untils, lags, sums_of)

    def _changes(self, indicator: str) -> pl.DataFrame:
        """`CHANGES` in all areas."""
        if indicator not in self._by_area:
            self._by_area[indicator] = (
                self.steps.filter(pl.col("indicator") == indicator)
                .join(areas_around(), on="municipality")
                .group_by("area", "day", "bin", "moment")
                .agg(pl.col("delta").sum())
                .select(CHANGES.names())
            )
        return self._by_area[indicator]


def steps_then(
    told: Told, catalogue: Catalogue, moments: Sequence[datetime], subjects: Collection[str] | None = None
) -> pl.DataFrame:
    """`STEPS_THEN` of these subjects, or of all: of each the steps of what was known at each moment that brought news,
    without those of what was known before.
    """
    kept = {event: _known_from(frame, moments, subjects) for event, frame in told.items()}
    news = pl.concat([frame.select("subject", "moment") for frame in kept.values()]).unique()
    looks = (
        news.sort("subject", "moment")
        .with_columns(following=pl.col("moment").shift(-1).over("subject"))
        .with_row_index("look")
    )
    facts = {
        event: _facts_then(frame, looks, catalogue.looked[event].numbers) for event, frame in kept.items()
    }
    made = (
        steps_of(facts, catalogue.counted)
        .with_columns(look=pl.col("subject").cast(pl.String).cast(pl.UInt32))
        .join(looks.select("look", "moment", "following"), on="look")
    )
    taken_back = made.filter(pl.col("following").is_not_null()).with_columns(
        moment=pl.col("following"), delta=-pl.col("delta")
    )
    return summed(pl.concat([made, taken_back]))


def summed(steps: pl.DataFrame) -> pl.DataFrame:
    return (
        steps.group_by(*_STEP)
        .agg(pl.col("delta").sum())
        .filter(pl.col("delta") != 0)
        .select(STEPS_THEN.names())
    )


def _known_from(
    frame: pl.DataFrame, moments: Sequence[datetime], subjects: Collection[str] | None
) -> pl.DataFrame:
    """With the number of the moment at which each message is known first; without those that never are."""
    if subjects is not None:
        frame = frame.filter(pl.col("subject").is_in(list(subjects)))
    bounds = np.array([moment.astimezone(UTC).replace(tzinfo=None) for moment in moments], "datetime64[ms]")
    first = np.searchsorted(bounds, frame["published_at"].dt.replace_time_zone(None).to_numpy(), side="left")
    return frame.with_columns(pl.Series("moment", first, pl.Int32)).filter(pl.col("moment") < len(moments))


def _facts_then(frame: pl.DataFrame, looks: pl.DataFrame, numbers: Sequence[str]) -> pl.DataFrame:
    """`sinks.indicators.steps.Facts` of one event type, where each look at a subject is a subject of its own."""
    return (
        looks.select("look", "subject", upto="moment")
        .join(frame, on="subject")
        .filter(pl.col("moment") <= pl.col("upto"))
        .sort("look", "event_id", "revision", descending=[False, False, True])
        .unique(["look", "event_id"], keep="first", maintain_order=True)
        .filter(~pl.col("cancelled"))
        .sort("look", "occurred_at", "event_id")
        .with_columns(
            pl.col("look").cast(pl.String).cast(pl.Binary).alias("subject"),
            *(pl.col(name).alias(f"number_{name}") for name in numbers),
        )
    )
