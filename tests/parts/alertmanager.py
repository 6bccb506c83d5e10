"""Prometheus' Alertmanager, from Debian's package, on 127.0.0.1 alone and without a cluster."""

from __future__ import annotations

import json
import shutil
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.parts.processes import Process, free_port
from tests.parts.ready import start_until_ready
from tests.parts.require import require_part

#: Debian's name of the program; upstream's is without the project's.
PROGRAM = shutil.which("prometheus-alertmanager") or shutil.which("alertmanager")
INSTALL = "Install it, on Debian with: apt-get install prometheus-alertmanager"

# JSON is YAML. Alerts of one rule in one area are told together, at once, and that they are over half a second later.
GROUPING = {
    "group_by": ["alertname", "area"],
    "group_wait": "10ms",
    "group_interval": "500ms",
    "repeat_interval": "1h",
}


@dataclass(slots=True)
class Alertmanager:
    """A running Alertmanager that tells one webhook. Its data, settings and log are in `folder`."""

    folder: Path
    port: int
    process: Process

    @classmethod
    def start(cls, folder: Path, receiver: str, webhook: str, external_url: str) -> Alertmanager:
        """Skips the test (see `require_part`) when the program is missing."""
        require_part("Alertmanager", PROGRAM is not None, INSTALL)
        folder.mkdir(parents=True, exist_ok=True)
        hook = {"url": webhook, "send_resolved": True}
        settings = {
            "route": {"receiver": receiver, **GROUPING},
            "receivers": [{"name": receiver, "webhook_configs": [hook]}],
        }
        (folder / "alertmanager.yml").write_text(json.dumps(settings))
        port = free_port()
        return cls(folder, port, _launch(folder, port, external_url))

    def take(self, alerts: Sequence[Mapping[str, Any]]) -> None:
        """Gives it alerts as Prometheus does."""
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/v2/alerts",
            data=json.dumps(alerts).encode(),
            headers={"Content-Type": "application/json"},
        )
        with urllib.request.urlopen(request, timeout=10) as answer:
            assert answer.status == 200

    def stop(self) -> None:
        self.process.stop()


def _launch(folder: Path, port: int, external_url: str) -> Process:
    assert PROGRAM is not None
    command = [
        PROGRAM,
        f"--config.file={folder / 'alertmanager.yml'}",
        f"--storage.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        f"--web.external-url={external_url}",
        "--web.route-prefix=/",
        "--cluster.listen-address=",
        "--log.level=warn",
    ]
    return start_until_ready("Alertmanager", command, folder, port)
