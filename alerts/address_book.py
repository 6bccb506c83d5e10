"""Who hears of which alerts: coordinators with their language, areas and severities."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, StringConstraints
from pydantic_core import PydanticCustomError

from alerts.quiet import QuietHours
from alerts.routing import Route, Way, all_routes, way_to, ways
from alerts.rules import Rule
from alerts.rules.model import SEVERITIES, Severity
from bewithu.definitions import Source, read, suggestion, validate
from bewithu.errors import DefinitionError, Problem
from schemas.alerting import TOLD, Transition
from schemas.areas import Language, UnknownArea, ancestors, area, municipalities

# Narrower than RFC 5322 on purpose: what it leaves out is nearly always a typing error, and nothing that it
# lets in can become a second recipient or a second header.
_EMAIL: Final = re.compile(r"[A-Za-z0-9!#$%&'*+/=?^_`{|}~.-]+@[A-Za-z0-9-]+(\.[A-Za-z0-9-]+)+")


def _email(text: str) -> str:
    local = text.partition("@")[0]
    if not _EMAIL.fullmatch(text) or ".." in text or local.startswith(".") or local.endswith("."):
        raise PydanticCustomError("email", "expected an e-mail address such as ann.peeters@example.be")
    return text


def _code(code: Any) -> Any:
    if isinstance(code, int):
        # YAML reads 02000 as an octal number, so what was written is lost by now.
        raise PydanticCustomError("code", "write the area code in quotes, as in '62063'")
    return code


Email = Annotated[str, AfterValidator(_email), Field(json_schema_extra={"format": "email"})]
Name = Annotated[
    str, StringConstraints(pattern=r"^[^\x00-\x1f\x7f]+$", max_length=120, strip_whitespace=True)
]
AreaCode = Annotated[str, BeforeValidator(_code)]


class _Definition(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Coordinator(_Definition):
    """A person or a desk that is told of alerts in its areas."""

    name: Name
    email: Email
    language: Language
    areas: tuple[AreaCode, ...] = Field(min_length=1, description="NIS codes in quotes, or BE")
    severities: tuple[Severity, ...] = Field(SEVERITIES, min_length=1, description="all when left out")
    quiet_hours: QuietHours | None = Field(
        None,
        description="no mails then, by Belgium's clock, but of what is critical; they come when it is over",
    )


class AddressBook(_Definition):
    """The coordinators, and whom they write to when they want to be taken off."""

    contact: Email = Field(description="who keeps this book; stands at the foot of every mail")
    coordinators: tuple[Coordinator, ...] = Field(min_length=1)
    routing: Route = Field(
        Route(),
        description="how alerts are told: the top of a tree of routes; all of one rule in one mail when left out",
    )

    def find(self, email: str) -> Coordinator | None:
        return next((each for each in self.coordinators if each.email == email), None)


@dataclass(frozen=True, slots=True)
class Told:
    """Whether a coordinator hears of a transition, and why; if so, by which way."""

    coordinator: Coordinator
    told: bool
    reason: str
    way: Way | None = None


def load_address_book(path: Path | None = None) -> AddressBook:
    """The book at `path` (the demo's when None). Raises `DefinitionError` with every problem and its line."""
    source = read(files("alerts") / "demo_address_book.yaml" if path is None else path)
    book = validate(source, AddressBook)
    problems = [*_unknown_areas(book, source), *_twice(book, source), *_unknown_readers(book, source)]
    if problems:
        raise DefinitionError(problems)
    return book


def told(transition: Transition, rule: Rule, book: AddressBook) -> tuple[Told, ...]:
    """For every coordinator, in the book's order, whether the transition is told and the reason."""
    severity = rule.told_in(transition.area).severity
    found = ways(transition, rule, book.routing)
    return tuple(_decide(transition, severity, found, coordinator) for coordinator in book.coordinators)


def responsible_for(coordinator: Coordinator, code: str) -> str | None:
    """The smallest of the coordinator's areas that is the area `code` or lies around it, or None."""
    return next((each for each in ancestors(code) if each in coordinator.areas), None)


def _decide(
    transition: Transition, severity: Severity, found: Sequence[Way], coordinator: Coordinator
) -> Told:
    if transition.kind not in TOLD:
        return Told(coordinator, False, f"nobody is told of a {transition.kind} alert")
    covering = responsible_for(coordinator, transition.area)
    if covering is None:
        held = ", ".join(coordinator.areas)
        return Told(coordinator, False, f"{transition.area} is not in {held}")
    if severity not in coordinator.severities:
        return Told(coordinator, False, f"hears of {', '.join(coordinator.severities)}, not of {severity}")
    way = way_to(coordinator.email, found)
    if way is None:
        return Told(coordinator, False, f"route {', '.join(each.name for each in found)} leads to others")
    where = "is the coordinator's area" if covering == transition.area else f"lies in {covering}"
    by = f", by route {way.name}" if way.name else ""
    return Told(coordinator, True, f"{transition.area} {where}{by}", way)


def _unknown_areas(book: AddressBook, source: Source) -> Iterator[Problem]:
    for index, coordinator in enumerate(book.coordinators):
        for place, code in enumerate(coordinator.areas):
            try:
                area(code)
            except UnknownArea as error:
                merged = municipalities().get(code)
                today = area(merged.current_nis) if merged else None
                why = (
                    f"municipality {code!r} merged into another: write {today.code!r} ({today.name('nl')}) instead"
                    if today
                    else str(error)
                )
                yield source.problem(("coordinators", index, "areas", place), why)


def _unknown_readers(book: AddressBook, source: Source) -> Iterator[Problem]:
    known = [coordinator.email for coordinator in book.coordinators]
    for place, route in all_routes(book.routing):
        for number, email in enumerate(route.to or ()):
            if email not in known:
                yield source.problem(
                    ("routing", *place, "to", number),
                    f"{email!r} is no coordinator of this book{suggestion(email, known)}",
                )


def _twice(book: AddressBook, source: Source) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for index, coordinator in enumerate(book.coordinators):
        earlier = first.setdefault(coordinator.email.casefold(), index)
        if earlier != index:
            line = source.line(("coordinators", earlier, "email"))
            yield source.problem(
                ("coordinators", index, "email"),
                f"{coordinator.email!r} is already in line {line}; put all its areas into one entry",
            )


def address_book_schema() -> dict[str, Any]:
    """The JSON Schema of an address book, for editors."""
    schema = AddressBook.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "bewithu address book",
    }
