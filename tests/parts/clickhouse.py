"""A ClickHouse that several processes can share, and that a test can kill."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import clickhouse_connect
from clickhouse_connect.driver.client import Client

from tests.parts.authority import Certificate
from tests.parts.clickhouse_http import LOGIN_VARIABLE
from tests.parts.deadlines import wait_until
from tests.parts.processes import Process, answers_tcp, free_port, start_process


@dataclass(slots=True)
class ClickHouse:
    """chdb behind ClickHouse's HTTP interface. Data and log (`clickhouse.log`) are in `folder`."""

    folder: Path
    port: int
    process: Process
    certificate: Certificate | None = None
    login: tuple[str, str] | None = None
    backups: Path | None = None

    @classmethod
    def start(
        cls,
        folder: Path,
        certificate: Certificate | None = None,
        login: tuple[str, str] | None = None,
        backups: Path | None = None,
    ) -> ClickHouse:
        """With a certificate it speaks HTTPS, with a login it answers that user only.

        With a folder for `backups` it has a disk of that name.
        """
        folder.mkdir(parents=True, exist_ok=True)
        port = free_port()
        process = _launch(folder, port, certificate, login, backups)
        return cls(folder, port, process, certificate, login, backups)

    @property
    def data(self) -> Path:
        """What a `chdb://` address names, once this has ended."""
        return self.folder / "data"

    @property
    def host(self) -> str:
        return "127.0.0.1"

    def client(self, **options: Any) -> Client:
        """A new clickhouse-connect client; `options` are those of `clickhouse_connect.get_client`."""
        return clickhouse_connect.get_client(host=self.host, port=self.port, **options)

    def kill(self) -> None:
        """SIGKILL: what the engine had not written is lost."""
        self.process.kill()

    def restart(self) -> None:
        """Start again on the same port and data, whether it was killed, stopped or still runs."""
        self.stop()
        self.process = _launch(self.folder, self.port, self.certificate, self.login, self.backups)

    def stop(self) -> None:
        self.process.stop()


def _launch(
    folder: Path,
    port: int,
    certificate: Certificate | None,
    login: tuple[str, str] | None,
    backups: Path | None,
) -> Process:
    module = "tests.parts.clickhouse_http"
    command = [sys.executable, "-m", module, "--path", str(folder), "--port", str(port)]
    if certificate is not None:
        command += ["--certificate", str(certificate.file), "--key", str(certificate.key)]
        command += ["--clients", str(certificate.clients)] if certificate.clients else []
    command += ["--backups", str(backups)] if backups else []
    environment = {"TZ": "UTC"} | ({LOGIN_VARIABLE: ":".join(login)} if login else {})
    process = start_process(command, folder / "clickhouse.log", environment=environment)
    try:
        wait_until(
            lambda: answers_tcp(port), 60, f"ClickHouse over HTTP to answer on port {port}", process=process
        )
    except BaseException:
        process.kill()
        raise
    return process
