"""What needs a part that the image has not says so."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.compose.stage import leave_out
from tests.parts.deadlines import PATIENCE
from tests.parts.processes import REPOSITORY


@pytest.mark.parametrize(
    ("command", "said"),
    [
        (("demo", "--for", "15"), "the demo's broker is not installed here: run the demo from a checkout"),
        (("migrate",), "install it, or set BEWITHU_CLICKHOUSE__URL to a server"),
    ],
    ids=["demo", "migrate"],
)
def test_a_command_that_needs_an_embedded_part_says_what_to_do(
    command: tuple[str, ...], said: str, tmp_path: Path
) -> None:
    (tmp_path / "image").mkdir()
    leave_out(tmp_path / "image")
    others = {name: value for name, value in os.environ.items() if not name.startswith("BEWITHU_")}
    done = subprocess.run(
        [sys.executable, "-m", "bewithu", *command],
        cwd=tmp_path,
        env={**others, "PYTHONPATH": f"{tmp_path / 'image'}:{REPOSITORY}"},
        capture_output=True,
        text=True,
        check=False,
        timeout=120 * PATIENCE,
    )
    assert done.returncode == 1
    assert said in done.stderr
    assert "Traceback" not in done.stderr
