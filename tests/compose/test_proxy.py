"""Whoever reads the board gets the worker that can show most, and nothing that is not for them."""

from __future__ import annotations

import threading
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.error import HTTPError

import pytest

from tests.compose.proxy import WORKERS, proxy
from tests.parts.deadlines import wait_until
from tests.parts.processes import free_port

TOKEN = "a-signed-link"


@dataclass
class Worker:
    """Answers as a worker does, with its address for a page."""

    host: str
    port: int
    ready: bool = True
    live: bool = True

    def __post_init__(self) -> None:
        worker = self

        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                well = {"/health/ready": worker.ready, "/health/live": worker.live}.get(self.path, True)
                self.send_response(200 if well else 503)
                self.end_headers()
                self.wfile.write(worker.host.encode())

            def log_message(self, *_: object) -> None:
                pass

        self.server = ThreadingHTTPServer((self.host, self.port), Handler)
        self.thread = threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True)
        self.thread.start()

    def stop(self) -> None:
        self.server.shutdown()
        self.server.server_close()
        self.thread.join(10)


@pytest.fixture
def workers() -> Iterator[list[Worker]]:
    port = free_port()
    made = [Worker(host, port) for host in WORKERS]
    yield made
    for worker in made:
        worker.stop()


def shown_by(port: int) -> str:
    """Which worker answers; "" where none does."""
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/act?token={TOKEN}", timeout=10) as answer:
            return str(answer.read().decode())
    except OSError:
        return ""


def test_who_is_ready_shows_the_board_else_who_lives_and_each_is_asked_again(
    workers: list[Worker], tmp_path: Path
) -> None:
    first, second = workers

    def shown_by_all_of(*expected: Worker) -> bool:
        return {shown_by(front) for _ in range(6)} == {worker.host for worker in expected}

    with proxy(tmp_path, first.port) as front:
        wait_until(lambda: shown_by_all_of(first, second), 20, "both to take turns", every=0.1)
        # The first loses a part that it needs; nothing is told to whoever reads.
        first.ready = False
        wait_until(lambda: shown_by_all_of(second), 20, "only the second", every=0.1)
        # Both lose it, as when Kafka is away: what is stored is still shown, by a worker that makes progress.
        second.ready, second.live = False, False
        wait_until(lambda: shown_by_all_of(first), 20, "the first, which lives", every=0.1)
        first.ready = second.ready = second.live = True
        wait_until(lambda: shown_by_all_of(first, second), 20, "both again", every=0.1)

        for spelt in ("/metrics", "/metrics?name=x", "/%6Detrics", "/m%65trics?x"):
            with pytest.raises(HTTPError, match="404"):
                urllib.request.urlopen(f"http://127.0.0.1:{front}{spelt}", timeout=10)
    log = (tmp_path / "haproxy.log").read_text("utf-8")
    assert "DOWN" in log
    assert TOKEN not in log, "whoever reads the log could follow the link"
