"""The service `board` of docker-compose.yml: HAProxy with the settings of deploy/haproxy.cfg, on loopback."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.compose.name_server import NameServer
from tests.parts.processes import REPOSITORY, free_port, running, start_process
from tests.parts.require import require_part

#: Of the two replicas of the worker.
WORKERS = ("127.0.0.2", "127.0.0.3")
PROGRAM = shutil.which("haproxy")
INSTALL = "Install it, on Debian with: apt-get install haproxy"


@contextmanager
def proxy(folder: Path, port_of_workers: int) -> Iterator[int]:
    """Finds the workers by name; yields its port. Its log is `haproxy.log` in `folder`."""
    require_part("HAProxy", PROGRAM is not None, INSTALL)
    assert PROGRAM is not None
    port = free_port()
    with running(NameServer(WORKERS)) as names:
        moves = {
            "127.0.0.11:53": f"127.0.0.1:{names.port}",
            "bind :8080": f"bind 127.0.0.1:{port}",
            "worker:8080": f"worker:{port_of_workers}",
        }
        settings = folder / "haproxy.cfg"
        settings.write_text(_moved(moves))
        with running(start_process([PROGRAM, "-db", "-f", settings], folder / "haproxy.log", folder=folder)):
            yield port


def _moved(moves: dict[str, str]) -> str:
    text = (REPOSITORY / "deploy/haproxy.cfg").read_text("utf-8")
    for old, new in moves.items():
        assert old in text
        text = text.replace(old, new)
    return text
