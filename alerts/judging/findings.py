"""What a rule finds in each area of its level on a day."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

import numpy as np
import numpy.typing as npt

from alerts.judging.judge import is_large_enough, judge
from alerts.judging.panel import ANSWERS, NO, YES, Answers, Floats, Judged, Panel
from alerts.judging.words import why
from alerts.rules import Rule


@dataclass(frozen=True, slots=True)
class Found:
    """All (..., areas), in the order of the areas that were asked about. `judged`: by the override that is in force."""

    holds: Answers
    stays: Answers
    bound: Floats
    value: Floats
    is_large: Answers
    judged: Mapping[str | None, Judged]


@dataclass(frozen=True, slots=True)
class Finding:
    """Of one area. `holds` and `stays` are None when it cannot be said; `value` and `bound` when there is none."""

    area: str
    indicator: str
    day: date
    provisional: bool
    holds: bool | None
    stays: bool | None
    value: float | None
    bound: float | None
    reason: str

    @property
    def is_over(self) -> bool:
        """Whether an alert on it ends, which is known where nothing is reported any more."""
        return self.holds is False or self.stays is False


def find(
    rule: Rule, areas: Sequence[str], panel: Panel, active: bool | npt.NDArray[np.bool_] = True
) -> Found:
    """`active`: whether the judged day is one on which the rule is looked at; (..., areas) if there are several."""
    own = panel[rule.indicator]
    value = own.values[..., -1]
    holds, stays, is_large = (np.full(value.shape, NO) for _ in range(3))
    bound = np.full(value.shape, np.nan)
    judged: dict[str | None, Judged] = {}
    for override, places in _by_override(rule, areas).items():
        here = rule.within(override)
        if here is None:
            continue
        judged[override] = judge(here.condition, panel, rule.indicator)
        large = is_large_enough(here.minimum, own)
        allowed = np.where(active, large, NO)
        is_large[..., places] = large[..., places]
        holds[..., places] = np.minimum(judged[override].holds, allowed)[..., places]
        stays[..., places] = np.minimum(judged[override].stays, allowed)[..., places]
        bound[..., places] = judged[override].bound[..., places]
    # An alert that begins where nothing is reported is one about that, and has no number.
    value = np.where(own.silent & (holds != YES), own.nothing, value)
    return Found(holds, stays, bound, value, is_large, judged)


def findings(
    rule: Rule, areas: Sequence[str], panel: Panel, day: date, provisional: bool
) -> Iterator[Finding]:
    """One for each area. `panel` ends on `day` and has no axes but areas and days."""
    found = find(rule, areas, panel, rule.active.includes(day))
    for place, area in enumerate(areas):
        yield finding_at(rule, found, area, (place,), day, provisional)


def finding_at(
    rule: Rule, found: Found, area: str, place: tuple[int, ...], day: date, provisional: bool
) -> Finding:
    """Of the area in that place of `found`."""
    return Finding(
        area=area,
        indicator=rule.indicator,
        day=day,
        provisional=provisional,
        holds=ANSWERS[found.holds[place]],
        stays=ANSWERS[found.stays[place]],
        value=_number(found.value[place]),
        bound=_number(found.bound[place]),
        reason=_reason(rule, found, area, place, day),
    )


def _by_override(rule: Rule, areas: Sequence[str]) -> Mapping[str | None, list[int]]:
    places: dict[str | None, list[int]] = {}
    for place, area in enumerate(areas):
        places.setdefault(rule.override(area), []).append(place)
    return places


def _reason(rule: Rule, found: Found, area: str, place: tuple[int, ...], day: date) -> str:
    override = rule.override(area)
    if override not in found.judged:
        return "the rule is off here"
    if not rule.active.includes(day):
        return "the rule is not looked at on this day"
    told = why(found.judged[override], place)
    return told if found.is_large[place] == YES else f"{told}, but the numbers are below the rule's minimum"


def _number(number: np.float64) -> float | None:
    return None if np.isnan(number) else float(number)
