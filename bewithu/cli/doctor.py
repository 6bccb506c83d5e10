"""`bewithu doctor`: what is set, from where, and whether every part answers."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import typer
from pydantic import BaseModel, SecretStr
from pydantic_settings import EnvSettingsSource, TomlConfigSettingsSource

from alerts.address_book import load_address_book
from alerts.durations import format_duration
from alerts.links import VALID_FOR
from alerts.send import Sender
from bewithu.addresses import mask_logins
from bewithu.board.access.roles import load_roles
from bewithu.cli.printing import Json, print_records
from bewithu.errors import BewithuError, DefinitionError
from bewithu.links import Link
from bewithu.settings import Settings, load_settings
from bewithu.wiring import board_address, connect, read_definitions
from streams.registry import SchemaRegistry
from streams.topics import ensure_topics

#: Seconds that a part may take to answer.
_PATIENCE = 5.0

Sources = Sequence[tuple[str, Mapping[str, Any]]]


def doctor(as_json: Json = False) -> None:
    """Show every setting with its source and check every part. Exit 1 when a part is away or a definition wrong."""
    settings = load_settings()
    checks: Mapping[str, Callable[[], str]] = {
        "definitions": lambda: _definitions(settings),
        "address book": lambda: _address_book(settings),
        "ClickHouse": lambda: _clickhouse(settings),
        "Kafka": lambda: _kafka(settings),
        "schema registry": lambda: _registry(settings),
        "mail server": lambda: _mail(settings),
        "access to the board": lambda: _access(settings),
        "links in mails": lambda: _links(settings),
    }
    sources = [
        ("environment", EnvSettingsSource(Settings)()),
        ("bewithu.toml", TomlConfigSettingsSource(Settings)()),
    ]
    found = list(_settings((), settings, sources))
    parts = [(part, *_checked(check)) for part, check in checks.items()]
    print_records(as_json, ["what", "state", "detail"], [*found, *parts], "")
    if any(state != "well" for _, state, _ in parts):
        raise typer.Exit(1)


def _settings(
    path: tuple[str, ...], level: BaseModel, sources: Sources
) -> Iterator[tuple[str, str, str | None]]:
    """Every setting below `path`: its name, its source, its value with secrets masked."""
    for name in type(level).model_fields:
        value: Any = getattr(level, name)
        place = (*path, name)
        if isinstance(value, BaseModel):
            yield from _settings(place, value, sources)
        else:
            source = next((title for title, given in sources if _is_in(given, place)), None)
            yield f"setting {'.'.join(place)}", source or _derived(level, name), _shown(value)


def _derived(level: BaseModel, name: str) -> str:
    """The source of a value that nobody set under its own name."""
    if getattr(level, f"{name}_file", None) is not None:
        return f"{name}_file"
    return "url" if getattr(level, name) != type(level).model_fields[name].default else "default"


def _is_in(given: Any, path: tuple[str, ...]) -> bool:
    for name in path:
        if not isinstance(given, Mapping) or name not in given:
            return False
        given = given[name]
    return True


def _shown(value: object) -> str | None:
    if value is None:
        return None
    return "***" if isinstance(value, SecretStr) else mask_logins(str(value))


def _checked(check: Callable[[], str]) -> tuple[str, str | None]:
    try:
        return "well", _shown(check())
    except DefinitionError as error:
        return "wrong", str(error)
    except BewithuError as error:
        return "away", _shown(error)


def _definitions(settings: Settings) -> str:
    written = read_definitions(settings)
    return f"{len(written.indicators)} indicators, {len(written.rules)} rules"


def _address_book(settings: Settings) -> str:
    book = load_address_book(settings.address_book)
    return f"{len(book.coordinators)} coordinators, {len(book.webhooks)} webhooks"


def _access(settings: Settings) -> str:
    access = settings.access
    if access.mode == "open" or access.roles is None:
        return "open: published values, for all who reach it; BEWITHU_ACCESS__MODE asks for a login"
    book = load_roles(access.roles)
    return f"{access.mode}: {len(book.roles)} roles, logins from {access.trusted_proxies}"


def _clickhouse(settings: Settings) -> str:
    with contextlib.closing(connect(settings)) as database:
        version = database.value("SELECT version()")
        return f"{database.name}, {_protection(settings.clickhouse)}, version {version}"


def _kafka(settings: Settings) -> str:
    made = ensure_topics(settings.kafka, _PATIENCE)
    topics = f"made topics {', '.join(made)}" if made else "all topics there"
    return f"{settings.kafka.bootstrap_servers}, {_protection(settings.kafka)}, {topics}"


def _registry(settings: Settings) -> str:
    with contextlib.closing(SchemaRegistry(settings.registry)) as registry:
        registry.schema(0)
    return f"{settings.registry.url}, {_protection(settings.registry)}"


def _mail(settings: Settings) -> str:
    sender = Sender(settings.smtp)
    asyncio.run(sender.check(_PATIENCE))
    return f"{sender.server}, {_protection(settings.smtp)}"


def _links(settings: Settings) -> str:
    """They can be left out, so that there are none is no fault."""
    if settings.http.link_key is None:
        return "none: set BEWITHU_HTTP__LINK_KEY_FILE to let coordinators acknowledge and silence alerts"
    address = board_address(settings)
    encrypted = "TLS" if address.startswith("https://") else "not encrypted"
    return f"signed, {encrypted}, for {format_duration(VALID_FOR)}, to {address}"


def _protection(link: Link) -> str:
    return "TLS, certificate verified" if link.encrypted else "not encrypted"
