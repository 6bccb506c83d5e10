"""What an indicator is: the model of the YAML files in `streams/indicators/`, with a published JSON Schema."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Annotated, Any, ClassVar, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, TypeAdapter

from schemas.indicators.window import Window

Unit = Literal["persons", "files", "households", "certificates", "places", "EUR", "days", "%", "‰"]
#: Fields and the values that match: every field named must have one of its values.
Filter = Annotated[dict[str, tuple[str, ...]], Field(min_length=1)]


def _as_dimensions(breakdown: object) -> object:
    return (breakdown,) if isinstance(breakdown, str) else breakdown


#: One field of the event, or several whose values are combined.
Breakdown = Annotated[tuple[str, ...], BeforeValidator(_as_dimensions), Field(min_length=1, max_length=3)]


class Texts(BaseModel):
    """The same text in the four languages."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    nl: str = Field(min_length=1)
    fr: str = Field(min_length=1)
    de: str = Field(min_length=1)
    en: str = Field(min_length=1)

    def in_language(self, language: str) -> str:
        text: str = getattr(self, language)
        return text


class Step(BaseModel):
    """Events of one type whose fields have these values."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    event: str
    filter: Filter


class _Indicator(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)
    #: Part of the fingerprint of a kind whose steps were altered.
    _steps_made: ClassVar[Mapping[str, int]] = {}

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{2,60}$")
    name: Texts
    explanation: Texts = Field(description="one sentence: what is counted, and what is not")
    unit: Unit
    publishers: tuple[str, ...] = Field(min_length=1, description="whose events it rests on")
    source: str = Field(description="where this indicator is published or asked for")
    stream: Literal["federal", "walloon"] = Field("federal", description="for whose monitoring it is kept")
    minimum_cell: int = Field(
        5,
        ge=0,
        description="persons are told in batches of so many; less than a batch is not published",
    )
    round_to: int | None = Field(
        None,
        ge=1,
        description="amounts are told in multiples of it: about the minimum cell times the largest usual amount",
    )
    usual_delay_days: int = Field(ge=0, description="how long its events usually take to arrive")
    breakdowns: tuple[Breakdown, ...] = Field(
        (("sex",), ("age_group",)), description="enum fields of the event that it is broken down by"
    )
    headline: int | None = Field(None, ge=1, description="its place among the headlines, where it is one")

    @property
    def fingerprint(self) -> str:
        """Changes when stored steps would no longer follow from the definition."""
        shown = {
            "name", "explanation", "source", "publishers", "headline", "minimum_cell", "unit", "stream",
            "usual_delay_days", "quantile", "round_to",
        }  # fmt: skip
        content = json.dumps(
            self.model_dump(mode="json", exclude=shown) | dict(self._steps_made), sort_keys=True
        )
        return hashlib.sha256(content.encode()).hexdigest()

    @property
    def dimensions(self) -> tuple[str, ...]:
        """The fields that any breakdown asks for, each once."""
        return tuple(dict.fromkeys(field for breakdown in self.breakdowns for field in breakdown))


class Flow(_Indicator):
    """Events in a window that ends with the day of the value."""

    _steps_made: ClassVar[Mapping[str, int]] = {"left_apart": 1}

    kind: Literal["flow"]
    event: str
    filter: Filter
    window: Window


class Sum(_Indicator):
    """The sum of a numeric field of the events in a window that ends with the day of the value."""

    _steps_made: ClassVar[Mapping[str, int]] = {"left_apart": 1}

    kind: Literal["sum"]
    event: str
    filter: Filter
    window: Window
    field: str


class Stock(_Indicator):
    """Persons whose latest event, among those that enter or leave, entered: at the end of the day.

    With a `field`, the sum of what their latest events say in it: places of sites, amounts of grants.
    """

    kind: Literal["stock"]
    event: str
    enter: Filter
    leave: Filter
    field: str | None = None


class Gap(_Indicator):
    """Persons who began at least `days` ago and have not reached the end: at the end of the day.

    Only what follows a person's latest `leave` is looked at. A person counts where the first start was recorded.
    """

    kind: Literal["gap"]
    start: Step
    end: Step
    leave: Step | None = None
    days: int = Field(ge=0, le=3_660)


class Duration(_Indicator):
    """A quantile of the days from a person's first start to the first end after it.

    Over the ends in a window that ends with the day of the value; each counts where the end was recorded. The quantile
    is the smallest number of days that at least that share of the persons did not exceed.
    """

    kind: Literal["duration"]
    start: Step
    end: Step
    window: Window
    quantile: float = Field(0.5, gt=0, le=1)


class Completeness(_Indicator):
    """The share of the agencies with a feed that have closed the period of the value's day for it.

    Agencies with a feed are those that announced a period of it up to that day.
    """

    kind: Literal["completeness"]
    feed: str
    breakdowns: tuple[Breakdown, ...] = ()


class Freshness(_Indicator):
    """Days since an agency's last heartbeat, at the end of the day; of several agencies the longest time."""

    kind: Literal["freshness"]
    feed: str | None = Field(None, description="of this feed only")
    filter: Filter = Field(
        default_factory=dict,
        description="of heartbeats; who sends none of these does not count, as who closes periods and is else silent",
    )
    breakdowns: tuple[Breakdown, ...] = ()


class Ratio(_Indicator):
    """One indicator's value divided by another's, for the same area, breakdown and day; times `per`."""

    kind: Literal["ratio"]
    numerator: str
    denominator: str
    per: Literal[1, 1000] = 1


class Occupancy(_Indicator):
    """A stock of persons divided by the places that there are for them."""

    kind: Literal["occupancy"]
    numerator: str
    denominator: str


class Change(_Indicator):
    """An indicator's value minus its value so many days before; or that difference as a share of the earlier one."""

    kind: Literal["change"]
    of: str
    days: int = Field(ge=1, le=3_660)
    relative: bool = False


class Divergence(_Indicator):
    """How far two publishers' counts of one thing lie apart: their difference as a share of the second."""

    kind: Literal["divergence"]
    first: str
    second: str


#: Those that events are counted for, and those that are worked out from others.
Counted = Flow | Sum | Stock | Gap | Duration | Completeness | Freshness
Derived = Ratio | Occupancy | Change | Divergence
Indicator = Counted | Derived
Definition = Annotated[Indicator, Field(discriminator="kind")]
Indicators = Mapping[str, Indicator]


def sides_of(indicator: Derived) -> tuple[str, str]:
    """The ids of the indicators that it is worked out from."""
    if isinstance(indicator, Change):
        return indicator.of, indicator.of
    if isinstance(indicator, Divergence):
        return indicator.first, indicator.second
    return indicator.numerator, indicator.denominator


def has_count(indicator: Indicator) -> bool:
    """Whether its value is no count of persons, and their number stands beside it as the denominator."""
    if isinstance(indicator, Stock):
        return indicator.field is not None
    return isinstance(indicator, Sum | Duration | Completeness | Freshness)


def is_sum(indicator: Indicator) -> bool:
    """Whether of nothing at all it is 0, and not unknown as a share is."""
    return isinstance(indicator, Flow | Sum | Stock | Gap)


def counts_persons(indicator: Indicator) -> bool:
    """Whether its value is a number of persons, or what else is counted like them, told in batches."""
    return (
        isinstance(indicator, Flow | Stock | Gap) and not has_count(indicator) and indicator.minimum_cell > 1
    )


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a definition file."""
    return TypeAdapter(Definition).json_schema()
