"""`bewithu doctor`: what is set, from where, and whether every part answers."""

from __future__ import annotations

import contextlib
import re
import smtplib
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

import typer
from pydantic import BaseModel, SecretStr
from pydantic_settings import EnvSettingsSource, TomlConfigSettingsSource

from alerts.address_book import load_address_book
from bewithu.cli.printing import Json, print_records
from bewithu.errors import BewithuError, DefinitionError, Unavailable
from bewithu.settings import Settings, load_settings
from bewithu.wiring import connect, read_definitions
from streams.registry import SchemaRegistry
from streams.topics import ensure_topics

#: Seconds that a part may take to answer.
_PATIENCE = 5.0
#: A password in an address, `scheme://user:password@host`.
_IN_ADDRESS = re.compile(r"(?<=://)([^/:@\s]*):[^/@\s]*@")

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
            if source is None and isinstance(value, SecretStr):
                source = f"{name}_file"
            yield f"setting {'.'.join(place)}", source or "default", _shown(value)


def _is_in(given: Any, path: tuple[str, ...]) -> bool:
    for name in path:
        if not isinstance(given, Mapping) or name not in given:
            return False
        given = given[name]
    return True


def _shown(value: object) -> str | None:
    if value is None:
        return None
    return "***" if isinstance(value, SecretStr) else _IN_ADDRESS.sub(r"\1:***@", str(value))


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
    return f"{len(load_address_book(settings.address_book).coordinators)} coordinators"


def _clickhouse(settings: Settings) -> str:
    with contextlib.closing(connect(settings)) as database:
        return f"{database.name}, version {database.value('SELECT version()')}"


def _kafka(settings: Settings) -> str:
    kafka = settings.kafka
    made = ensure_topics(kafka.bootstrap_servers, kafka.partitions, kafka.replication, _PATIENCE)
    return f"{kafka.bootstrap_servers}, " + (f"made topics {', '.join(made)}" if made else "all topics there")


def _registry(settings: Settings) -> str:
    with contextlib.closing(SchemaRegistry(settings.registry.url)) as registry:
        registry.schema(0)
    return settings.registry.url


def _mail(settings: Settings) -> str:
    server = f"{settings.smtp.host}:{settings.smtp.port}"
    try:
        with smtplib.SMTP(settings.smtp.host, settings.smtp.port, timeout=_PATIENCE) as client:
            client.noop()
    except OSError as error:
        raise Unavailable("the mail server", f"{server}: {error}") from error
    return server
