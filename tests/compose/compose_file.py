"""docker-compose.yml as `docker compose` sees it: anchors followed, the values of an env file put in."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property
from pathlib import Path
from typing import Any

import yaml

from tests.parts.processes import REPOSITORY

DEMO, PRODUCTION = "deploy/demo.env", "deploy/production.env"
SECRETS = "/run/secrets/"
#: What listens in an image that is not ours, as its makers say; Kafka's, ours and the proxy's stand in files here.
LISTENS_BY_DEFAULT: Mapping[str, frozenset[int]] = {
    "apicurio/apicurio-registry": frozenset({8080}),
    "clickhouse/clickhouse-server": frozenset({8123, 9000}),
    "prom/prometheus": frozenset({9090}),
    "prom/alertmanager": frozenset({9093}),
    "grafana/grafana": frozenset({3000}),
    "axllent/mailpit": frozenset({1025, 8025}),
}
_VARIABLE = re.compile(r"\$\{(?P<name>\w+)(?::(?P<sign>[-?])(?P<word>[^}]*))?\}")


class MissingVariable(Exception):
    """A variable that must be given is not; the text is what the file says about it."""


@dataclass(frozen=True, slots=True)
class Mount:
    """A file or folder of the repository in a container."""

    source: Path
    target: str
    read_only: bool


@dataclass(frozen=True)
class Service:
    """One service. `environment` is without what has no value, as in the container."""

    name: str
    document: Mapping[str, Any]

    @property
    def is_ours(self) -> bool:
        return "build" in self.document

    @cached_property
    def image(self) -> tuple[str, str]:
        """Name and tag."""
        name, _, tag = self.document["image"].partition(":")
        return name, tag

    @cached_property
    def environment(self) -> Mapping[str, str]:
        given = self.document.get("environment", {})
        return {name: str(value) for name, value in given.items() if value is not None}

    @property
    def networks(self) -> frozenset[str]:
        return frozenset(self.document["networks"])

    @property
    def secrets(self) -> frozenset[str]:
        return frozenset(self.secret_files.values())

    @property
    def secret_files(self) -> Mapping[str, str]:
        """Name of the file in `/run/secrets` to name of the secret."""
        given = self.document.get("secrets", ())
        pairs = [
            (each, each) if isinstance(each, str) else (each["target"], each["source"]) for each in given
        ]
        return dict(pairs)

    @property
    def command(self) -> Sequence[str]:
        command: Sequence[str] = self.document.get("command", ())
        return command

    @property
    def check(self) -> Sequence[str]:
        """The words of its health check; none where it has none."""
        test: Sequence[str] = self.document.get("healthcheck", {}).get("test", ())
        return test

    @property
    def mounts(self) -> Sequence[Mount]:
        """Folders of the machine are not among them."""
        parts = [mount.split(":") for mount in self.document.get("volumes", ()) if mount.startswith(".")]
        return [Mount(REPOSITORY / source, target, more == ["ro"]) for source, target, *more in parts]

    @property
    def volumes(self) -> frozenset[str]:
        mounts = self.document.get("volumes", ())
        return frozenset(mount.split(":")[0] for mount in mounts if not mount.startswith((".", "/")))

    @property
    def folders(self) -> Mapping[str, str]:
        """Of the machine: where each is in the container."""
        parts = [mount.split(":") for mount in self.document.get("volumes", ()) if mount.startswith("/")]
        return dict(parts)

    @cached_property
    def listens(self) -> frozenset[int]:
        """The ports that something in it accepts connections on."""
        if self.is_ours:
            port = self.environment.get("BEWITHU_HTTP__PORT")
            return frozenset({int(port)} if port else ())
        if listeners := self.environment.get("KAFKA_LISTENERS"):
            return frozenset(int(port) for port in re.findall(r":(\d+)", listeners))
        if self.name == "board":
            text = (REPOSITORY / "deploy/haproxy.cfg").read_text("utf-8")
            return frozenset(int(port) for port in re.findall(r"^\s*bind :(\d+)", text, re.MULTILINE))
        return LISTENS_BY_DEFAULT[self.image[0]]


@dataclass(frozen=True)
class ComposeFile:
    """The whole file, with every profile's services."""

    document: Mapping[str, Any]

    @cached_property
    def services(self) -> Mapping[str, Service]:
        return {name: Service(name, document) for name, document in self.document["services"].items()}

    def reaches(self, name: str) -> frozenset[str]:
        """The other services that share a network with it."""
        own = self.services[name]
        return frozenset(other.name for other in self.services.values() if other.networks & own.networks) - {
            name
        }


def env_file(name: str) -> Mapping[str, str]:
    """The variables of a file as in `.env`."""
    lines = (REPOSITORY / name).read_text("utf-8").splitlines()
    pairs = [line.partition("=") for line in lines if line and not line.startswith("#")]
    return {key: value.removeprefix('"').removesuffix('"') for key, _, value in pairs}


@cache
def load(env: str) -> ComposeFile:
    """With the variables of the file `env` and none of this process', and the further files that it names."""
    variables = env_file(env)
    first, *further = files(env)
    document = interpolated(text(first), variables)
    for name in further:
        more = interpolated(text(name), variables)
        for service, added in more["services"].items():
            assert added.keys() == {"volumes"}, "what else Compose merges is not done here"
            document["services"][service].setdefault("volumes", []).extend(added["volumes"])
    return ComposeFile(document)


def files(env: str) -> Sequence[str]:
    """The files that Compose then reads."""
    return env_file(env).get("COMPOSE_FILE", "docker-compose.yml").split(":")


def text(name: str = "docker-compose.yml") -> str:
    return (REPOSITORY / name).read_text("utf-8")


def interpolated(source: str, variables: Mapping[str, str]) -> Mapping[str, Any]:
    """Raises `MissingVariable` for what must be given and is not."""
    filled = _filled(yaml.safe_load(source), variables)
    for service in filled["services"].values():
        environment = service.get("environment", {})
        for name in [name for name, value in environment.items() if value is None]:
            environment[name] = variables.get(name)
    document: Mapping[str, Any] = filled
    return document


def _filled(node: Any, variables: Mapping[str, str]) -> Any:
    match node:
        case dict():
            return {key: _filled(value, variables) for key, value in node.items()}
        case list():
            return [_filled(value, variables) for value in node]
        case str():
            return _VARIABLE.sub(lambda found: _value(found, variables), node)
    return node


def _value(found: re.Match[str], variables: Mapping[str, str]) -> str:
    name, sign, word = found["name"], found["sign"], found["word"]
    if value := variables.get(name):
        return value
    if sign != "-":
        raise MissingVariable(f"{name}: {word}")
    return word
