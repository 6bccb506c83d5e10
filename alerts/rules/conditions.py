"""What a rule may ask of an indicator's published values. `alerts/judging` says whether it holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Discriminator,
    Field,
    StringConstraints,
    Tag,
    model_validator,
)
from pydantic_core import PydanticCustomError

from alerts.durations import Duration

Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=80)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]
Positive = Annotated[Number, Field(gt=0)]


def _whole_days(span: timedelta) -> timedelta:
    if not span or span % timedelta(days=1):
        raise PydanticCustomError("whole_days", "expected whole days, such as 7d or 4w")
    return span


WholeDays = Annotated[Duration, AfterValidator(_whole_days)]


class _Definition(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class _Simple(_Definition):
    """Of one indicator: the rule's, unless it names another."""

    indicator: Word | None = Field(default=None, description="id of an indicator; the rule's when left out")

    @property
    def lags(self) -> frozenset[int]:
        """How many days before the judged one the values are that it looks at."""
        return frozenset({0})

    @property
    def compares_areas(self) -> bool:
        """Whether what it says of an area rests on the values of the others."""
        return False


class Above(_Simple):
    """Holds while the value is greater than the threshold; once it fires, until the value is not above `clear`."""

    above: Number
    clear: Number | None = Field(default=None, description="a firing alert ends at or below this")

    @model_validator(mode="after")
    def _clears_below(self) -> Above:
        if self.clear is not None and self.clear > self.above:
            raise PydanticCustomError("clear", "clear must not be greater than above")
        return self


class Below(_Simple):
    """Holds while the value is smaller than the threshold; once it fires, until the value is not below `clear`."""

    below: Number
    clear: Number | None = Field(default=None, description="a firing alert ends at or above this")

    @model_validator(mode="after")
    def _clears_above(self) -> Below:
        if self.clear is not None and self.clear < self.below:
            raise PydanticCustomError("clear", "clear must not be smaller than below")
        return self


class _Change(_Simple):
    over: WholeDays = Field(description="against the value so long before")
    percent: bool = Field(default=False, description="the change is in per cent of the earlier value")

    @property
    def lags(self) -> frozenset[int]:
        return frozenset({0, self.over.days})


class Rise(_Change):
    """Holds while the value is more than `rise` above what it was."""

    rise: Positive


class Fall(_Change):
    """Holds while the value is more than `fall` below what it was."""

    fall: Positive


class _Baseline(_Simple):
    weeks: int = Field(
        default=8, ge=4, le=52, strict=True, description="so many earlier weeks are the baseline"
    )
    skip_weeks: int = Field(
        default=0, ge=0, le=8, strict=True, description="the last so many weeks are left out of it"
    )
    least_deviation: Positive = Field(
        default=1, description="a steadier baseline is taken to vary by this much"
    )

    @property
    def lags(self) -> frozenset[int]:
        return frozenset({0, *(7 * (self.skip_weeks + back) for back in range(1, self.weeks + 1))})


class Spike(_Baseline):
    """Holds while the value is more than `spike` robust deviations above the median of the same weekday.

    The deviation is 1.4826 times the median absolute deviation, which estimates the standard deviation of normal data.
    """

    spike: Positive


class Drop(_Baseline):
    """Holds while the value is more than `drop` robust deviations below the median of the same weekday."""

    drop: Positive


#: Days before the judged day: where the baseline ends, and how many days it has.
_EARS: Final[Mapping[str, tuple[int, int]]] = {"C1": (1, 7), "C2": (3, 7)}


class Ears(_Simple):
    """Holds while a day's count is above the mean of seven earlier days by a multiple of their standard deviation.

    C1 takes the seven days before, C2 leaves two days between. Hutwagner et al. 2003, as in R's surveillance::earsC:
    the multiple is the normal quantile of 1 - alpha, and the deviation is at least `least_deviation`.
    """

    ears: Literal["C1", "C2"]
    alpha: float = Field(
        default=0.001, gt=0, lt=0.5, description="share of ordinary days that are taken for alarms"
    )
    least_deviation: Positive = Field(
        default=1, description="a steadier baseline is taken to vary by this much"
    )

    @property
    def baseline(self) -> tuple[int, int]:
        """How many days before the judged day the baseline ends, and its length."""
        return _EARS[self.ears]

    @property
    def lags(self) -> frozenset[int]:
        ends, length = self.baseline
        return frozenset({0, *range(ends, ends + length)})


