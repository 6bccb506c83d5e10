"""All settings, read once: environment `BEWITHU_…` (`__` between levels), then `bewithu.toml`, then defaults."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, get_args

from pydantic import BaseModel, Field, SecretStr, ValidationError
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings import SettingsError as UnreadableSettings

from bewithu.addresses import mask_logins
from bewithu.board_settings import Access, Http
from bewithu.errors import SettingsError
from bewithu.links import Level
from bewithu.log_settings import Log
from bewithu.servers import ClickHouse, Kafka, Registry, Smtp

__all__ = ["ClickHouse", "Http", "Kafka", "Refresh", "Registry", "Settings", "Smtp", "load_settings"]


class Refresh(Level):
    """While events flow, indicators are refreshed one time after the other; how often the rest is done."""

    interval_seconds: float = Field(
        0.5, gt=0, description="at the latest after so long, new data is looked for"
    )
    evaluation_seconds: float = Field(5.0, ge=0, description="rules are evaluated no oftener")
    audit_seconds: float = Field(
        600.0, ge=0, description="a sample of what is stored is held against the facts so often; 0 for never"
    )
    retention_seconds: float = Field(
        86_400.0, gt=0, description="events that are older than their contract allows are looked for so often"
    )
    readings_seconds: float = Field(
        30.0, gt=0, description="the leader reads so often what its metrics tell of the store"
    )


class Settings(BaseSettings):
    """Everything that can be set. `bewithu doctor` shows each value and where it comes from."""

    model_config = SettingsConfigDict(
        env_prefix="BEWITHU_",
        env_nested_delimiter="__",
        toml_file="bewithu.toml",
        extra="forbid",
        frozen=True,
        hide_input_in_errors=True,
    )

    kafka: Kafka = Kafka()
    registry: Registry = Registry()
    clickhouse: ClickHouse = ClickHouse()
    smtp: Smtp = Smtp()
    http: Http = Http()
    access: Access = Access()
    refresh: Refresh = Refresh()
    log: Log = Log()
    indicators: Path | None = Field(None, description="folder of indicator definitions; ours when empty")
    rules: Path | None = Field(None, description="folder of alert rules; ours when empty")
    address_book: Path | None = Field(None, description="YAML file of coordinators; the demo's when empty")

    @classmethod
    def settings_customise_sources(
        cls,
        settings_cls: type[BaseSettings],
        init_settings: PydanticBaseSettingsSource,
        env_settings: PydanticBaseSettingsSource,
        dotenv_settings: PydanticBaseSettingsSource,
        file_secret_settings: PydanticBaseSettingsSource,
    ) -> tuple[PydanticBaseSettingsSource, ...]:
        return init_settings, env_settings, TomlConfigSettingsSource(settings_cls)


def load_settings(**overrides: Any) -> Settings:
    """Raises `SettingsError` that names each wrong setting, what was expected, and its value if it is no secret."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        problem = "\n".join(_told(detail) for detail in error.errors())
    except tomllib.TOMLDecodeError as error:
        problem = f"bewithu.toml: is not TOML: {error}"
    except UnreadableSettings as error:
        problem = f"{error}: expected JSON; set a single one, such as BEWITHU_KAFKA__GROUP"
    # Raised only here: those errors hold everything that was read, and a traceback would lead to them.
    raise SettingsError(problem)


def _told(detail: ErrorDetails) -> str:
    path = [str(part) for part in detail["loc"]]
    variable = f"BEWITHU_{'__'.join(path).upper()}"
    wrong = f"setting {'.'.join(path)}: {detail['msg'].removeprefix('Value error, ')}"
    field = _field(path)
    if field is None:
        return f"{wrong}; unset {variable}, or mend its name, also in bewithu.toml"
    kinds = (field.annotation, *get_args(field.annotation))
    if any(isinstance(kind, type) and issubclass(kind, BaseModel) for kind in kinds):
        return f"{wrong}; see {variable}__… and bewithu.toml"
    # The value of a secret, a table or a misspelt name is not quoted: it may hold a password.
    quoted = SecretStr not in kinds and isinstance(detail["input"], str | int | float)
    value = f", got {mask_logins(repr(detail['input']))}" if quoted else ""
    return f"{wrong}{value}; set {variable} or bewithu.toml"


def _field(path: Sequence[str]) -> FieldInfo | None:
    """The setting at `path`; None where there is none."""
    level: Any = Settings
    for name in path[:-1]:
        field = level.model_fields.get(name)
        level = field.annotation if field else None
        if not (isinstance(level, type) and issubclass(level, BaseModel)):
            return None
    found: FieldInfo | None = level.model_fields.get(path[-1])
    return found
