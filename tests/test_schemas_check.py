"""`bewithu schemas check` on small repositories: what it refuses, against which version, and what it says to do."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from schemas.contract_rules import ENVELOPE, STORABLE
from schemas.contracts import contracts
from sinks.clickhouse.column_types import _SCALARS
from tests.command_line import Answer, command_line
from tests.contract_changes import (
    REFUSED,
    Schema,
    contract,
    field,
    with_other_record_name,
    with_required_field,
)
from tests.parts.require import require_part

FILE = "registration.v1.avsc"
DAY = "2026-01-02"


class Repository:
    """A git repository whose contracts are in `schemas/avro`."""

    def __init__(self, folder: Path) -> None:
        require_part("git", shutil.which("git") is not None, "Install git.")
        self.root = folder
        self.folder = folder / "schemas" / "avro"
        self.folder.mkdir(parents=True)
        self.git("init", "-q", "-b", "main")

    def git(self, *words: str | Path) -> str:
        identity = ("-c", "user.name=A", "-c", "user.email=a@example.invalid", "-c", "commit.gpgSign=false")
        day = {"GIT_AUTHOR_DATE": f"{DAY}T12:00:00Z", "GIT_COMMITTER_DATE": f"{DAY}T12:00:00Z"}
        command = ["git", *identity, "-C", str(self.root), *map(str, words)]
        return subprocess.run(command, check=True, capture_output=True, text=True, env=day).stdout.strip()

    def write(self, schema: Schema, file: str = FILE) -> None:
        (self.folder / file).write_text(json.dumps(schema, indent=2), "utf-8")

    def commit(self, schema: Schema | None = None, file: str = FILE) -> str:
        """The short id of a commit, with `schema` in `file`."""
        if schema is not None:
            self.write(schema, file)
        self.git("add", "-A")
        self.git("commit", "-q", "--allow-empty", "-m", "A change")
        return self.git("rev-parse", "--short", "HEAD")


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path / "repository")


@pytest.fixture
def check(
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    tmp_path: Path,
    repository: Repository,
) -> Iterator[Callable[..., Answer]]:
    with command_line(monkeypatch, capsys, tmp_path) as line:
        yield lambda *words: line("schemas", "check", "--folder", repository.folder, *words)


def findings(answer: Answer) -> set[tuple[str, str]]:
    return {(each["field"], each["rule"]) for each in answer.document["findings"]}


# --- changes that are refused ---


@pytest.mark.parametrize("case", REFUSED)
def test_a_change_that_breaks_a_rule_is_refused_by_name(
    case: str, repository: Repository, check: Callable[..., Answer]
) -> None:
    change, expected = REFUSED[case]
    repository.commit(contract())
    assert check().code == 0
    schema = contract()
    change(schema)
    repository.write(schema)
    answer = check("--json")
    assert (answer.code, answer.err) == (1, "")
    # A field of the envelope that moves takes those behind it along.
    assert expected <= findings(answer)
    assert {rule for _, rule in findings(answer)} == {rule for _, rule in expected}


def test_the_answer_names_file_version_field_rule_and_what_to_do(
    repository: Repository, check: Callable[..., Answer]
) -> None:
    commit = repository.commit(contract())
    schema = contract()
    with_required_field(schema)
    repository.write(schema)
    answer = check()
    assert (answer.code, answer.out) == (1, "")
    assert answer.err == (
        f"{FILE}: desk is not written, and the reader has no default for it (against {commit} ({DAY})): "
        "READER_FIELD_MISSING_DEFAULT_VALUE. Keep required fields, give new ones a default; or make a new major "
        "version, the new file registration.v2.avsc.\n"
    )


def test_a_change_is_compared_with_every_earlier_version_and_not_with_the_last_alone(
    repository: Repository, check: Callable[..., Answer]
) -> None:
    first = contract()
    first["fields"].append(
        {"name": "desk", "type": ["null", "string"], "default": None, "doc": "Which desk."}
    )
    commit = repository.commit(first)
    repository.commit(contract())
    assert check().code == 0
    last = contract()
    last["fields"].append({"name": "desk", "type": ["null", "int"], "default": None, "doc": "Which desk."})
    repository.commit(last)
    answer = check("--json")
    assert findings(answer) == {("desk", "MISSING_UNION_BRANCH")}
    assert answer.document["findings"][0]["version"] == f"{commit} ({DAY})"
    assert (answer.document["contracts"], answer.document["versions"]) == (1, 3)


def test_a_version_that_came_in_by_a_merge_counts(
    repository: Repository, check: Callable[..., Answer]
) -> None:
    repository.commit(contract())
    repository.git("checkout", "-q", "-b", "side")
    schema = contract()
    schema["fields"].append(
        {"name": "desk", "type": ["null", "string"], "default": None, "doc": "Which desk."}
    )
    repository.commit(schema)
    repository.git("checkout", "-q", "main")
    repository.git("merge", "-q", "-s", "ours", "--no-ff", "-m", "Merge", "side")
    schema["fields"][-1]["type"] = ["null", "int"]
    repository.write(schema)
    assert findings(check("--json")) == {("desk", "MISSING_UNION_BRANCH")}


def test_a_contract_that_is_gone_is_asked_back(repository: Repository, check: Callable[..., Answer]) -> None:
    commit = repository.commit(contract())
    (repository.folder / FILE).unlink()
    repository.commit()
    answer = check()
    assert answer.code == 1
    assert "CONTRACT_REMOVED" in answer.err
    assert f"git restore --source={commit}" in answer.err


def test_an_alias_once_given_stays(repository: Repository, check: Callable[..., Answer]) -> None:
    schema = contract()
    field(schema, "nationality").update(name="citizenship", aliases=["nationality"])
    repository.commit(contract())
    repository.commit(schema)
    assert check().code == 0
    del field(schema, "citizenship")["aliases"]
    repository.write(schema)
    assert ("citizenship", "ALIAS_REMOVED") in findings(check("--json"))


def test_a_file_that_is_no_schema_is_told(repository: Repository, check: Callable[..., Answer]) -> None:
    repository.commit(contract())
    (repository.folder / FILE).write_text("{", "utf-8")
    assert findings(check("--json")) == {("", "NOT_AVRO")}


# --- changes that pass ---


def test_what_agencies_may_change_passes(repository: Repository, check: Callable[..., Answer]) -> None:
    repository.commit(contract())
    schema = contract()
    field(schema, "nationality").update(name="citizenship", aliases=["nationality"], doc="Other words.")
    field(schema, "status")["type"]["symbols"].append("appealed")
    schema["fields"] = [each for each in schema["fields"] if each["name"] != "valid_until"]
    schema["fields"].insert(
        9, {"name": "desk", "type": ["null", "string"], "default": None, "doc": "Which desk."}
    )
    schema["fields"][9:] = reversed(schema["fields"][9:])
    repository.write(schema)
    answer = check()
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == "1 contracts fit all of their 1 committed versions\n"


def test_a_new_major_version_owes_nothing_to_the_one_before(
    repository: Repository, check: Callable[..., Answer]
) -> None:
    repository.commit(contract())
    schema = contract()
    with_required_field(schema)
    with_other_record_name(schema)
    repository.write(schema, "registration.v2.avsc")
    assert check().code == 0


def test_a_branch_is_compared_with_what_it_starts_from_alone(
    repository: Repository, check: Callable[..., Answer]
) -> None:
    repository.commit(contract())
    repository.git("checkout", "-q", "-b", "draft")
    schema = contract()
    with_required_field(schema)
    repository.commit(schema)
    repository.commit(contract())
    assert check().code == 1
    assert check("--against", "main").code == 0


# --- where there is nothing to compare with ---


def test_outside_of_a_checkout_it_is_misuse_and_says_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, check: Callable[..., Answer]
) -> None:
    monkeypatch.setenv("GIT_CEILING_DIRECTORIES", str(tmp_path))
    (tmp_path / "unpacked").mkdir()
    shutil.copy(REAL / FILE, tmp_path / "unpacked")
    answer = check("--folder", tmp_path / "unpacked")
    assert (answer.code, answer.out) == (2, "")
    assert "is not under git: run this in a checkout" in answer.err
    absent = check("--folder", tmp_path / "absent")
    assert absent.code == 2
    assert "absent is no folder" in absent.err


@pytest.mark.parametrize("revision", ["no-such-branch", "--output=x"])
def test_a_revision_that_is_none_is_misuse(
    revision: str, repository: Repository, check: Callable[..., Answer]
) -> None:
    repository.commit(contract())
    answer = check(f"--against={revision}")
    assert (answer.code, answer.out) == (2, "")
    assert f"'{revision}' is no commit, branch or tag" in answer.err


def test_a_shallow_clone_is_warned_of(
    repository: Repository, check: Callable[..., Answer], tmp_path: Path
) -> None:
    repository.commit(contract())
    repository.commit(contract() | {"doc": "Other words."})
    repository.git("clone", "-q", "--depth=1", f"file://{repository.root}", tmp_path / "clone")
    answer = check("--folder", tmp_path / "clone" / "schemas" / "avro")
    assert (answer.code, answer.out) == (0, "1 contracts fit all of their 1 committed versions\n")
    assert "shallow clone" in answer.err
    assert "git fetch --unshallow" in answer.err


# --- our own contracts ---

REAL = Path(__file__).resolve().parent.parent / "schemas" / "avro"


def test_our_contracts_fit_their_history(
    monkeypatch: pytest.MonkeyPatch, check: Callable[..., Answer]
) -> None:
    require_part("a git checkout", (REAL.parents[1] / ".git").exists(), "Clone the repository.")
    answer = check("--folder", REAL, "--json")
    assert (answer.code, answer.document["findings"]) == (0, [])
    assert answer.document["contracts"] == len(contracts())


def test_the_rules_know_what_the_store_and_the_contracts_have() -> None:
    assert {*_SCALARS, ("bytes", "decimal")} == STORABLE
    for each in contracts().values():
        first = each.fields[: len(ENVELOPE)]
        assert [(f.name, f.avro_type, f.logical_type, f.optional) for f in first] == list(ENVELOPE)
