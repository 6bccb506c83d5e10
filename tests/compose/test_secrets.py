"""The secrets that the compose file names are made once, differ, and are nobody else's to read."""

from __future__ import annotations

import subprocess
from pathlib import Path

from bewithu.board_settings import LEAST_KEY
from tests.compose.compose_file import DEMO, load, text
from tests.parts.processes import REPOSITORY

SCRIPT = REPOSITORY / "deploy/make-secrets"


def make(folder: Path) -> str:
    return subprocess.run(["sh", SCRIPT, folder], capture_output=True, text=True, check=True).stdout


def test_each_secret_of_the_compose_file_is_made_and_different(tmp_path: Path) -> None:
    made = make(tmp_path / "secrets")
    found = {file.name: file.read_text() for file in (tmp_path / "secrets").iterdir()}
    assert set(found) == set(load(DEMO).document["secrets"])
    assert found.pop("smtp_password") == "", "whoever has a mail server writes it in"
    assert len(set(found.values())) == len(found)
    assert all(len(secret.strip()) == 64 >= LEAST_KEY for secret in found.values())
    assert not any(secret.strip() in made for secret in found.values())


def test_what_is_there_stays(tmp_path: Path) -> None:
    make(tmp_path)
    (tmp_path / "smtp_password").write_text("mine\n")
    before = {file.name: file.read_text() for file in tmp_path.iterdir()}
    assert make(tmp_path) == ""
    assert {file.name: file.read_text() for file in tmp_path.iterdir()} == before


def test_only_the_owner_may_enter_and_containers_may_read(tmp_path: Path) -> None:
    make(tmp_path / "secrets")
    assert (tmp_path / "secrets").stat().st_mode & 0o777 == 0o700
    # The engine mounts a file with the mode that it has here, into containers whose users have other numbers.
    assert {file.stat().st_mode & 0o777 for file in (tmp_path / "secrets").iterdir()} == {0o644}


def test_secrets_and_settings_of_a_machine_are_kept_out_of_git() -> None:
    ignored = (REPOSITORY / ".gitignore").read_text("utf-8").splitlines()
    assert {"/secrets/", "/.env", "/address_book.yaml"} <= set(ignored)
    assert text().count("./secrets}") == len(load(DEMO).document["secrets"])
