"""All settings, read once: environment `BEWITHU_…` (`__` between levels), then `bewithu.toml`, then defaults."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path
from typing import Any, ClassVar, Literal, get_args

from pydantic import BaseModel, Field, SecretStr, ValidationError, field_validator, model_validator
from pydantic.fields import FieldInfo
from pydantic_core import ErrorDetails
from pydantic_settings import (
    BaseSettings,
    PydanticBaseSettingsSource,
    SettingsConfigDict,
    TomlConfigSettingsSource,
)
from pydantic_settings import SettingsError as UnreadableSettings

from bewithu.addresses import checked, is_loopback, mask_logins
from bewithu.board_settings import Access, Http
from bewithu.errors import SettingsError
from bewithu.links import HttpLink, Level, Link, LoginLink


class Kafka(Link):
    """The broker, and how much is taken from it at once."""

    prefix: ClassVar[str] = "BEWITHU_KAFKA__"
    to_encrypt: ClassVar[str] = "set security_protocol to SSL or SASL_SSL"

    bootstrap_servers: str = "127.0.0.1:9092"
    security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "SCRAM-SHA-512"
    sasl_username: str | None = None
    sasl_password: SecretStr | None = None
    sasl_password_file: Path | None = Field(None, description="a file with it, for container secrets")
    group: str = "bewithu"
    partitions: int = Field(4, ge=1, description="partitions of each event topic, when we create it")
    replication: int = Field(1, ge=1)
    session_timeout_seconds: float = Field(
        30, gt=0, description="how long the broker waits for a lost worker; 6 for the embedded broker"
    )
    backlog_mib: int = Field(32, ge=1, description="fetched and waiting for the store; more waits in Kafka")
    max_message_bytes: int = Field(65_536, ge=1000, le=65_536, description="a longer event is refused")

    @property
    def encrypted(self) -> bool:
        return self.security_protocol in ("SSL", "SASL_SSL")

    @property
    def logs_in(self) -> bool:
        """Whether the broker is told a user's name and password."""
        return self.security_protocol in ("SASL_PLAINTEXT", "SASL_SSL")

    @field_validator("bootstrap_servers")
    @classmethod
    def _check_servers(cls, servers: str) -> str:
        if "@" in servers or "://" in servers:
            raise ValueError(
                "must be host:port,host:port; a login goes into sasl_username and sasl_password_file"
            )
        return servers

    @model_validator(mode="after")
    def _check_login(self) -> Kafka:
        given = [name for name in ("sasl_username", "sasl_password") if _filled(getattr(self, name))]
        if given and not self.logs_in:
            raise ValueError(
                f"{given[0]} is set, and security_protocol is {self.security_protocol}, which sends no login: "
                "set it to SASL_SSL, or unset the login"
            )
        if self.logs_in and len(given) < 2:
            raise ValueError(
                f"security_protocol is {self.security_protocol}, which needs a login: "
                "set sasl_username, and sasl_password or sasl_password_file"
            )
        hosts = [
            server.strip().rpartition(":")[0].strip("[]") for server in self.bootstrap_servers.split(",")
        ]
        if (
            self.logs_in
            and not self.encrypted
            and self.sasl_mechanism == "PLAIN"
            and not all(map(is_loopback, hosts))
        ):
            raise ValueError(
                "sasl_mechanism PLAIN over SASL_PLAINTEXT shows the password to the network: "
                "set security_protocol to SASL_SSL, or sasl_mechanism to SCRAM-SHA-512"
            )
        return self


class Registry(HttpLink):
    """The schema registry (Confluent's API); `mock://name` keeps schemas in this process."""

    prefix: ClassVar[str] = "BEWITHU_REGISTRY__"

    url: str = "http://127.0.0.1:8081"

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        if not url.startswith(("http://", "https://", "mock://")):
            raise ValueError("must be http://host:port, https://host:port or mock://name")
        return checked(url)

    @model_validator(mode="after")
    def _check_login(self) -> Registry:
        if _filled(self.username) != _filled(self.password):
            raise ValueError("username and password are set together: set the missing one, or unset both")
        if self.username and ":" in self.username:
            raise ValueError("username must not contain a colon: HTTP's login ends it there")
        return self


class ClickHouse(HttpLink):
    """Where facts and values are kept."""

    prefix: ClassVar[str] = "BEWITHU_CLICKHOUSE__"

    url: str = "chdb://var/clickhouse"
    timeout_seconds: int = Field(300, ge=1, description="a server that is silent for longer is asked again")
    cluster: str = Field("", pattern=r"^\w*$", description="its name in the servers' remote_servers, if any")
    replicas: int = Field(2, ge=1, description="of the cluster: so many have an insert before it counts")

    @field_validator("url")
    @classmethod
    def _check_url(cls, url: str) -> str:
        if not url.startswith(("chdb://", "http://", "https://")):
            raise ValueError(
                "must be chdb:///folder, http://host:port/database or https://host:port/database"
            )
        return checked(url)

    @model_validator(mode="after")
    def _check_cluster(self) -> ClickHouse:
        if self.cluster and self.url.startswith("chdb://"):
            raise ValueError(
                "cluster is set, and the embedded ClickHouse has none: set url to a server, or unset it"
            )
        return self

    @model_validator(mode="after")
    def _check_key(self) -> ClickHouse:
        if self.key_password is not None:
            raise ValueError(
                "key_password is set, and ClickHouse's client reads no encrypted key: decrypt it into key_file"
            )
        return self


class Smtp(LoginLink):
    """The mail server that takes alert mails."""

    prefix: ClassVar[str] = "BEWITHU_SMTP__"
    to_encrypt: ClassVar[str] = "set starttls or tls to true"

    host: str = "127.0.0.1"
    port: int = Field(1025, ge=1, le=65535)
    sender: str = "bewithu <alerts@bewithu.invalid>"
    starttls: bool = Field(False, description="TLS after a plain greeting, usually on port 587")
    tls: bool = Field(False, description="TLS from the first byte, usually on port 465")

    @property
    def encrypted(self) -> bool:
        return self.starttls or self.tls

    @model_validator(mode="after")
    def _check_login(self) -> Smtp:
        if self.starttls and self.tls:
            raise ValueError("starttls and tls are both set: unset tls for port 587, starttls for port 465")
        if _filled(self.username) != _filled(self.password):
            raise ValueError("username and password are set together: set the missing one, or unset both")
        if _filled(self.username) and not self.encrypted and not is_loopback(self.host):
            raise ValueError(
                f"a login to {self.host} would go over the network for all to read: set starttls or tls to true"
            )
        return self


def _filled(value: str | SecretStr | None) -> bool:
    return bool(value.get_secret_value() if isinstance(value, SecretStr) else value)


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
