"""Apicurio Registry, a schema registry that judges compatibility, from its Maven Central archive.

It speaks Confluent's API under `/apis/ccompat/v7`; its database (H2) is a file, so that it survives a restart.
"""

from __future__ import annotations

import shutil
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from tests.parts.deadlines import wait_until
from tests.parts.processes import REPOSITORY, Process, free_port, start_process
from tests.parts.require import require_part

PROGRAM = REPOSITORY / "tests" / "apicurio" / "target" / "app"
FETCH = "Java 17 or later and Maven fetch it: make apicurio"

# A test's registry lives for seconds: the optimising compiler would cost more than it gains.
JVM_OPTIONS = ("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Djava.awt.headless=true")


@dataclass(slots=True)
class Apicurio:
    """A running registry. Its data and log (`apicurio.log`) are in `folder`."""

    folder: Path
    port: int
    process: Process

    @classmethod
    def start(cls, folder: Path) -> Apicurio:
        """Start an empty registry, and return once it answers.

        Skips the test (see `require_part`) when Java or the program is missing.
        """
        present = shutil.which("java") is not None and any(PROGRAM.glob("*-runner.jar"))
        require_part("Apicurio Registry", present, FETCH)
        folder.mkdir(parents=True, exist_ok=True)
        port = free_port()
        return cls(folder, port, _launch(folder, port))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/apis/ccompat/v7"

    def restart(self) -> None:
        """Start again on the same port and data, whether it was stopped or still runs."""
        self.stop()
        self.process = _launch(self.folder, self.port)

    def stop(self) -> None:
        self.process.stop()


def _launch(folder: Path, port: int) -> Process:
    (jar,) = PROGRAM.glob("*-runner.jar")
    settings = {
        "quarkus.http.host": "127.0.0.1",
        "quarkus.http.port": port,
        "apicurio.datasource.url": f"jdbc:h2:file:{folder / 'registry'}",
        "quarkus.log.level": "WARN",
    }
    options = [f"-D{name}={value}" for name, value in settings.items()]
    process = start_process(
        ["java", *JVM_OPTIONS, *options, "-jar", jar], folder / "apicurio.log", folder=folder
    )
    try:
        wait_until(
            lambda: _answers(port),
            60,
            f"Apicurio Registry to answer on port {port}",
            process=process,
            every=0.2,
        )
    except BaseException:
        process.kill()
        raise
    return process


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/apis/ccompat/v7/subjects", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
