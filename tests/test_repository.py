"""The repository's own promises: its licence, links, sizes and make targets."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from urllib.parse import unquote

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
NOT_SETTINGS = {f"BEWITHU_TEST_{name}" for name in ("REQUIRE", "SEED", "BACKLOG", "EXAMPLES", "PATIENCE")}


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
        if name.endswith((".md", ".yml", ".yaml", ".env")) or name in {"Dockerfile", "Makefile", ".ci/run"}
        for variable in re.findall(r"BEWITHU_[A-Z0-9_]*[A-Z0-9](?!\w|…)", text)
        if variable not in known
    ]
    assert unknown == []


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
