"""Which indicator, area and day a command is about."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Annotated

import typer

from bewithu.clock import SystemClock, brussels_day
from bewithu.definitions import suggestion
from schemas.areas import areas
from schemas.indicators import Indicator, Indicators

IndicatorName = Annotated[
    str, typer.Argument(metavar="INDICATOR", help="an id from `bewithu indicators list`")
]
AreaCode = Annotated[str, typer.Option(help="BE, or a NIS code")]
Day = Annotated[datetime | None, typer.Option(formats=["%Y-%m-%d"], help="Today when left out.")]
AsOf = Annotated[
    datetime | None,
    typer.Option(
        formats=["%Y-%m-%d", "%Y-%m-%dT%H:%M", "%Y-%m-%dT%H:%M:%S"],
        help="What was known then, in UTC; what is known now when left out.",
    ),
]


def chosen(name: str, indicators: Indicators) -> Indicator:
    if name not in indicators:
        raise typer.BadParameter(f"no indicator {name!r}{suggestion(name, indicators)}")
    return indicators[name]


def checked_area(code: str) -> str:
    if code not in areas():
        raise typer.BadParameter(f"no area {code!r}; expected BE or the NIS code of an area")
    return code


def day_of(given: datetime | None) -> date:
    return given.date() if given else brussels_day(SystemClock().now())


def moment_of(given: datetime | None) -> datetime | None:
    return given.replace(tzinfo=UTC) if given else None
