"""A rule with one of its numbers changed, to compare what it would have done: `threshold=10:50:5`, `for=1d:5d:1d`."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Final

from pydantic import ValidationError

from alerts.durations import format_duration, parse_duration
from alerts.rules import Rule
from bewithu.definitions import suggestion

#: What `threshold` may be called in a condition.
_THRESHOLDS: Final = ("above", "below", "rise", "fall", "spike", "drop", "times_above", "times_below")
_LENGTHS: Final = ("for", "keep_firing_for")
#: A slip of the hand must not take a night.
_MOST: Final = 100


@dataclass(frozen=True, slots=True)
class Variant:
    """`label`: as `threshold=15`."""

    label: str
    rule: Rule


def variants(rule: Rule, how: str) -> Iterator[Variant]:
    """`how`: `FIELD=FROM:TO:STEP`. Raises ValueError, and says what was expected."""
    name, _, span = how.partition("=")
    pieces = span.split(":")
    if len(pieces) != 3:
        raise ValueError(f"expected FIELD=FROM:TO:STEP, as threshold=10:50:5, got {how!r}")
    written = rule.model_dump(mode="json", by_alias=True, exclude_unset=True)
    target, field = _where(written, name)
    for value in _lengths(pieces) if field in _LENGTHS else _numbers(pieces):
        target[field] = value
        try:
            yield Variant(
                f"{name}={value if isinstance(value, str) else f'{value:g}'}", Rule.model_validate(written)
            )
        except ValidationError as error:
            raise ValueError(f"{name}={value}: {error.errors()[0]['msg']}") from error


def _where(written: dict[str, Any], name: str) -> tuple[dict[str, Any], str]:
    """The part of the rule that has the field, and what it is called there."""
    condition: dict[str, Any] = written["condition"]
    if name in _LENGTHS:
        return written, name
    if name == "threshold":
        name = next((each for each in _THRESHOLDS if each in condition), name)
    numbers = {
        each for each, value in condition.items() if isinstance(value, int | float) and value is not True
    }
    if name not in numbers:
        known = sorted({*numbers, *_LENGTHS, *(["threshold"] if numbers & {*_THRESHOLDS} else [])})
        hint = suggestion(name, known) or f"; expected one of {', '.join(known)}"
        raise ValueError(f"the rule has no number {name!r} to vary{hint}")
    return condition, name


def _numbers(pieces: list[str]) -> Iterator[float]:
    try:
        begin, end, step = map(float, pieces)
    except ValueError as error:
        raise ValueError(f"expected three numbers, got {':'.join(pieces)!r}") from error
    yield from (int(number) if number.is_integer() else number for number in _steps(begin, end, step))


def _lengths(pieces: list[str]) -> Iterator[str]:
    begin, end, step = (parse_duration(piece).total_seconds() for piece in pieces)
    for seconds in _steps(begin, end, step):
        yield format_duration(parse_duration(f"{round(seconds)}s"))


def _steps(begin: float, end: float, step: float) -> list[float]:
    if step <= 0 or end < begin or (end - begin) / step > _MOST:
        raise ValueError(f"expected FROM:TO:STEP that ascends in at most {_MOST} steps")
    # Not added up: ten times a tenth is not one.
    return [round(begin + step * number, 12) for number in range(int((end - begin) / step + 1e-9) + 1)]
