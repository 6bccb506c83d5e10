"""Over all seeds: shares, days and false alarms of one contender, of one rule, of one type of rules. Pure."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from statistics import median
from typing import Any, Final

from alerts.rules import Rule
from bench.detection.scoring import Detection, Quiet
from bench.detection.shocks import KINDS
from schemas.areas import covering

#: Days after the data are in, within which a large shock is to be told.
IN_TIME_DAYS: Final = 2
#: What a condition is called, by the word that it has in a rule.
TYPES: Final[Mapping[str, str]] = {
    "Above": "threshold",
    "Below": "threshold",
    "Rise": "change",
    "Fall": "change",
    "Spike": "baseline",
    "Drop": "baseline",
    "Ears": "ears",
    "Exceeds": "comparison",
    "FallsShort": "comparison",
    "Absent": "absence",
    "All": "combination",
    "Either": "combination",
}


@dataclass(frozen=True, slots=True)
class Told:
    """Of so many shocks, how many were told, how many of these in time, and the median of their days of data.

    `in_calendar`: how many in as many calendar days.
    """

    shocks: int
    told: int
    in_time: int
    in_calendar: int
    median_days: float | None

    @property
    def share_in_time(self) -> float:
        return self.in_time / self.shocks if self.shocks else 1.0


@dataclass(frozen=True, slots=True)
class Contender:
    """`told`: by size and kind (`large influx`), and `large` for all of these. Alarms are false ones a month."""

    told: Mapping[str, Told]
    false_a_month: float
    false_an_area_and_month: float
    false_a_coordinator_and_month: Mapping[str, float]

    @property
    def worst(self) -> float:
        """Of the coordinator who gets the most."""
        return max(self.false_a_coordinator_and_month.values(), default=0.0)

    @property
    def mean(self) -> float:
        heard = self.false_a_coordinator_and_month
        return sum(heard.values()) / len(heard) if heard else 0.0

    def to_json(self) -> dict[str, Any]:
        return {
            "large_shocks": self.told["large"].shocks,
            "large_in_time_share": round(self.told["large"].share_in_time, 3),
            "large_in_time_share_by_calendar": round(
                self.told["large"].in_calendar / max(1, self.told["large"].shocks), 3
            ),
            "false_alarms_a_month": round(self.false_a_month, 3),
            "false_alarms_an_area_and_month": round(self.false_an_area_and_month, 4),
            "false_alarms_a_coordinator_and_month_most": round(self.worst, 3),
            "false_alarms_a_coordinator_and_month_mean": round(self.mean, 3),
            "told": {
                name: {
                    "shocks": each.shocks,
                    "told": each.told,
                    "in_time": each.in_time,
                    "in_time_by_calendar": each.in_calendar,
                    "median_days": each.median_days,
                }
                for name, each in self.told.items()
            },
        }


def type_of(rule: Rule) -> str:
    return TYPES[type(rule.condition).__name__]


def areas_of(rules: Collection[Rule]) -> int:
    return sum(len(covering(rule.level)) for rule in rules)


def contender(
    quiets: Sequence[Quiet], detections: Sequence[Detection], sources: Collection[str], areas: int
) -> Contender:
    """What these sources told. `areas`: in how many they look, one counted as often as there are sources."""
    months = sum(each.months for each in quiets)
    false = sum(each.alarms.get(source, 0) for each in quiets for source in sources)
    heard: dict[str, int] = {}
    for each in quiets:
        for email, count in each.heard.items():
            heard[email] = heard.get(email, 0) + count
    return Contender(
        told=by_kind(detections, sources),
        false_a_month=false / months,
        false_an_area_and_month=false / months / areas,
        false_a_coordinator_and_month={email: count / months for email, count in heard.items()},
    )


def by_kind(detections: Sequence[Detection], sources: Collection[str]) -> dict[str, Told]:
    groups = {"large": [each for each in detections if each.is_large]}
    for kind in KINDS:
        for is_large in (True, False):
            found = [each for each in detections if each.kind == kind and each.is_large == is_large]
            if found:
                size = "large " if is_large else "" if kind == "drift" else "small "
                groups[f"{size}{kind}"] = found
    return {name: told_of(found, sources) for name, found in groups.items()}


def told_of(detections: Sequence[Detection], sources: Collection[str]) -> Told:
    days = [first for each in detections if (first := each.first(sources)) is not None]
    found = (each.first_in_calendar(sources) for each in detections)
    calendar = [first for first in found if first is not None]
    return Told(
        shocks=len(detections),
        told=len(days),
        in_time=sum(first <= IN_TIME_DAYS for first in days),
        in_calendar=sum(first <= IN_TIME_DAYS for first in calendar),
        median_days=median(days) if days else None,
    )
