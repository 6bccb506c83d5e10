"""Prometheus, from Debian's package, on 127.0.0.1 alone; and its promtool."""

from __future__ import annotations

import json
import shutil
import subprocess
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.parts.deadlines import PATIENCE
from tests.parts.processes import Process, free_port
from tests.parts.ready import start_until_ready
from tests.parts.require import require_part

PROGRAM = shutil.which("prometheus")
PROMTOOL = shutil.which("promtool")
INSTALL = "Install it, on Debian with: apt-get install prometheus"

#: Labels without the metric's name, and the value.
Sample = tuple[Mapping[str, str], float]


@dataclass(slots=True)
class Prometheus:
    """A running Prometheus that asks `targets` twice a second. Its data, settings and log are in `folder`."""

    folder: Path
    port: int
    process: Process

    @classmethod
    def start(cls, folder: Path, targets: Sequence[str], rules: Sequence[Path]) -> Prometheus:
        """Skips the test (see `require_part`) when the program is missing."""
        require_part("Prometheus", PROGRAM is not None, INSTALL)
        folder.mkdir(parents=True, exist_ok=True)
        # JSON is YAML.
        settings = {
            "global": {"scrape_interval": "500ms", "scrape_timeout": "500ms", "evaluation_interval": "500ms"},
            "rule_files": [str(each) for each in rules],
            "scrape_configs": [{"job_name": "bewithu", "static_configs": [{"targets": list(targets)}]}],
        }
        (folder / "prometheus.yml").write_text(json.dumps(settings))
        port = free_port()
        return cls(folder, port, _launch(folder, port))

    def query(self, expression: str) -> list[Sample]:
        """What PromQL answers now: a vector."""
        found = self._ask("query", query=expression)["result"]
        return [
            ({name: text for name, text in each["metric"].items() if name != "__name__"}, float(each["value"][1]))
            for each in found
        ]  # fmt: skip

    def value(self, expression: str) -> float | None:
        """The only sample's value; None where there is none."""
        found = self.query(expression)
        assert len(found) < 2, f"{expression} has {len(found)} samples: {found}"
        return found[0][1] if found else None

    def by(self, label: str, expression: str) -> dict[str, float]:
        """Values by that label's."""
        return {labels[label]: value for labels, value in self.query(expression)}

    def rules(self) -> list[Mapping[str, Any]]:
        return [rule for group in self._ask("rules")["groups"] for rule in group["rules"]]

    def stop(self) -> None:
        self.process.stop()

    def _ask(self, path: str, **parameters: str) -> Any:
        asked = urllib.parse.urlencode(parameters)
        with urllib.request.urlopen(
            f"http://127.0.0.1:{self.port}/api/v1/{path}?{asked}", timeout=10
        ) as answer:
            return json.load(answer)["data"]


def promtool(*arguments: str | Path, given: str = "") -> str:
    """What it says; fails with that when it complains."""
    require_part("promtool", PROMTOOL is not None, INSTALL)
    assert PROMTOOL is not None
    done = subprocess.run(
        [PROMTOOL, *map(str, arguments)],
        input=given,
        capture_output=True,
        text=True,
        timeout=120 * PATIENCE,
        check=False,
    )
    said = done.stdout + done.stderr
    assert done.returncode == 0, said
    return said


def _launch(folder: Path, port: int) -> Process:
    assert PROGRAM is not None
    command = [
        PROGRAM,
        f"--config.file={folder / 'prometheus.yml'}",
        f"--storage.tsdb.path={folder / 'data'}",
        f"--web.listen-address=127.0.0.1:{port}",
        "--log.level=warn",
    ]
    return start_until_ready("Prometheus", command, folder, port)
