"""Prometheus' own programs, which say under `/-/ready` when they answer."""

from __future__ import annotations

import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path

from tests.parts.deadlines import wait_until
from tests.parts.processes import Process, start_process


def start_until_ready(name: str, command: Sequence[str], folder: Path, port: int) -> Process:
    """The program, once it is ready; its log is in `folder`."""
    process = start_process(list(command), folder / f"{name.lower()}.log", folder=folder)
    try:
        wait_until(
            lambda: _is_ready(port), 30, f"{name} to answer on port {port}", process=process, every=0.1
        )
    except BaseException:
        process.kill()
        raise
    return process


def _is_ready(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/-/ready", timeout=2) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, OSError):
        return False
