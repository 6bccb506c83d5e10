"""Settings of the links to the four servers: Kafka, its schema registry, ClickHouse, and the mail server."""

from __future__ import annotations

from pathlib import Path
from typing import ClassVar, Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from bewithu.addresses import checked, is_loopback
from bewithu.links import HttpLink, Link, LoginLink


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
