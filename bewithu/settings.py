"""All settings, read once: environment `BEWITHU_…` (`__` between levels), then `bewithu.toml`, then defaults."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Annotated, Any

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, SecretStr, ValidationError, model_validator
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings import SettingsError as UnreadableSettings

from bewithu.errors import SettingsError


def _clickhouse_url(url: str) -> str:
    if not url.startswith(("chdb://", "http://", "https://")):
        raise ValueError("must be chdb:///folder, http://host:port/database or https://host:port/database")
    return url


class _Level(BaseModel):
    """Settings that belong together; a misspelt one is an error and not ignored."""

    model_config = ConfigDict(extra="forbid")


class Kafka(_Level):
    """The broker, and how much is taken from it at once."""

    bootstrap_servers: str = "127.0.0.1:9092"
    group: str = "bewithu"
    partitions: int = Field(4, ge=1, description="partitions of each event topic, when we create it")
    replication: int = Field(1, ge=1)
    session_timeout_seconds: float = Field(
        30, gt=0, description="how long the broker waits for a lost worker; 6 for the embedded broker"
    )
    max_batch_records: int = Field(50_000, ge=1)
    max_message_bytes: int = Field(65_536, ge=1000, le=65_536, description="a longer event is refused")


class Registry(_Level):
    """The schema registry (Confluent's API); `mock://name` keeps schemas in this process."""

    url: str = "http://127.0.0.1:8081"


class ClickHouse(_Level):
    """Where facts and values are kept."""

    url: Annotated[str, AfterValidator(_clickhouse_url)] = "chdb://var/clickhouse"
    password: SecretStr | None = None
    password_file: Path | None = Field(None, description="a file with the password, for container secrets")
    timeout_seconds: int = Field(300, ge=1, description="a server that is silent for longer is asked again")

    @model_validator(mode="after")
    def _read_password_file(self) -> ClickHouse:
        if self.password is None and self.password_file is not None:
            try:
                self.password = SecretStr(self.password_file.read_text("utf-8").strip())
            except OSError as error:
                raise ValueError(f"password_file {self.password_file}: {error.strerror}") from error
        return self


class Smtp(_Level):
    """The mail server that takes alert mails."""

    host: str = "127.0.0.1"
    port: int = Field(1025, ge=1, le=65535)
    sender: str = "bewithu <alerts@bewithu.invalid>"
    username: str | None = None
    password: SecretStr | None = None
    starttls: bool = False


class Http(_Level):
    """The board, the API, metrics and health, served by the worker."""

    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535, description="0 takes a free port")
    public_url: str | None = Field(None, description="the board's address in mails, where it differs")


class Refresh(_Level):
    """How often indicators are refreshed and rules evaluated while events flow."""

    interval_seconds: float = Field(0.5, gt=0)


class Settings(BaseSettings):
    """Everything that can be set. `bewithu doctor` shows each value and where it comes from."""

    model_config = SettingsConfigDict(
        env_prefix="BEWITHU_",
        env_nested_delimiter="__",
        toml_file="bewithu.toml",
        extra="forbid",
        frozen=True,
    )

    kafka: Kafka = Kafka()
    registry: Registry = Registry()
    clickhouse: ClickHouse = ClickHouse()
    smtp: Smtp = Smtp()
    http: Http = Http()
    refresh: Refresh = Refresh()
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
    """Raises `SettingsError` that names each wrong setting, its value and what was expected."""
    try:
        return Settings(**overrides)
    except ValidationError as error:
        lines = (
            f"setting {'.'.join(map(str, detail['loc']))}: {detail['msg']}, got {detail['input']!r}; set "
            f"BEWITHU_{'__'.join(str(part).upper() for part in detail['loc'])} or bewithu.toml"
            for detail in error.errors()
        )
        raise SettingsError("\n".join(lines)) from error
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(f"bewithu.toml: is not TOML: {error}") from error
    except UnreadableSettings as error:
        raise SettingsError(
            f"{error}: expected JSON; set a single one, such as BEWITHU_KAFKA__GROUP"
        ) from error
