"""Which group or user has which role of which areas, as somebody wrote it down."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints, model_validator
from pydantic_core import PydanticCustomError

from bewithu.board.access.visitor import Grant, Role
from bewithu.definitions import Source, read, suggestion, validate
from bewithu.errors import DefinitionError, Problem
from schemas.areas import COUNTRY, UnknownArea, area, areas, municipalities


def _code(code: Any) -> Any:
    if isinstance(code, int):
        # YAML reads 02000 as an octal number, so what was written is lost by now.
        raise PydanticCustomError("code", "write the area code in quotes, as in '62063'")
    return code


# A group with a comma could never be told from two.
Group = Annotated[
    str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f,]+$", max_length=200, strip_whitespace=True)
]
User = Annotated[
    str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]+$", max_length=200, strip_whitespace=True)
]
AreaCode = Annotated[str, BeforeValidator(_code)]


class Entry(BaseModel):
    """A group or a user, and what they may."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    group: Group | None = Field(None, description="as the login spells it")
    user: User | None = Field(None, description="as the login spells it")
    role: Role
    areas: tuple[AreaCode, ...] = Field((), description="NIS codes in quotes, or BE; an operator has none")

    @model_validator(mode="after")
    def _check(self) -> Entry:
        if (self.group is None) == (self.user is None):
            raise PydanticCustomError("whose", "give either a group or a user")
        if self.role == "operator" and self.areas:
            raise PydanticCustomError("areas", "an operator sees everything: leave areas out")
        if self.role != "operator" and not self.areas:
            raise PydanticCustomError("areas", "a {role} is one of areas: name them", {"role": self.role})
        return self

    @property
    def grants(self) -> Iterator[Grant]:
        for code in self.areas or (COUNTRY,):
            yield Grant(self.role, code)


class RoleBook(BaseModel):
    """All that was written down."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    roles: tuple[Entry, ...] = Field(min_length=1)

    def grants(self, user: str, groups: Collection[str]) -> frozenset[Grant]:
        """Of a user in groups, whose names are compared to the letter."""
        return frozenset(
            grant
            for entry in self.roles
            if (entry.user == user if entry.user is not None else entry.group in groups)
            for grant in entry.grants
        )


def load_roles(path: Path) -> RoleBook:
    """Raises `DefinitionError` with every problem: file, line, field, and what was expected."""
    source = read(path)
    book = validate(source, RoleBook)
    problems = [*_unknown_areas(book, source)]
    if problems:
        raise DefinitionError(problems)
    return book


def _unknown_areas(book: RoleBook, source: Source) -> Iterator[Problem]:
    for number, entry in enumerate(book.roles):
        for place, code in enumerate(entry.areas):
            try:
                area(code)
            except UnknownArea as error:
                yield source.problem(("roles", number, "areas", place), _instead(code, str(error)))


def _instead(code: str, unknown: str) -> str:
    merged = municipalities().get(code)
    if merged is None:
        by_name = {name: each.code for each in areas().values() for name in each.names.values()}
        found = by_name.get(code)
        return f"{unknown}; write {found!r}" if found else f"{unknown}{suggestion(code, by_name)}"
    today = area(merged.current_nis)
    return f"municipality {code!r} merged into another: write {today.code!r} ({today.name('nl')}) instead"
