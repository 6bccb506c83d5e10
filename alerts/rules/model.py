"""What a rule says. `alerts/rules.schema.json` is made from this model."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, timedelta
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from alerts.durations import Duration
from alerts.rules.annotations import Annotation
from alerts.rules.conditions import Condition, Simple, Word, simple_parts
from schemas.areas import Level, is_within

Severity = Literal["info", "warning", "critical"]
SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)

#: A day of any year, as `11-01`.
MonthDay = Annotated[str, StringConstraints(pattern=r"^(0[1-9]|1[0-2])-(0[1-9]|[12][0-9]|3[01])$")]


class _Definition(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Minimum(_Definition):
    """Below any of these numbers nothing is wrong: a share of 3 of 7 persons is no share."""

    value: float | None = Field(default=None, gt=0, strict=True)
    numerator: float | None = Field(default=None, gt=0, strict=True)
    denominator: float | None = Field(default=None, gt=0, strict=True)


class Active(_Definition):
    """When a rule is looked at: both ends included. The year may turn between `season_begins` and `season_ends`."""

    since: date | None = None
    until: date | None = None
    season_begins: MonthDay = "01-01"
    season_ends: MonthDay = "12-31"

    def includes(self, day: date) -> bool:
        if (self.since and day < self.since) or (self.until and day > self.until):
            return False
        begins, ends, here = self.season_begins, self.season_ends, day.strftime("%m-%d")
        return begins <= here <= ends if begins <= ends else here >= begins or here <= ends


class Override(_Definition):
    """What is otherwise in an area, and in all that lie in it."""

    condition: Condition | None = None
    for_: Duration | None = Field(default=None, alias="for")
    keep_firing_for: Duration | None = None
    repeat_interval: Duration | None = None
    severity: Severity | None = None
    minimum: Minimum | None = None
    off: bool = Field(default=False, description="the rule is not looked at there")


class Rule(_Definition):
    """Watches an indicator in every area of one level."""

    id: Word = Field(description="unique among the rules; appears in the log and on the board")
    indicator: Word = Field(description="id of an indicator definition")
    level: Level = Field(
        description="the rule runs for every area of it, and for the region that has none: Brussels for provinces"
    )
    condition: Condition = Field(description="when there is something wrong")
    for_: Duration = Field(alias="for", description="how long the condition must hold before anybody is told")
    keep_firing_for: Duration = Field(
        default=timedelta(0), description="how long it must not hold before an alert is over"
    )
    repeat_interval: Duration = Field(
        default=timedelta(0),
        description="after how long it is told again that an alert still fires; never when 0s",
    )
    severity: Severity = Field(description="coordinators choose which severities they hear of")
    minimum: Minimum = Field(default=Minimum(), description="numbers below which nothing is wrong")
    provisional: bool = Field(
        default=False,
        description="whether a day is judged while its data still come in; else the last complete one is",
    )
    active: Active = Field(default=Active(), description="when the rule is looked at")
    overrides: Mapping[str, Override] = Field(
        default_factory=dict, description="by area code, what is otherwise there; the smallest area counts"
    )
    muted_by: tuple[Word, ...] = Field(
        default=(),
        description="ids of rules; while one fires here, or in an area around, nobody is told of this one",
    )
    labels: Mapping[Word, str] = Field(default_factory=dict, description="free words to select rules by")
    summary: Annotation = Field(description="what it means when the rule fires, in a sentence or two")
    action: Annotation = Field(description="what the reader should do, in a sentence or two")

    @property
    def indicators(self) -> frozenset[str]:
        """Ids of all indicators that it looks at."""
        return frozenset(
            {self.indicator, *(part.indicator or self.indicator for part in self._simple_parts())}
        )

    @property
    def days(self) -> int:
        """How many days it looks at, the one that it judges among them."""
        return 1 + max(self.lags)

    @property
    def lags(self) -> frozenset[int]:
        """How many days before the judged one the values are that it looks at."""
        return frozenset().union(*(part.lags for part in self._simple_parts()))

    @property
    def compares_areas(self) -> bool:
        """Whether an area can be judged only together with all others of the level."""
        return any(part.compares_areas for part in self._simple_parts())

    def override(self, area: str) -> str | None:
        """The code of the smallest area with an override in which this one lies."""
        around = [code for code in self.overrides if is_within(area, code)]
        return next((code for code in around if all(is_within(code, other) for other in around)), None)

    def within(self, override: str | None) -> Rule | None:
        """The rule as it is under an override; None where it is off."""
        if override is None:
            return self
        other = self.overrides[override]
        if other.off:
            return None
        changed = {
            name: getattr(other, name)
            for name in ("condition", "for_", "keep_firing_for", "repeat_interval", "severity", "minimum")
            if getattr(other, name) is not None
        }
        return self.model_copy(update=changed)

    def in_area(self, area: str) -> Rule | None:
        return self.within(self.override(area))

    def told_in(self, area: str) -> Rule:
        """The rule as it is in an area; where it is off by now, as it is written: an alert may be left to end."""
        return self.in_area(area) or self

    def _simple_parts(self) -> list[Simple]:
        conditions = [self.condition, *(each.condition for each in self.overrides.values())]
        return [part for found in conditions if found is not None for part in simple_parts(found)]


def rules_schema() -> dict[str, Any]:
    """The JSON Schema of a rule file, for editors and integrators."""
    schema = Rule.model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "bewithu alert rule",
    }
