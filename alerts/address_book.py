"""Who hears of which alerts: coordinators with their language, areas and severities."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path
from typing import Annotated, Any, Final
from urllib.parse import urlsplit

from pydantic import (
    AfterValidator,
    BaseModel,
    BeforeValidator,
    ConfigDict,
    Field,
    StringConstraints,
    model_validator,
)
from pydantic_core import PydanticCustomError

from alerts.quiet import QuietHours
from alerts.routing import Route, Way, all_routes, way_to, ways
from alerts.rules import Rule
from alerts.rules.model import SEVERITIES, Severity
from alerts.week import Weekly
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
    weekly: bool = Field(default=True, description="whether they get the weekly overview, where there is one")
    quiet_hours: QuietHours | None = Field(
        None,
        description="no mails then, by Belgium's clock, but of what is critical; they come when it is over",
    )


class Webhook(_Definition):
    """Another system that is told of alerts in its areas, in the format of Alertmanager's webhooks."""

    name: Name = Field(
        description="unique among the webhooks; the receiver in what is posted, and in the log"
    )
    url: str = Field(description="http:// or https://, without a login", json_schema_extra={"format": "uri"})
    areas: tuple[AreaCode, ...] = Field(min_length=1, description="NIS codes in quotes, or BE")
    severities: tuple[Severity, ...] = Field(SEVERITIES, min_length=1, description="all when left out")

    @property
    def address(self) -> str:
        """What stands for it in the log of what was told to whom; no e-mail address looks like it."""
        return f"webhook:{self.name}"

    @model_validator(mode="after")
    def _check_url(self) -> Webhook:
        # Of the whole entry: a problem of the field alone would quote the address, which may be a secret.
        if problem := _wrong_with_url(self.url):
            raise PydanticCustomError("webhook_url", "url {problem}", {"problem": problem})
        return self


def _wrong_with_url(url: str) -> str | None:
    try:
        parts = urlsplit(url)
        complete = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        complete = False
    if not complete or not re.fullmatch(r"[!-~]+", url):
        return "must be an address such as https://host/path, in ASCII and without spaces"
    if "@" in parts.netloc:
        return "has a login, which would be kept in the open: let the receiver know the path instead"
    return "must not have a # and what follows it: it is never sent" if "#" in url else None


class AddressBook(_Definition):
    """The coordinators, and whom they write to when they want to be taken off; and systems that are told."""

    contact: Email = Field(description="who keeps this book; stands at the foot of every mail")
    coordinators: tuple[Coordinator, ...] = Field(min_length=1)
    routing: Route = Field(
        Route(),
        description="how alerts are told: the top of a tree of routes; all of one rule in one mail when left out",
    )
    webhooks: tuple[Webhook, ...] = Field((), description="other systems that are told")
    weekly: Weekly | None = Field(
        None,
        description="when an overview of the week is sent, also when nothing happened; never when left out",
    )

    def find_webhook(self, address: str) -> Webhook | None:
        return next((each for each in self.webhooks if each.address == address), None)

    def find(self, email: str) -> Coordinator | None:
        return next((each for each in self.coordinators if each.email == email), None)


@dataclass(frozen=True, slots=True)
class Told:
    """Whether a coordinator hears of a transition, and why; if so, by which way."""

    coordinator: Coordinator
    told: bool
    reason: str
    way: Way | None = None


@dataclass(frozen=True, slots=True)
class Hooked:
    """Whether a webhook is told of a transition, and why."""

    webhook: Webhook
    told: bool
    reason: str


def load_address_book(path: Path | None = None) -> AddressBook:
    """The book at `path` (the demo's when None). Raises `DefinitionError` with every problem and its line."""
    source = read(files("alerts") / "demo_address_book.yaml" if path is None else path)
    book = validate(source, AddressBook)
    problems = [
        *_unknown_areas(book, source),
        *_twice(book, source),
        *_same_name(book, source),
        *_unknown_readers(book, source),
    ]
    if problems:
        raise DefinitionError(problems)
    return book


def told(transition: Transition, rule: Rule, book: AddressBook) -> tuple[Told, ...]:
    """For every coordinator, in the book's order, whether the transition is told and the reason."""
    severity = rule.told_in(transition.area).severity
    found = ways(transition, rule, book.routing)
    return tuple(_decide(transition, severity, found, coordinator) for coordinator in book.coordinators)


def hooked(transition: Transition, severity: Severity, book: AddressBook) -> tuple[Hooked, ...]:
    """For every webhook, in the book's order, whether the transition is told and the reason."""
    return tuple(Hooked(each, *_answer(transition, severity, each)) for each in book.webhooks)


def responsible_for(recipient: Coordinator | Webhook, code: str) -> str | None:
    """The smallest of the recipient's areas that is the area `code` or lies around it, or None."""
    return next((each for each in ancestors(code) if each in recipient.areas), None)


def _decide(
    transition: Transition, severity: Severity, found: Sequence[Way], coordinator: Coordinator
) -> Told:
    is_told, reason = _answer(transition, severity, coordinator)
    way = way_to(coordinator.email, found)
    if not is_told:
        return Told(coordinator, False, reason)
    if way is None:
        return Told(coordinator, False, f"route {', '.join(each.name for each in found)} leads to others")
    return Told(coordinator, True, f"{reason}, by route {way.name}" if way.name else reason, way)


def _answer(transition: Transition, severity: Severity, recipient: Coordinator | Webhook) -> tuple[bool, str]:
    if transition.kind not in TOLD:
        return False, f"nobody is told of a {transition.kind} alert"
    covering = responsible_for(recipient, transition.area)
    if covering is None:
        return False, f"{transition.area} is not in {', '.join(recipient.areas)}"
    if severity not in recipient.severities:
        return False, f"hears of {', '.join(recipient.severities)}, not of {severity}"
    whose = "coordinator" if isinstance(recipient, Coordinator) else "webhook"
    where = f"is the {whose}'s area" if covering == transition.area else f"lies in {covering}"
    return True, f"{transition.area} {where}"


def _unknown_areas(book: AddressBook, source: Source) -> Iterator[Problem]:
    told = [
        *((("coordinators", index), each.areas) for index, each in enumerate(book.coordinators)),
        *((("webhooks", index), each.areas) for index, each in enumerate(book.webhooks)),
    ]
    for where, areas in told:
        for place, code in enumerate(areas):
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
                yield source.problem((*where, "areas", place), why)


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


def _same_name(book: AddressBook, source: Source) -> Iterator[Problem]:
    first: dict[str, int] = {}
    for index, webhook in enumerate(book.webhooks):
        earlier = first.setdefault(webhook.name, index)
        if earlier != index:
            line = source.line(("webhooks", earlier, "name"))
            yield source.problem(("webhooks", index, "name"), f"{webhook.name!r} is already in line {line}")


def address_book_schema() -> dict[str, Any]:
    """The JSON Schema of an address book, for editors."""
    schema = AddressBook.model_json_schema()
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **schema,
        "title": "bewithu address book",
    }
