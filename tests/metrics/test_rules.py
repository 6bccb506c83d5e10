"""The alerting rules: promtool and amtool accept them, and each is tried both where it fires and where it does not."""

from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.metrics.stage import ROOT
from tests.parts.deadlines import PATIENCE
from tests.parts.prometheus import promtool
from tests.parts.require import require_part

PROMETHEUS = ROOT / "dashboards" / "prometheus"
RULES = sorted((PROMETHEUS / "rules").glob("*.yml"))
CASES = sorted((PROMETHEUS / "tests").glob("*.yml"))
ALERTMANAGER = ROOT / "dashboards" / "alertmanager" / "alertmanager.yml"
AMTOOL = shutil.which("amtool")


def alerts() -> list[Mapping[str, Any]]:
    return [
        rule
        for path in RULES
        for group in yaml.safe_load(path.read_text("utf-8"))["groups"]
        for rule in group["rules"]
        if "alert" in rule
    ]


@pytest.mark.parametrize("path", CASES, ids=[path.stem for path in CASES])
def test_rules_do_what_their_cases_say(path: Path) -> None:
    assert "SUCCESS" in promtool("test", "rules", path)


def test_promtool_accepts_rules_and_settings() -> None:
    assert "FAILED" not in promtool("check", "rules", *RULES)
    assert f"{len(RULES)} rule files found" in promtool("check", "config", PROMETHEUS / "prometheus.yml")


def test_every_alert_is_tried_where_it_fires_and_where_it_does_not() -> None:
    fires, rests = set(), set()
    for path in CASES:
        for case in yaml.safe_load(path.read_text("utf-8"))["tests"]:
            told = [
                {name for each in test["exp_samples"] for name in re.findall(r'alertname="(\w+)"', each["labels"])}
                for test in case["promql_expr_test"]
                if "ALERTS" in test["expr"]
            ]  # fmt: skip
            case_fires = set().union(*told)
            fires |= case_fires
            # At another moment of the same case, with the same series.
            rests |= {name for name in case_fires if any(name not in each for each in told)}
    names = {rule["alert"] for rule in alerts()}
    assert (names - fires, names - rests) == (set(), set())


def test_every_alert_tells_how_bad_it_is_what_it_means_and_what_to_do() -> None:
    for rule in alerts():
        assert rule["labels"]["severity"] in {"info", "warning", "critical"}, rule["alert"]
        assert rule["labels"]["service"] == "bewithu", rule["alert"]
        told = rule["annotations"]
        assert told.keys() == {"summary", "description", "runbook_url"}, rule["alert"]
        assert re.fullmatch(r"docs/operations\.md#[a-z-]+", told["runbook_url"]), rule["alert"]
        # What counts what happened within a time is told at once; what is a state must have lasted.
        assert "for" in rule or "increase(" in rule["expr"], rule["alert"]


def test_the_pages_that_alerts_send_to_are_there() -> None:
    """An operator who is woken must find what to do."""
    page = ROOT / "docs" / "operations.md"
    if not page.exists():
        pytest.skip("docs/operations.md is not written yet")
    headings = re.findall(r"^#+ (.+)$", page.read_text("utf-8"), re.M)
    anchors = {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}
    wanted = {rule["annotations"]["runbook_url"].partition("#")[2] for rule in alerts()}
    assert wanted - anchors == set()


def amtool(*arguments: str | Path) -> str:
    hint = "Install it, on Debian with: apt-get install prometheus-alertmanager"
    require_part("amtool", AMTOOL is not None, hint)
    assert AMTOOL is not None
    done = subprocess.run(
        [AMTOOL, *map(str, arguments)], capture_output=True, text=True, timeout=60 * PATIENCE, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_amtool_accepts_alertmanagers_settings_and_every_alert_reaches_the_operator() -> None:
    assert "SUCCESS" in amtool("check-config", ALERTMANAGER)
    for severity in ("info", "warning", "critical"):
        asked = ("config", "routes", "test", f"--config.file={ALERTMANAGER}")
        assert amtool(*asked, "service=bewithu", f"severity={severity}").strip() == "operator"


def test_what_another_alert_explains_is_named_as_the_rules_name_it() -> None:
    names = {rule["alert"] for rule in alerts()}
    assert set(re.findall(r"\bBewithu\w+", ALERTMANAGER.read_text("utf-8"))) <= names
