"""The Pipeline dashboard asks for metrics that there are, in words that Prometheus knows."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

from dashboards.grafana.pipeline import STATS, TRENDS
from tests.parts.require import require_part

PAGE = Path(__file__).resolve().parents[2] / "docs/metrics.md"
EXPRESSIONS = [
    *(expression for *_, expression in STATS),
    *(expression for *_, lines in TRENDS for expression, _ in lines),
]


def names(expression: str) -> set[str]:
    found = re.findall(r"\b(?:bewithu|process)_\w+", expression)
    return {re.sub(r"_(bucket|sum|count)$", "", name) for name in found}


def test_every_metric_is_on_the_page_of_metrics() -> None:
    require_part("docs/metrics.md", PAGE.exists(), "It lists the workers' metrics.")
    written = set(re.findall(r"`(\w+)`", PAGE.read_text("utf-8")))
    asked = set().union(*map(names, EXPRESSIONS))
    assert len(asked) > 15
    assert asked <= written


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_promtool_reads_every_expression(expression: str, tmp_path: Path) -> None:
    promtool = shutil.which("promtool")
    require_part(
        "promtool", promtool is not None, "Install Prometheus, on Debian with: apt-get install prometheus"
    )
    assert promtool
    rule = {"record": "one:expression", "expr": expression.replace("$__rate_interval", "1m")}
    rules = tmp_path / "rules.yaml"
    rules.write_text(
        f"groups: [{{name: one, rules: [{{record: '{rule['record']}', expr: '{rule['expr']}'}}]}}]\n"
    )
    run = subprocess.run([promtool, "check", "rules", rules], capture_output=True, text=True, check=False)
    assert run.returncode == 0, run.stdout + run.stderr
