"""Every service: pinned, confined, watched, and with all that it names."""

from __future__ import annotations

import re
import tomllib
from inspect import signature
from xml.etree import ElementTree

import pytest
import yaml

from bewithu.cli.backup import create
from tests.compose.compose_file import DEMO, PRODUCTION, SECRETS, Service, load, text
from tests.parts.processes import REPOSITORY

FILE = load(DEMO)
SERVICES = FILE.services
#: Services that may run as root, and why. None needs to.
ROOT: dict[str, str] = {}
#: They end by themselves, so nobody watches whether they live.
ENDING = {"migrate", "access", "simulator"}
#: Secrets that only a file of the operator's reads: the mail server's password, in their own alertmanager.yml.
UNREAD = {"alertmanager": {"smtp_password"}}
# What an agency or an operator on this machine reaches.
PUBLISHED = {
    "kafka": 9092, "schema-registry": 8081, "board": 8080, "grafana": 3000, "prometheus": 9090,
    "alertmanager": 9093, "mail": 8025,
}  # fmt: skip

every_service = pytest.mark.parametrize("service", SERVICES.values(), ids=list(SERVICES))


def mebibytes(size: str) -> int:
    return int(size[:-1]) * {"m": 1, "g": 1024}[size[-1]]


@every_service
def test_its_image_is_pinned_to_a_version(service: Service) -> None:
    name, tag = service.image
    assert re.fullmatch(r"v?\d+\.\d+(\.\d+)*(-[a-z]+)?", tag), f"{name}:{tag} is not pinned to a version"


@every_service
def test_it_runs_as_an_ordinary_user(service: Service) -> None:
    user, _, group = service.document.get("user", "0:0").partition(":")
    if service.name in ROOT:
        return
    # By number: a name says nothing before the image is there, and may be root's.
    assert user.isdecimal()
    assert group.isdecimal()
    assert int(user) > 0


@every_service
def test_it_can_do_and_use_no_more_than_it_needs(service: Service) -> None:
    document = service.document
    assert document["read_only"] is True
    assert document["cap_drop"] == ["ALL"]
    assert "cap_add" not in document
    assert document["security_opt"] == ["no-new-privileges:true"]
    assert not {"privileged", "network_mode", "pid", "ipc", "devices"} & set(document)
    assert 32 <= document["pids_limit"] <= 4096
    assert 64 <= mebibytes(document["mem_limit"]) <= 4096
    assert all(mount.read_only for mount in service.mounts)
    # What is kept in memory counts against the same limit.
    sizes = [re.search(r"size=(\d+[mg])", mount) for mount in document.get("tmpfs", ())]
    assert all(sizes), "a tmpfs without a size may take all of the machine's memory"
    assert sum(mebibytes(size[1]) for size in sizes if size) < mebibytes(document["mem_limit"])


@every_service
def test_it_stops_calmly_and_is_told_in_a_log_of_limited_size(service: Service) -> None:
    assert service.document["init"] is True
    assert service.document["stop_grace_period"] == "30s"
    assert set(service.document["logging"]["options"]) == {"max-size", "max-file"}


@every_service
def test_it_is_watched_or_ends_by_itself(service: Service) -> None:
    if service.name in ENDING:
        assert service.document["restart"] == "no"
    else:
        assert service.document["restart"] == "unless-stopped"
        assert service.check[0] == "CMD"
        assert {"interval", "timeout", "retries"} <= set(service.document["healthcheck"])


@every_service
def test_what_it_waits_for_can_come_about(service: Service) -> None:
    for other, wait in service.document.get("depends_on", {}).items():
        awaited = SERVICES[other]
        match wait["condition"]:
            case "service_healthy":
                assert awaited.check
            case "service_completed_successfully":
                assert other in ENDING
            case condition:
                assert condition == "service_started"
        if not set(awaited.document.get("profiles", ())) <= set(service.document.get("profiles", ())):
            assert wait["required"] is False, f"{other} is not there in every profile"


@every_service
def test_a_published_port_is_this_machines_alone_and_somebody_listens_there(service: Service) -> None:
    published = [port.split(":") for port in service.document.get("ports", ())]
    assert [int(port) for _, port, _ in published] == [
        port for name, port in PUBLISHED.items() if name == service.name
    ]
    assert all(host == "127.0.0.1" and int(inside) in service.listens for host, _, inside in published)
    assert not (published and service.document.get("deploy")), "two replicas cannot share a port"


