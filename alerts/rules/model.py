"""What a rule says. `alerts/rules.schema.json` is made from this model."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any, Final, Literal, get_args

from pydantic import BaseModel, ConfigDict, Discriminator, Field, StringConstraints, Tag

from alerts.durations import Duration
from schemas.areas import Level
from schemas.indicators import Texts

Severity = Literal["info", "warning", "critical"]
SEVERITIES: Final[tuple[Severity, ...]] = get_args(Severity)

Word = Annotated[str, StringConstraints(pattern=r"^[a-z][a-z0-9_]*$", max_length=80)]
Number = Annotated[float, Field(strict=True, allow_inf_nan=False)]


class _Definition(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Above(_Definition):
    """Holds while the value is greater than the threshold."""

    above: Number

    @property
    def threshold(self) -> float:
        return self.above

    def holds(self, value: float) -> bool:
        return value > self.above


class Below(_Definition):
    """Holds while the value is smaller than the threshold."""

    below: Number

    @property
    def threshold(self) -> float:
        return self.below

    def holds(self, value: float) -> bool:
        return value < self.below


_KINDS: Final = {"above": "Above", "below": "Below"}


def _kind(condition: Any) -> str | None:
    """The name of the one kind of condition that this is; None when it names none, or several."""
    if isinstance(condition, Above | Below):
        return type(condition).__name__
    named = [_KINDS[key] for key in condition if key in _KINDS] if isinstance(condition, Mapping) else []
    return named[0] if len(named) == 1 else None


Condition = Annotated[
    Annotated[Above, Tag("Above")] | Annotated[Below, Tag("Below")],
    Discriminator(
        _kind,
        custom_error_type="condition",
        custom_error_message=f"expected exactly one of {', '.join(_KINDS)}, as in {{above: 400}}",
    ),
]


class Rule(_Definition):
    """A threshold on an indicator, watched in every area of one level."""

    id: Word = Field(description="unique among the rules; appears in the log and on the board")
    indicator: Word = Field(description="id of an indicator definition")
    level: Level = Field(description="the rule runs for every area of it")
    condition: Condition = Field(description="when there is something wrong")
    for_: Duration = Field(alias="for", description="how long the condition must hold before anybody is told")
    severity: Severity = Field(description="coordinators choose which severities they hear of")
    labels: Mapping[Word, str] = Field(default_factory=dict, description="free words to select rules by")
    summary: Texts = Field(description="what it means when the rule fires, in a sentence or two")
    action: Texts = Field(description="what the reader should do, in a sentence or two")


def rules_schema() -> dict[str, Any]:
    """The JSON Schema of a rule file, for editors and integrators."""
    schema = Rule.model_json_schema(by_alias=True)
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "bewithu alert rule",
    }
