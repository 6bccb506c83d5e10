"""What compose gives our services: commands that there are, settings that exist, and values that load."""

from __future__ import annotations

import os
import re
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.core import TyperGroup

from bewithu.cli import app
from bewithu.settings import Settings
from schemas.contracts import contracts
from schemas.outward import outward_contracts
from tests.compose.compose_file import DEMO, PRODUCTION, SECRETS, env_file, files, load, text
from tests.parts.processes import REPOSITORY

OURS = [name for name, service in load(DEMO).services.items() if service.is_ours]
#: Of the compose file itself, in `.env`; every other one is a setting of ours.
OF_COMPOSE = {"BACKUPS", "COMPOSE_PROFILES", "ADDRESS_BOOK", "ALERTMANAGER", "SECRETS"}


@pytest.mark.parametrize("name", OURS)
def test_its_command_is_one_of_bewithus(name: str, tmp_path: Path) -> None:
    found: Any = typer.main.get_command(app)
    words = [word.replace(SECRETS.rstrip("/"), str(tmp_path)) for word in load(DEMO).services[name].command]
    while isinstance(found, TyperGroup):
        word, *words = words
        found = found.get_command(typer.Context(found), word)
        assert found is not None, f"bewithu has no command {word}"
    # Raises for what it does not take.
    found.make_context(word, words)


def test_a_command_that_is_none_would_be_noticed() -> None:
    simulate = typer.main.get_command(app).get_command(typer.Context(typer.main.get_command(app)), "simulate")
    with pytest.raises(Exception, match="No such option"):
        simulate.make_context("simulate", ["--no-such-option"])


@pytest.mark.parametrize("env", [DEMO, PRODUCTION])
@pytest.mark.parametrize("name", OURS)
def test_its_environment_loads(name: str, env: str, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    service = load(env).services[name]
    for secret in service.secret_files:
        (tmp_path / secret).write_text(f"{secret}-0123456789abcdef0123456789abcdef\n")
    monkeypatch.chdir(tmp_path)
    for variable in [variable for variable in os.environ if variable.startswith("BEWITHU_")]:
        monkeypatch.delenv(variable)
    for variable, value in service.environment.items():
        monkeypatch.setenv(variable, value.replace(SECRETS, f"{tmp_path}/"))

    # A variable that is no setting is refused, as is a file that is not there.
    settings = Settings()

    if "BEWITHU_KAFKA__BOOTSTRAP_SERVERS" in service.environment:
        assert settings.kafka.bootstrap_servers == "kafka:19092"
    if settings.clickhouse.password is not None:
        user = settings.clickhouse.username
        assert settings.clickhouse.password.get_secret_value().startswith(f"{user}-")
    if name == "worker":
        assert settings.http.link_key is not None
        assert settings.smtp.encrypted is (env == PRODUCTION)


@pytest.mark.parametrize("env", [DEMO, PRODUCTION])
def test_every_variable_of_an_env_file_is_asked_for(env: str) -> None:
    read = "".join(map(text, files(env)))
    asked = {*re.findall(r"\$\{(\w+)", read), *re.findall(r"^ +(BEWITHU_\w+):$", read, re.MULTILINE)}
    assert set(env_file(env)) - {"COMPOSE_PROFILES", "COMPOSE_FILE"} <= asked
    assert {name for name in asked if not name.startswith("BEWITHU_")} <= OF_COMPOSE


def test_the_demo_starts_every_service_and_production_all_but_what_is_for_trying() -> None:
    profiles = {name: service.document.get("profiles") for name, service in load(DEMO).services.items()}
    assert {name for name, given in profiles.items() if given} == {"mail", "simulator"}
    assert env_file(DEMO)["COMPOSE_PROFILES"] == "demo"
    assert env_file(PRODUCTION)["COMPOSE_PROFILES"] == ""


def test_mails_of_the_demo_reach_nobody_and_those_of_production_are_encrypted() -> None:
    demo, production = env_file(DEMO), env_file(PRODUCTION)
    assert demo["BEWITHU_SMTP__HOST"] == "mail"
    book = (REPOSITORY / demo["ADDRESS_BOOK"]).read_text("utf-8")
    assert set(re.findall(r"email: \S+\.(\w+)$", book, re.MULTILINE)) == {"invalid"}
    for own in ("ADDRESS_BOOK", "ALERTMANAGER"):
        assert production[own] != demo[own]
    assert production["BEWITHU_SMTP__STARTTLS"] == "true"
    assert production["BEWITHU_HTTP__PUBLIC_URL"].startswith("https://")


def test_topics_that_are_named_exist() -> None:
    named = set(re.findall(r"bewithu\.[a-z_]+\.v\d+", text()))
    assert named <= {*contracts(), *outward_contracts()}
