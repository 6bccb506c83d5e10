"""A platform whose every link is encrypted and asks for a login; the secrets are read from files."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from bewithu.settings import ClickHouse as ClickHouseSettings
from bewithu.settings import Kafka, Registry
from tests.e2e.platform import Platform
from tests.parts.authority import Authority
from tests.parts.clickhouse import ClickHouse
from tests.parts.processes import running
from tests.parts.registry import SchemaRegistry
from tests.parts.secured_kafka import PASSWORD, USER, SecuredKafka
from tests.parts.smtp import SmtpServer

#: User and password of each link; no log has them by chance.
LOGINS = {
    "kafka": (USER, PASSWORD),
    "registry": ("reader", "geheim-registry-91c4"),
    "clickhouse": ("store", "geheim-clickhouse-0be2"),
    "smtp": ("alerts", "geheim-smtp-55d8"),
}


@dataclass
class SecuredPlatform(Platform):
    """As `Platform`; nothing of it can be read on the wire."""

    authority: Authority = field(kw_only=True)

    @property
    def links(self) -> Mapping[str, Mapping[str, str]]:
        """What differs from the settings of an open platform, by level."""
        logins = {level: login for level, login in LOGINS.items() if level != "kafka"}
        return {
            "kafka": {
                "security_protocol": "SASL_SSL",
                "sasl_mechanism": "SCRAM-SHA-512",
                "sasl_username": USER,
                "sasl_password_file": str(self._secret("kafka")),
                "ca_file": str(self.authority.file),
            },
            **{
                level: {
                    "username": user,
                    "password_file": str(self._secret(level)),
                    "ca_file": str(self.authority.file),
                }
                for level, (user, _) in logins.items()
            },
        }

    @property
    def settings(self) -> Mapping[str, str]:
        added = {
            f"BEWITHU_{level.upper()}__{name.upper()}": value
            for level, names in self.links.items()
            for name, value in names.items()
        }
        more = {"BEWITHU_SMTP__STARTTLS": "true", "BEWITHU_SMTP__HOST": "localhost"}
        return {**super().settings, **added, **more}

    @property
    def clickhouse_url(self) -> str:
        return f"https://localhost:{self.clickhouse.port}/default"

    @property
    def kafka(self) -> Kafka:
        return Kafka.model_validate(
            {"bootstrap_servers": self.broker.bootstrap_servers, **self.links["kafka"]}
        )

    @property
    def registry_settings(self) -> Registry:
        return Registry.model_validate({"url": self.registry.url, **self.links["registry"]})

    @property
    def store(self) -> ClickHouseSettings:
        return ClickHouseSettings.model_validate({"url": self.clickhouse_url, **self.links["clickhouse"]})

    def _secret(self, level: str) -> Path:
        file = self.folder / f"{level}-password"
        file.write_text(f"{LOGINS[level][1]}\n")
        return file


@contextmanager
def secured_platform(folder: Path, kafka: SecuredKafka, authority: Authority) -> Iterator[SecuredPlatform]:
    """Starts everything but a worker, on a broker that runs; stops it all but the broker."""
    certificate = authority.issue("localhost")
    registry = SchemaRegistry(certificate, LOGINS["registry"])
    mail = SmtpServer(certificate, LOGINS["smtp"])
    with ExitStack() as parts:
        for server in (registry, mail):
            server.start()
            parts.enter_context(running(server))
        clickhouse = ClickHouse.start(folder / "clickhouse", certificate, LOGINS["clickhouse"])
        parts.enter_context(running(clickhouse))
        made = SecuredPlatform(folder, kafka, registry, clickhouse, mail, authority=authority)
        yield parts.enter_context(running(made))
