"""Law 1 to 3 and 5 while everything that can fail does: a short campaign; `python -m bench chaos` runs long ones."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from tests.chaos.campaign import Campaign
from tests.chaos.faults import Fault
from tests.chaos.stage import stage

SEED = int(os.environ.get("BEWITHU_TEST_SEED", "20220304"))
SECONDS = 28


@pytest.mark.timeout(300)
def test_whatever_is_killed_and_whenever_nothing_is_lost_doubled_or_committed_too_early(
    tmp_path: Path,
) -> None:
    with stage(tmp_path / "stage", SEED) as made:
        campaign = Campaign(made, SEED, tell=print)
        findings = campaign.run(SECONDS)
        print(findings)
    assert not findings.broken, "\n".join([str(findings), *findings.broken])
    for act in ("kill worker", "add worker", "remove worker", "kill broker", "kill clickhouse"):
        assert findings.injected.get(act), f"{act} never happened"
    assert {fault.value for fault in Fault} <= findings.injected.keys()
