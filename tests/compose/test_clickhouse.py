"""What the server of docker-compose.yml keeps of its own doings, and what it tells others of them."""

from __future__ import annotations

from typing import Final
from xml.etree import ElementTree

import pytest

from tests.parts.processes import REPOSITORY

SETTINGS = ElementTree.parse(REPOSITORY / "deploy/clickhouse.xml").getroot()
#: Tables that ClickHouse's own configuration (programs/server/config.xml of its sources) has, and that grow with time
#: or with statements; most are kept for ever there. Left out are those of backups and crashes: rare things.
ENDLESS: Final = (
    "query_log", "query_thread_log", "query_views_log", "query_metric_log", "processors_profile_log", "part_log",
    "metric_log", "asynchronous_metric_log", "latency_log", "error_log", "text_log", "trace_log",
    "opentelemetry_span_log", "background_schedule_pool_log",
)  # fmt: skip


@pytest.mark.parametrize("log", ENDLESS)
def test_what_it_notes_of_itself_is_not_kept_for_ever(log: str) -> None:
    said = SETTINGS.find(log)
    assert said is not None, f"the disk fills with system.{log}"
    assert said.get("remove") == "1" or said.findtext("ttl") == "event_date + INTERVAL 7 DAY DELETE"


@pytest.mark.parametrize("what", ["enabled", "send_logical_errors"])
def test_it_sends_nobody_reports_of_its_crashes(what: str) -> None:
    """By default it does, to its makers."""
    assert SETTINGS.findtext(f"send_crash_reports/{what}") == "false"
