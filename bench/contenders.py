"""Runs each contender as a process of its own, and reads what it used."""

from __future__ import annotations

import os
import platform
import shutil
import signal
import subprocess
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from bench.errors import ContenderError, PartMissing
from bench.protocol import Measured, Task, read_marks

REPOSITORY = Path(__file__).resolve().parents[1]
QUIX_STREAMS = "quixstreams[avro]==3.28.1"
SHARED_WITH_QUIX = ("chdb", "clickhouse-connect", "fastavro")

START_UP_SECONDS = 120
SLOWEST_EVENTS_PER_S = 500
LOG_LINES_SHOWN = 30


@dataclass(frozen=True, slots=True)
class Contender:
    """`interpreter()` gives the command that stands for `python`; `module` is run with `-m`."""

    name: str
    module: str
    interpreter: Callable[[], Sequence[str]]


def own_python() -> Sequence[str]:
    return (sys.executable,)


def quix_python() -> Sequence[str]:
    """Quix Streams pins other versions of our libraries, so uv makes it an environment of its own."""
    uv = os.environ.get("UV") or shutil.which("uv")
    if uv is None:
        raise PartMissing("uv is not on PATH; start the benchmark with `uv run python -m bench …`")
    major, minor, _ = platform.python_version_tuple()
    pinned = [f"{package}=={version(package)}" for package in SHARED_WITH_QUIX]
    extras = [word for package in (QUIX_STREAMS, *pinned) for word in ("--with", package)]
    return (uv, "run", "--isolated", "--no-project", "--python", f"{major}.{minor}", *extras, "python")


OURS = Contender("ours", "bench.ours", own_python)
PEERS = (
    Contender("faust", "bench.peers.faust_agent", own_python),
    Contender("quix_streams", "bench.peers.quix", quix_python),
    Contender("hand_loop", "bench.peers.hand_loop", own_python),
)
LIMIT = Contender("limit", "bench.peers.limit", own_python)


def run_contender(contender: Contender, task: Task, log: Path) -> Measured:
    """Start to end of one contender. Raises `ContenderError` unless it stored every event once."""
    command = [*contender.interpreter(), "-m", contender.module, *task.arguments()]
    seconds = START_UP_SECONDS + task.events / SLOWEST_EVENTS_PER_S
    with log.open("wb") as errors:
        process = subprocess.Popen(
            command,
            cwd=REPOSITORY,
            env=_environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            start_new_session=True,
            text=True,
        )
        output = _output(contender, process, seconds, log)
    if process.returncode:
        raise ContenderError(f"{contender.name} ended with exit code {process.returncode}{_end_of(log)}")
    try:
        measured = read_marks(output)
    except ValueError as error:
        raise ContenderError(f"{contender.name}: {error}{_end_of(log)}") from error
    if measured.rows != task.events:
        raise ContenderError(
            f"{contender.name} stored {measured.rows} rows, expected {task.events}{_end_of(log)}"
        )
    return measured


def _output(contender: Contender, process: subprocess.Popen[str], seconds: float, log: Path) -> str:
    try:
        output, _ = process.communicate(timeout=seconds)
    except subprocess.TimeoutExpired as error:
        raise ContenderError(f"{contender.name} was not done after {seconds:.0f} s{_end_of(log)}") from error
    finally:
        # Its session is its own: nobody else ends it when we are interrupted.
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
    return output


def _environment() -> Mapping[str, str]:
    return {name: value for name, value in os.environ.items() if name != "VIRTUAL_ENV"}


def _end_of(log: Path) -> str:
    lines = log.read_text(errors="replace").splitlines()[-LOG_LINES_SHOWN:]
    return "\n".join(["; the end of its log:", *lines]) if lines else "; it logged nothing"
