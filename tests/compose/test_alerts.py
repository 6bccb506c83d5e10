"""What Prometheus' rules assume of docker-compose.yml is so there."""

from __future__ import annotations

import re

import yaml

from tests.compose.compose_file import DEMO, load, text
from tests.compose.test_services import mebibytes

WORKER = load(DEMO).services["worker"].document


def expression(alert: str) -> str:
    groups = yaml.safe_load(text("dashboards/prometheus/rules/workers.yml"))["groups"]
    (found,) = [rule["expr"] for group in groups for rule in group["rules"] if rule.get("alert") == alert]
    return str(found)


def test_much_memory_is_told_before_a_worker_is_ended_for_it() -> None:
    found = re.search(r"> ([\d.]+) \* 1024 \^ 3$", expression("BewithuMemoryHigh"))
    assert found
    told = float(found[1]) * 1024
    # What it keeps in memory as files is not the process', and counts against the same limit.
    files = sum(mebibytes(size) for each in WORKER["tmpfs"] for size in re.findall(r"size=(\d+[mg])", each))
    assert told + files <= 0.8 * mebibytes(WORKER["mem_limit"])


def test_a_worker_less_than_there_should_be_is_told() -> None:
    found = re.search(r"== 1\) < (\d+)", expression("BewithuWorkerMissing"))
    assert found
    assert int(found[1]) == WORKER["deploy"]["replicas"]
