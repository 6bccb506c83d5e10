"""Every setting with its source, and how a link is protected. No secret is shown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from pydantic import BaseModel, SecretStr
from pydantic_settings import EnvSettingsSource, TomlConfigSettingsSource

from bewithu.addresses import mask_logins
from bewithu.links import Link
from bewithu.settings import Settings

Sources = Sequence[tuple[str, Mapping[str, Any]]]


def shown_settings(settings: Settings) -> Iterator[tuple[str, str, str | None]]:
    """The name of each, its source, and its value with secrets masked."""
    sources = [
        ("environment", EnvSettingsSource(Settings)()),
        ("bewithu.toml", TomlConfigSettingsSource(Settings)()),
    ]
    yield from _settings((), settings, sources)


def protection(link: Link) -> str:
    return "TLS, certificate verified" if link.encrypted else "not encrypted"


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
