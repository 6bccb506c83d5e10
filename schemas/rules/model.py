"""The shape of a rule: what may stand in `schemas/rules/*.yaml`."""

from __future__ import annotations

from datetime import date
from importlib.resources import files
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from bewithu.definitions import read, validate

#: Matches 32 lower-case hexadecimal digits. All decimal ones are refused besides: a number padded with zeros.
PSEUDONYM = "[0-9a-f]{32}"


class _Rule(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    field: str
    #: The rule holds only for events whose fields have one of these values, for example {status: [granted]}.
    when: dict[str, tuple[str, ...]] = Field(default_factory=dict)


class Required(_Rule):
    kind: Literal["required"]


class Known(_Rule):
    kind: Literal["known"]


class Pseudonym(_Rule):
    kind: Literal["pseudonym"]


class Code(_Rule):
    kind: Literal["code"]
    pattern: str


class Text(_Rule):
    kind: Literal["text"]
    pattern: str


class MunicipalityRule(_Rule):
    kind: Literal["municipality"]


class NotInFuture(_Rule):
    kind: Literal["not_in_future"]
    tolerance_minutes: int = Field(ge=0)


class NotBefore(_Rule):
    kind: Literal["not_before"]
    earliest: date


class Kept(_Rule):
    kind: Literal["kept"]
    field: Literal["occurred_at"]
    days: int = Field(ge=366)


class Between(_Rule):
    kind: Literal["between"]
    earliest: date
    latest: date


class Range(_Rule):
    kind: Literal["range"]
    minimum: int
    maximum: int


class NotBeforeField(_Rule):
    kind: Literal["not_before_field"]
    other: str


Rule = Annotated[
    Required
    | Known
    | Pseudonym
    | Code
    | Text
    | MunicipalityRule
    | NotInFuture
    | NotBefore
    | Kept
    | Between
    | Range
    | NotBeforeField,
    Field(discriminator="kind"),
]


def load_rules(contract: str) -> tuple[Rule, ...]:
    """The envelope's rules and those of `contract` (for example `registration.v1`), in order."""
    folder = files("schemas.rules")
    return tuple(
        rule
        for name in ("envelope", contract)
        for rule in validate(read(folder / f"{name}.yaml"), list[Rule])
    )
