"""The committed versions of the contracts, from git."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from bewithu.errors import BewithuError

#: A git hook sets these for the repository that it runs in, relative to another folder than ours.
_ENVIRONMENT = {
    name: value
    for name, value in os.environ.items()
    if name not in {"GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX"}
}


class NoHistory(BewithuError):
    """There is no git history to compare with; the message says why, and what to do."""


@dataclass(frozen=True, slots=True)
class Version:
    """A file as it was committed first with this content. `day` is the commit's, YYYY-MM-DD."""

    file: str
    commit: str
    day: str
    blob: str

    def __str__(self) -> str:
        return f"{self.commit} ({self.day})"


class History:
    """Of the files in `folder`, which must lie in a git checkout. Raises `NoHistory` where it does not."""

    def __init__(self, folder: Path) -> None:
        git = shutil.which("git")
        if git is None:
            raise NoHistory("git is missing: install it, the contracts are compared with their git history")
        # Only read here, and the one who runs this may be another user than the one who cloned (in CI).
        self._git = [git, "-c", "safe.directory=*", "-c", "core.quotePath=off", "-C", str(folder)]
        self._folder = folder
        if not folder.is_dir():
            raise NoHistory(f"{folder} is no folder: expected the one with the contracts, schemas/avro")
        if not (
            self._run("ls-files", "--", ".", failing="") or self._run("log", "-1", "--", ".", failing="")
        ):
            raise NoHistory(
                f"{folder} is not under git: run this in a checkout of the repository (git clone), "
                "an installed package or an unpacked archive has no history to compare with"
            )

    @property
    def shallow(self) -> bool:
        """Whether older commits were left out when the repository was cloned."""
        return self._run("rev-parse", "--is-shallow-repository").strip() == "true"

    def versions(self, revision: str) -> tuple[Version, ...]:
        """Every content that a file ever had in the history of `revision`, newest first."""
        if not self._run(
            "rev-parse", "--verify", "--quiet", "--end-of-options", f"{revision}^{{commit}}", failing=""
        ):
            raise NoHistory(f"{revision!r} is no commit, branch or tag here: git log shows which there are")
        oldest: dict[tuple[str, str], Version] = {}
        for version in self._log(revision):
            oldest.pop((version.file, version.blob), None)
            oldest[version.file, version.blob] = version
        return tuple(oldest.values())

    def text(self, version: Version) -> str:
        return self._run("cat-file", "blob", version.blob)

    def _log(self, revision: str) -> Iterator[Version]:
        """Newest first; merges against each parent, so that what only a merge made is seen too."""
        words = (
            "--full-history",
            "-m",
            "--raw",
            "--no-renames",
            "--relative",
            "--format=%h %cs",
        )
        commit = day = ""
        for line in self._run("log", *words, revision, "--", ".").splitlines():
            if line.startswith(":"):
                described, _, file = line.partition("\t")
                *_, blob, status = described.split()
                if status != "D" and "/" not in file:
                    yield Version(file, commit, day, blob)
            elif line:
                commit, day = line.split()

    def _run(self, *words: str, failing: str | None = None) -> str:
        """What git prints; `failing` instead where it fails, if given."""
        command = [*self._git, *words]
        done = subprocess.run(command, env=_ENVIRONMENT, capture_output=True, check=False)  # noqa: S603 - our own words
        if done.returncode:
            if failing is not None:
                return failing
            raise NoHistory(
                f"git {words[0]} in {self._folder}: {done.stderr.decode(errors='replace').strip()}"
            )
        return done.stdout.decode("utf-8", "replace")
