"""Days as counts, as they were known on each morning: what EARS looks at."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Final

import numpy as np
import numpy.typing as npt
import polars as pl

from bench.detection.ears import NEEDED, is_alarm
from bench.detection.told import Told
from bewithu.clock import brussels_day
from schemas.areas import Level, covering
from sinks.indicators.moves import areas_around
from sinks.indicators.steps import placed

#: The days of the flows that rules look at: event type and fields.
FLOWS: Final[Mapping[str, tuple[str, Mapping[str, str]]]] = {
    "certificates": ("registration", {"status": "certified"}),
    "arrivals": ("housing_change", {"status": "moved_in", "site_type": "emergency"}),
}
METHODS: Final = tuple(NEEDED)
DAYS: Final = max(NEEDED.values())


def ears_areas() -> Sequence[str]:
    """The country, the provinces and Brussels."""
    return [area.code for level in (Level.COUNTRY, Level.PROVINCE) for area in covering(level)]


def counts_then(told: Told, flow: str, moments: Sequence[datetime]) -> npt.NDArray[np.int64]:
    """(moments, areas, days): the last twelve days before each moment, as the agencies had told of them by then.

    Every event once, as it was told first: corrections of other fields do not matter, and what was taken back was
    counted until then.
    """
    event, fields = FLOWS[flow]
    codes, last = ears_areas(), [brussels_day(moment) - timedelta(days=1) for moment in moments]
    first = last[0] - timedelta(days=DAYS - 1)
    bounds = np.array([moment.astimezone(UTC).replace(tzinfo=None) for moment in moments], "datetime64[ms]")
    rows = (
        placed(told[event].filter([pl.col(name) == value for name, value in fields.items()]))
        .sort("published_at")
        .unique("event_id", keep="first", maintain_order=True)
        .filter(pl.col("happened").is_between(first, last[-1]))
        .join(areas_around(), on="municipality")
        .join(pl.DataFrame({"area": codes, "place": range(len(codes))}), on="area")
    )
    known = np.searchsorted(bounds, rows["published_at"].dt.replace_time_zone(None).to_numpy(), side="left")
    day = (rows["happened"].to_numpy() - np.datetime64(first)).astype(np.int64)
    totals = np.zeros((len(moments) + 1, len(codes), (last[-1] - first).days + 1), np.int64)
    np.add.at(totals, (known, rows["place"].to_numpy(), day), 1)
    totals = totals.cumsum(axis=0)
    return np.stack(
        [
            totals[number, :, (day - first).days - DAYS + 1 : (day - first).days + 1]
            for number, day in enumerate(last)
        ]
    )


def ears_firing(told: Told, moments: Sequence[datetime]) -> Iterator[tuple[str, str, npt.NDArray[np.bool_]]]:
    """Method, area, and at which moments yesterday was an alarm in either flow."""
    counts = [counts_then(told, flow, moments).tolist() for flow in FLOWS]
    for method in METHODS:
        for place, area in enumerate(ears_areas()):
            for series in counts:
                firing = [is_alarm(method, days[place]) for days in series]
                yield method, area, np.array(firing)
