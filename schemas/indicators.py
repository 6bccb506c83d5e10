"""What an indicator is: the model of the YAML files in `streams/indicators/`, with a published JSON Schema."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from bewithu.definitions import Source, read, suggestion, validate
from bewithu.errors import DefinitionError, Problem
from schemas.contracts import contracts

Unit = Literal["persons", "files", "households", "certificates", "places", "EUR", "days", "%"]
#: Fields and the values that match: every field named must have one of its values.
Filter = Annotated[dict[str, tuple[str, ...]], Field(min_length=1)]
Breakdown = Literal["sex", "age_group"]


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


class _Indicator(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str = Field(pattern=r"^[a-z][a-z0-9_]{2,60}$")
    name: Texts
    explanation: Texts = Field(description="one sentence: what is counted, and what is not")
    unit: Unit
    publishers: tuple[str, ...] = Field(min_length=1, description="whose events it rests on")
    source: str = Field(description="where this indicator is published or asked for")
    minimum_cell: int = Field(5, ge=0, description="a smaller count, zero apart, is not published")
    usual_delay_days: int = Field(ge=0, description="how long its events usually take to arrive")
    breakdowns: tuple[Breakdown, ...] = ("sex", "age_group")
    headline: int | None = Field(None, ge=1, description="its place among the headlines, where it is one")

    @property
    def fingerprint(self) -> str:
        """Changes when stored values would no longer follow from the definition."""
        shown = {"name", "explanation", "source", "publishers", "headline", "minimum_cell", "unit"}
        content = json.dumps(self.model_dump(mode="json", exclude=shown), sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()


class Flow(_Indicator):
    """Events in a window of days that ends on the day of the value."""

    kind: Literal["flow"]
    event: str
    filter: Filter
    window_days: int = Field(ge=1, le=366)


class Stock(_Indicator):
    """Persons whose latest event, among those that enter or leave, entered: at the end of the day."""

    kind: Literal["stock"]
    event: str
    enter: Filter
    leave: Filter


class Ratio(_Indicator):
    """One indicator's value divided by another's, for the same area, breakdown and day."""

    kind: Literal["ratio"]
    numerator: str
    denominator: str


Indicator = Annotated[Flow | Stock | Ratio, Field(discriminator="kind")]
Indicators = Mapping[str, Flow | Stock | Ratio]


def load_indicators(folder: Path | Traversable) -> Indicators:
    """All definitions in a folder by id. Raises `DefinitionError` with every problem in every file."""
    found: dict[str, Flow | Stock | Ratio] = {}
    sources: dict[str, Source] = {}
    problems: list[Problem] = []
    try:
        entries = sorted(folder.iterdir(), key=lambda entry: entry.name)
    except OSError as error:
        raise DefinitionError([Problem(str(folder), 0, "", f"cannot be read: {error.strerror}")]) from error
    for entry in entries:
        if not entry.name.endswith((".yaml", ".yml")):
            continue
        try:
            source = read(entry)
            indicator: Flow | Stock | Ratio = validate(source, Indicator)  # type: ignore[arg-type]
        except DefinitionError as error:
            problems += error.problems
            continue
        if indicator.id in found:
            problems.append(source.problem(("id",), f"{indicator.id!r} is already taken by another file"))
        found[indicator.id], sources[indicator.id] = indicator, source
    problems += [problem for name in found for problem in _misreferences(found[name], found, sources[name])]
    if not found and not problems:
        problems.append(Problem(str(folder), 0, "", "has no indicator definitions (*.yaml)"))
    if problems:
        raise DefinitionError(problems)
    return found


def _misreferences(indicator: Flow | Stock | Ratio, known: Indicators, source: Source) -> list[Problem]:
    """Names in a definition that nothing answers to."""
    if isinstance(indicator, Ratio):
        countable = [found.id for found in known.values() if isinstance(found, Flow | Stock)]
        return [
            source.problem((part,), f"{name!r} is no flow or stock{suggestion(name, countable)}")
            for part in ("numerator", "denominator")
            if not isinstance(known.get(name := getattr(indicator, part)), Flow | Stock)
        ]
    fields = next((c.fields for c in contracts().values() if c.event_type == indicator.event), None)
    if fields is None:
        events = [contract.event_type for contract in contracts().values()]
        message = f"{indicator.event!r} is no event type{suggestion(indicator.event, events)}"
        return [source.problem(("event",), message)]
    filters: Sequence[tuple[str, dict[str, tuple[str, ...]]]] = (
        [("filter", indicator.filter)]
        if isinstance(indicator, Flow)
        else [("enter", indicator.enter), ("leave", indicator.leave)]
    )
    symbols = {field.name: field.symbols for field in fields if field.symbols}
    problems = []
    for part, chosen in filters:
        for name, values in chosen.items():
            if name not in symbols:
                message = f"is no enum field of {indicator.event}{suggestion(name, symbols)}"
                problems.append(source.problem((part, name), message))
                continue
            problems += [
                source.problem(
                    (part, name, index), f"{value!r} is no value of {name}{suggestion(value, symbols[name])}"
                )
                for index, value in enumerate(values)
                if value not in symbols[name]
            ]
    return problems


def json_schema() -> dict[str, Any]:
    """The JSON Schema of a definition file."""
    from pydantic import TypeAdapter

    return TypeAdapter(Indicator).json_schema()