class _Compared(_Simple):
    to: Literal["parent", "peers"] = Field(
        description="the area that this one lies in; or the median of the other areas of the level"
    )

    @property
    def compares_areas(self) -> bool:
        return self.to == "peers"


class Exceeds(_Compared):
    """Holds while the value is more than `times` that of the parent or the peers."""

    times_above: Positive


class FallsShort(_Compared):
    """Holds while the value is less than `times` that of the parent or the peers."""

    times_below: Positive


class Absent(_Simple):
    """Holds while nothing was ever published for the area, or has not been for `absent` days."""

    absent: WholeDays

    @property
    def lags(self) -> frozenset[int]:
        return frozenset(range(self.absent.days))


class All(_Definition):
    """Holds while each of its conditions does."""

    all: tuple[Condition, ...] = Field(min_length=2)

    @property
    def parts(self) -> tuple[Condition, ...]:
        return self.all


class Either(_Definition):
    """Holds while any of its conditions does."""

    any: tuple[Condition, ...] = Field(min_length=2)

    @property
    def parts(self) -> tuple[Condition, ...]:
        return self.any


Simple = Above | Below | Rise | Fall | Spike | Drop | Ears | Exceeds | FallsShort | Absent

_KINDS: Final[Mapping[str, type[_Definition]]] = {
    "above": Above,
    "below": Below,
    "rise": Rise,
    "fall": Fall,
    "spike": Spike,
    "drop": Drop,
    "ears": Ears,
    "times_above": Exceeds,
    "times_below": FallsShort,
    "absent": Absent,
    "all": All,
    "any": Either,
}


def _kind(condition: Any) -> str | None:
    """The name of the one kind of condition that this is; None when it names none, or several."""
    if isinstance(condition, _Definition):
        return type(condition).__name__
    named = (
        [_KINDS[key].__name__ for key in condition if key in _KINDS] if isinstance(condition, Mapping) else []
    )
    return named[0] if len(named) == 1 else None


Condition = Annotated[
    Annotated[Above, Tag("Above")]
    | Annotated[Below, Tag("Below")]
    | Annotated[Rise, Tag("Rise")]
    | Annotated[Fall, Tag("Fall")]
    | Annotated[Spike, Tag("Spike")]
    | Annotated[Drop, Tag("Drop")]
    | Annotated[Ears, Tag("Ears")]
    | Annotated[Exceeds, Tag("Exceeds")]
    | Annotated[FallsShort, Tag("FallsShort")]
    | Annotated[Absent, Tag("Absent")]
    | Annotated[All, Tag("All")]
    | Annotated[Either, Tag("Either")],
    Discriminator(
        _kind,
        custom_error_type="condition",
        custom_error_message=f"expected exactly one of {', '.join(_KINDS)}, as in {{above: 400}}",
    ),
]

All.model_rebuild()
Either.model_rebuild()


def simple_parts(condition: Condition) -> Iterator[Simple]:
    """The conditions on one indicator that this one is made of, in the order in which they are written."""
    if isinstance(condition, All | Either):
        for part in condition.parts:
            yield from simple_parts(part)
    else:
        yield condition


def is_lower(condition: Simple) -> bool:
    """Whether it holds below its bound."""
    return isinstance(condition, Below | Fall | Drop | FallsShort)


def scaled(condition: Condition, scale: float) -> Condition:
    """The condition with its numbers of persons or things so many times as large; shares and multiples stay."""
    if isinstance(condition, All):
        return All(all=tuple(scaled(part, scale) for part in condition.all))
    if isinstance(condition, Either):
        return Either(any=tuple(scaled(part, scale) for part in condition.any))
    changed = {
        name: number * scale for name in _COUNTS if (number := getattr(condition, name, None)) is not None
    }
    if condition.indicator or getattr(condition, "percent", False):
        return condition
    return condition.model_copy(update=changed)


_COUNTS: Final = ("above", "below", "clear", "rise", "fall", "least_deviation")
