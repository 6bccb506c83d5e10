"""Starting real programs for a test, and ending them by process id, with their children."""

from __future__ import annotations

import os
import random
import signal
import socket
import subprocess
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, TypeVar

from tests.parts.deadlines import DeadlineMissedError, wait_until

REPOSITORY = Path(__file__).resolve().parents[2]

# Below Linux's ephemeral range (32768 and up): a port that is free while its server is down for a restart
# cannot be taken meanwhile by somebody's outgoing connection.
_PORTS = range(15_000, 32_000)
# A port handed out stays bound here, without listening, until this process ends: other test processes are refused
# it meanwhile, even if its server takes seconds to start. The server itself may bind it, as both set SO_REUSEADDR.
_held: list[socket.socket] = []
# Not the shared generator: hypothesis seeds that, so that several processes would draw the same ports.
_chance = random.SystemRandom()


class Stoppable(Protocol):
    def stop(self) -> None: ...


Part = TypeVar("Part", bound=Stoppable)


@contextmanager
def running(part: Part) -> Iterator[Part]:
    """`with running(ApacheKafka.start(folder)) as kafka:` stops the part at the end, whatever happens."""
    try:
        yield part
    finally:
        part.stop()


def free_port() -> int:
    """A TCP port of 127.0.0.1 on which nobody listens; never the same one twice, in any test process that runs."""
    for _ in range(200):
        port = _chance.choice(_PORTS)
        held = socket.socket()
        try:
            # Only set afterwards: with it, the bind would succeed beside another holder.
            held.bind(("127.0.0.1", port))
        except OSError:
            held.close()
            continue
        held.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        _held.append(held)
        return port
    raise RuntimeError(f"no free port found between {_PORTS.start} and {_PORTS.stop} in 200 tries")


def answers_tcp(port: int) -> bool:
    """Whether something on 127.0.0.1 accepts a connection to `port`."""
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0


@dataclass(frozen=True, slots=True)
class Process:
    """A running program that leads its own process group, with all it prints in `log`."""

    popen: subprocess.Popen[bytes]
    log: Path

    @property
    def pid(self) -> int:
        return self.popen.pid

    @property
    def alive(self) -> bool:
        if self.popen.returncode is not None:
            return False
        # WNOWAIT leaves the ended process to be reaped by kill(): until then no other group can get its id.
        return os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None

    def stop(self, seconds: float = 10) -> None:
        """Ask the group to end, kill what is left after `seconds`. Does nothing the second time."""
        if self.alive:
            os.killpg(self.pid, signal.SIGTERM)
            with suppress(DeadlineMissedError):  # an unwilling process is killed below
                wait_until(lambda: not self.alive, seconds, f"process {self.pid} to end")
        self.kill()

    def kill(self) -> None:
        """SIGKILL to the whole group, as a power cut would; returns when the leader is gone."""
        if self.popen.returncode is None:
            os.killpg(self.pid, signal.SIGKILL)
            self.popen.wait()


def start_process(
    command: Sequence[str | Path],
    log: Path,
    *,
    folder: Path = REPOSITORY,
    environment: Mapping[str, str] | None = None,
) -> Process:
    """Start `command` in `folder`, with `environment` on top of this one; output is appended to `log`."""
    with log.open("ab") as output:
        popen = subprocess.Popen(
            [str(part) for part in command],
            cwd=folder,
            env={**os.environ, **(environment or {})},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    return Process(popen, log)
