"""Compares the contracts with what they ever were: FULL_TRANSITIVE within a major version, and bewithu's own rules."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from schemas.compatibility import NOT_AVRO, Incompatibility, ParsedSchema, incompatibilities, parse
from schemas.contract_rules import FILE_NAME, broken_rules, silent_changes
from schemas.history import History, Version


@dataclass(frozen=True, slots=True)
class Finding:
    """A rule that a contract breaks; `version` is the committed one that it is broken against, '' for none."""

    file: str
    version: str
    field: str
    rule: str
    message: str
    advice: str

    def __str__(self) -> str:
        where = f"{self.file}: {self.field}" if self.field else self.file
        against = f" (against {self.version})" if self.version else ""
        return f"{where} {self.message}{against}: {self.rule}. {self.advice}"


@dataclass(frozen=True, slots=True)
class Report:
    """How many contracts were compared with how many committed versions, and what was found."""

    contracts: int
    versions: int
    shallow: bool
    findings: tuple[Finding, ...]


def check_contracts(folder: Path, revision: str = "HEAD") -> Report:
    """Every contract in `folder` against all its versions up to `revision`. Raises `NoHistory`."""
    history = History(folder)
    versions = [each for each in history.versions(revision) if FILE_NAME.fullmatch(each.file)]
    files = sorted(path.name for path in folder.glob("*.avsc"))
    findings = list(_removed(files, versions))
    for file in files:
        text = (folder / file).read_text("utf-8")
        mine = [(each, history.text(each)) for each in versions if each.file == file]
        findings += _of_one(file, text, mine)
    return Report(len(files), len(versions), history.shallow, tuple(findings))


def _removed(files: list[str], versions: list[Version]) -> Iterator[Finding]:
    last = {version.file: version for version in reversed(versions)}
    for file in sorted(set(last) - set(files)):
        message = "is gone, and agencies may still write it"
        advice = f"Bring it back: git restore --source={last[file].commit} -- {file}."
        yield Finding(file, str(last[file]), "", "CONTRACT_REMOVED", message, advice)


def _of_one(file: str, text: str, versions: list[tuple[Version, str]]) -> Iterator[Finding]:
    try:
        new = parse(json.loads(text))
    except NOT_AVRO as error:
        yield Finding(file, "", "", "NOT_AVRO", f"is no Avro schema: {error}", "Mend the file.")
        return
    for broken in broken_rules(file, new):
        yield Finding(file, "", broken.field, broken.rule, broken.message, "Mend the contract.")
    told: set[tuple[str, str]] = set()
    for version, old_text in versions:
        for broken in _against(new, old_text):
            # One finding for each field and rule, against the newest version that shows it.
            if (broken.field, broken.rule) not in told:
                told.add((broken.field, broken.rule))
                yield Finding(
                    file, str(version), broken.field, broken.rule, broken.message, _advice(file, broken)
                )


def _against(new: ParsedSchema, old_text: str) -> Iterator[Incompatibility]:
    try:
        old = parse(json.loads(old_text))
    except NOT_AVRO:
        return  # nobody can have written events with it
    yield from incompatibilities(new, old)
    for broken in incompatibilities(old, new):
        message = f"{broken.message}, for readers of that version"
        yield Incompatibility(broken.rule, broken.field, message)
    yield from silent_changes(new, old)


def _advice(file: str, broken: Incompatibility) -> str:
    match = FILE_NAME.fullmatch(file)
    if match is None:
        return "Name it like registration.v1.avsc."
    following = f"{match['event_type']}.v{int(match['major']) + 1}.avsc"
    if broken.rule == "READER_FIELD_MISSING_DEFAULT_VALUE":
        return f"Keep required fields, give new ones a default; or make a new major version, the new file {following}."
    return f"Leave it as it was; or make a new major version, the new file {following}, and keep this one."