@every_service
def test_what_it_mounts_is_in_the_repository(service: Service) -> None:
    missing = [
        str(mount.source.relative_to(REPOSITORY)) for mount in service.mounts if not mount.source.exists()
    ]
    assert missing == [], (
        f"{service.name} mounts what is not there; the engine would make an empty folder of it"
    )


@every_service
def test_its_secrets_are_files_and_it_has_just_those_that_it_reads(service: Service) -> None:
    environments = [load(env).services[service.name].environment for env in (DEMO, PRODUCTION)]
    values = [value for environment in environments for value in environment.values()]
    texts = "\n".join([*values, *mounted_texts(service)])
    named = set(re.findall(rf"{SECRETS}(\w+)", texts))
    if SECRETS.rstrip("/") in service.command:
        return  # it reads all that it has
    assert set(service.secret_files) - UNREAD.get(service.name, set()) == named
    for name, value in service.environment.items():
        assert not re.search(r"(PASSWORD|SECRET|TOKEN|KEY)$", name), f"{name} is a secret in the environment"
        assert not re.search(r"//[^/@\s]+:[^/@\s]+@", value), f"{name} has a password in an address"


def mounted_texts(service: Service) -> list[str]:
    files = [
        file
        for mount in service.mounts
        for file in ([mount.source] if mount.source.is_file() else sorted(mount.source.rglob("*")))
    ]
    return [file.read_text("utf-8") for file in files if file.is_file()]


@every_service
def test_whom_it_names_listens_there_and_can_be_reached(service: Service) -> None:
    words = [*service.environment.values(), *service.command, *mounted_texts(service)]
    named = re.findall(r"(?<![\w.-])([a-z][a-z-]*):(\d{4,5})\b", "\n".join(words))
    addresses = {(host, int(port)) for host, port in named if host in SERVICES}
    for host, port in addresses:
        assert port in SERVICES[host].listens, f"nobody listens on {host}:{port}"
        assert host == service.name or host in FILE.reaches(service.name), f"{host} cannot be reached"


@every_service
def test_its_health_check_asks_itself_where_it_listens(service: Service) -> None:
    asked = re.findall(r"127\.0\.0\.1:(\d+)", " ".join(service.check))
    assert {int(port) for port in asked} <= service.listens
    assert asked or service.name in {*ENDING, "mail"}  # the catcher's own program knows its port


def test_what_is_declared_is_used_and_what_is_used_is_declared() -> None:
    for kind in ("volumes", "networks", "secrets"):
        used = {name for service in SERVICES.values() for name in getattr(service, kind)}
        assert used == set(FILE.document[kind]), kind
    configs = {
        each["source"] for service in SERVICES.values() for each in service.document.get("configs", ())
    }
    assert configs == set(FILE.document["configs"])


def test_in_production_clickhouse_has_a_disk_for_backups_away_from_its_data() -> None:
    clickhouse = load(PRODUCTION).services["clickhouse"]
    disk = ElementTree.parse(REPOSITORY / "deploy/backups.xml")
    path, name = disk.findtext(".//disks/backups/path"), disk.findtext("backups/allowed_disk")
    assert path is not None
    assert list(clickhouse.folders.values()) == [path.rstrip("/")]
    assert not path.startswith("/var/lib/clickhouse")
    assert name == signature(create).parameters["disk"].default
    configured = {mount.target for mount in clickhouse.mounts if mount.source.name == "backups.xml"}
    assert configured == {"/etc/clickhouse-server/config.d/backups.xml"}
    assert not SERVICES["clickhouse"].folders


def test_no_value_is_written_twice_by_mistake() -> None:
    """YAML lets the last of two equal keys win, silently."""
    root = yaml.compose(text())
    nodes = [root]
    while nodes:
        node = nodes.pop()
        if isinstance(node, yaml.MappingNode):
            keys = [key.value for key, _ in node.value]
            assert len(keys) == len(set(keys)), f"{keys} at {node.start_mark}"
            nodes += [value for _, value in node.value]
        elif isinstance(node, yaml.SequenceNode):
            nodes += node.value


def test_the_versions_are_those_that_the_tests_run() -> None:
    version = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]["version"]
    assert {service.image for service in SERVICES.values() if service.is_ours} == {("bewithu", version)}
    jars = (REPOSITORY / "tests/kafka/pom.xml").read_text("utf-8")
    assert f"<version>{SERVICES['kafka'].image[1]}</version>" in jars
