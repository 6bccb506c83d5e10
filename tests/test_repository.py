"""The repository's own promises: its licence, links, sizes, compose file, image and make targets."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import sys
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import yaml
from pydantic import BaseModel
from pydantic.fields import FieldInfo

from bewithu.settings import Settings
from tests.parts.require import require_part

ROOT = Path(__file__).resolve().parent.parent
LONGEST_PYTHON_FILE = 300
# SHA-256 of the EUPL's English text, version 1.2, as the SPDX licence list has it (identifier EUPL-1.2).
EUPL = "57fb42fbcd0b037ce528ed8f72f1ec095d67bc6825ecf1448ff39be1fe68a4b4"
# Folders that exist on one machine only. The look-behind lets addresses such as https://host/work/ pass.
MACHINE_PATH = re.compile(r"(?<![\w.~])/(?:work|root|tmp/\w+|home/\w+|Users/\w+|opt/wheels)/")
NOT_SETTINGS = {f"BEWITHU_TEST_{name}" for name in ("REQUIRE", "SEED", "BACKLOG", "EXAMPLES")}


@cache
def repository_files() -> tuple[Path, ...]:
    """What git keeps, and what it would keep: files that are neither tracked nor ignored count too."""
    is_checkout = (ROOT / ".git").exists() and shutil.which("git") is not None
    require_part("a git checkout", is_checkout, "Clone the repository, and install git.")
    command = [
        "git",
        "-c",
        "safe.directory=*",
        "ls-files",
        "-z",
        "--cached",
        "--others",
        "--exclude-standard",
    ]
    listed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    return tuple(path for name in sorted(set(listed.split("\0")) - {""}) if (path := ROOT / name).is_file())


@cache
def repository_texts() -> Mapping[str, str]:
    """Text of every file that is text, by its path in the repository."""
    contents = ((path, path.read_bytes()) for path in repository_files())
    return {str(path.relative_to(ROOT)): data.decode() for path, data in contents if b"\0" not in data}


def repository_text(name: str) -> str:
    return (ROOT / name).read_text("utf-8")


def compose() -> Any:
    return yaml.safe_load(repository_text("docker-compose.yml"))


def services() -> Mapping[str, Any]:
    found: Mapping[str, Any] = compose()["services"]
    return found


SERVICES = sorted(services())


# --- licence, sizes, links, paths ---


def test_the_licence_is_the_eupl_word_for_word() -> None:
    assert hashlib.sha256((ROOT / "LICENSE").read_bytes()).hexdigest() == EUPL
    assert tomllib.loads(repository_text("pyproject.toml"))["project"]["license"] == "EUPL-1.2"


def test_no_python_file_is_longer_than_300_lines() -> None:
    lengths = {name: text.count("\n") for name, text in repository_texts().items() if name.endswith(".py")}
    assert len(lengths) > 5
    assert {name: n for name, n in lengths.items() if n > LONGEST_PYTHON_FILE} == {}


def test_no_file_names_a_folder_of_the_machine_it_was_written_on() -> None:
    named = [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in repository_texts().items()
        for number, line in enumerate(text.splitlines(), 1)
        if MACHINE_PATH.search(line)
    ]
    assert named == []


def markdown_links(text: str) -> Iterator[str]:
    """Targets of links and pictures, without those in code and those that lead to another site."""
    prose = re.sub(r"^(```|~~~).*?^\1", "", text, flags=re.MULTILINE | re.DOTALL)
    prose = re.sub(r"`[^`\n]*`", "", prose)
    targets = re.findall(r"\]\(\s*<?([^)\s>]+)", prose) + re.findall(
        r"^\[[^\]]+\]:\s*(\S+)", prose, re.MULTILINE
    )
    yield from (target for target in targets if not re.match(r"[a-z][a-z0-9+.-]*:|#", target))


def test_every_link_in_the_documents_leads_to_a_file() -> None:
    broken = [
        f"{name} -> {target}"
        for name, text in repository_texts().items()
        if name.endswith(".md")
        for target in markdown_links(text)
        if not (ROOT / name).parent.joinpath(unquote(target.partition("#")[0])).exists()
    ]
    assert broken == []


def test_links_in_code_and_to_other_sites_are_not_looked_for_on_disk() -> None:
    text = "[a](b.md#c) `[no](no.md)` [site](https://x.y) [top](#top)\n```\n[no](no.md)\n```\n[r]: d/e.md\n"
    assert list(markdown_links(text)) == ["b.md#c", "d/e.md"]


# --- settings named anywhere exist ---


def setting_names(fields: Mapping[str, FieldInfo], prefix: str = "BEWITHU_") -> Iterator[str]:
    for name, field in fields.items():
        variable = f"{prefix}{name.upper()}"
        yield variable
        if isinstance(field.annotation, type) and issubclass(field.annotation, BaseModel):
            yield from setting_names(field.annotation.model_fields, f"{variable}__")


def test_every_variable_in_documents_and_container_files_is_a_setting() -> None:
    known = {*setting_names(Settings.model_fields), *NOT_SETTINGS}
    unknown = [
        f"{name}: {variable}"
        for name, text in repository_texts().items()
        if name.endswith((".md", ".yml", ".yaml")) or name in {"Dockerfile", "Makefile", ".ci/run"}
        for variable in re.findall(r"BEWITHU_[A-Z0-9_]*[A-Z0-9](?!\w|…)", text)
        if variable not in known
    ]
    assert unknown == []


@pytest.mark.parametrize("service", [name for name in SERVICES if "build" in services()[name]])
def test_the_environment_that_compose_gives_is_accepted_as_settings(
    service: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    given = {name: str(value) for name, value in services()[service]["environment"].items()}
    given["BEWITHU_CLICKHOUSE__PASSWORD_FILE"] = str(tmp_path / "password")
    (tmp_path / "password").write_text("from-a-file\n")
    monkeypatch.chdir(tmp_path)
    for name in [name for name in os.environ if name.startswith("BEWITHU_")]:
        monkeypatch.delenv(name)
    for name, value in given.items():
        monkeypatch.setenv(name, value)

    settings = Settings()

    assert settings.kafka.bootstrap_servers == given["BEWITHU_KAFKA__BOOTSTRAP_SERVERS"]
    assert settings.clickhouse.password is not None
    assert settings.clickhouse.password.get_secret_value() == "from-a-file"


# --- the compose file ---


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_has_a_pinned_image_or_is_built_here(name: str) -> None:
    service = services()[name]
    if "build" not in service:
        _, _, tag = service["image"].partition(":")
        assert re.match(r"v?\d+\.\d+", tag), f"{service['image']} is not pinned to a version"
    assert not service.get("image", "").endswith("latest")


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_stops_calmly_and_listens_on_this_machine_alone(name: str) -> None:
    service = services()[name]
    assert service["init"] is True
    assert service["stop_grace_period"] == "30s"
    assert all(port.startswith("127.0.0.1:") for port in service.get("ports", []))


@pytest.mark.parametrize("name", SERVICES)
def test_what_a_service_waits_for_can_come_about(name: str) -> None:
    for other, wait in services()[name].get("depends_on", {}).items():
        awaited = services()[other]
        if wait["condition"] == "service_healthy":
            assert awaited["healthcheck"]["test"][0] in {"CMD", "CMD-SHELL"}
        else:
            assert wait["condition"] == "service_completed_successfully"
            assert awaited["restart"] == "no", f"{other} would be started again and never be done"


@pytest.mark.parametrize("name", SERVICES)
def test_hosts_in_the_environment_are_services_and_no_secret_is_in_it(name: str) -> None:
    environment = services()[name].get("environment", {})
    hosts = re.findall(
        r"(?:^|[/@,])([a-z][a-z-]*):\d+", "\n".join(map(str, environment.values())), re.MULTILINE
    )
    assert set(hosts) <= set(SERVICES)
    assert [key for key in environment if re.search(r"(PASSWORD|SECRET|TOKEN|KEY)$", key)] == []
    assert not any(re.search(r"//[^/@]+:[^/@]+@", str(value)) for value in environment.values())


def test_volumes_and_secrets_are_declared_and_used() -> None:
    mounts = {
        mount.partition(":")[0] for service in services().values() for mount in service.get("volumes", [])
    }
    secrets = {secret for service in services().values() for secret in service.get("secrets", [])}
    assert mounts == set(compose()["volumes"])
    assert secrets == set(compose()["secrets"])


def test_compose_refuses_to_start_without_what_it_asks_for() -> None:
    asked = re.findall(r"\$\{(\w+)(:\?)?", repository_text("docker-compose.yml"))
    assert asked == [("CLICKHOUSE_PASSWORD_FILE", ":?")]


@pytest.mark.parametrize("name", [name for name in SERVICES if "build" in services()[name]])
def test_what_compose_runs_in_our_image_is_a_command_of_bewithu(name: str) -> None:
    command = [Path(sys.executable).with_name("bewithu"), services()[name]["command"][0], "--help"]
    run = subprocess.run(command, capture_output=True, text=True, check=False, timeout=60)
    assert run.returncode == 0, run.stderr


# --- the image ---


def test_the_build_sees_each_package_and_nothing_that_is_not_named() -> None:
    lines = [line for line in repository_text(".dockerignore").splitlines() if not line.startswith("#")]
    packages = tomllib.loads(repository_text("pyproject.toml"))["tool"]["hatch"]["build"]["targets"]["wheel"][
        "packages"
    ]
    assert lines[0] == "*"
    assert {line[1:] for line in lines if line.startswith("!")} == {
        *packages, "pyproject.toml", "uv.lock", "README.md", "LICENSE",
    }  # fmt: skip


def test_the_image_runs_bewithu_as_an_ordinary_user_from_pinned_parts() -> None:
    steps = [
        line.split(maxsplit=1)
        for line in repository_text("Dockerfile").splitlines()
        if re.match(r"[A-Z]+ ", line)
    ]
    last = dict(steps)
    assert last["USER"] == "bewithu"
    assert last["ENTRYPOINT"] == '["bewithu"]'
    assert all(re.match(r"python:3\.1\d-slim-", rest) for word, rest in steps if word == "FROM")


# --- make and .ci/run ---


def test_make_without_a_target_lists_every_target() -> None:
    declared = re.search(r"^\.PHONY: (.+)$", repository_text("Makefile"), re.MULTILINE)
    assert declared
    # Under `make test` this make would take over the other one's flags.
    environment = {name: value for name, value in os.environ.items() if not name.startswith("MAKE")}
    run = subprocess.run(["make"], cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert {line.split()[0] for line in run.stdout.splitlines()[1:]} == set(declared[1].split())


def test_the_check_script_is_executable_and_its_make_targets_exist() -> None:
    script = ROOT / ".ci/run"
    assert os.access(script, os.X_OK)
    subprocess.run(["bash", "-n", script], check=True)
    used = set(re.findall(r"(?<![:\w])make(?: --silent)? ([a-z]+)", script.read_text("utf-8")))
    defined = set(re.findall(r"^([a-z]+):", repository_text("Makefile"), re.MULTILINE))
    assert used
    assert used <= defined
