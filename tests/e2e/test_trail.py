"""From a mail back to Kafka's offsets: by ids in the worker's log alone, and by what the store has."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.command_line import CommandLine
from tests.e2e.platform import COORDINATORS, Platform
from tests.e2e.test_walk import REGISTRATIONS, event
from tests.parts.deadlines import wait_until

COUNT = 30
Line = Mapping[str, Any]


@pytest.mark.parametrize("platform", ["embedded broker"], indirect=True)
def test_a_mail_leads_back_to_the_offsets_that_it_rests_on(platform: Platform, bewithu: CommandLine) -> None:
    process = platform.start_worker()
    # What an indicator is built from at first has no batches.
    wait_until(
        lambda: platform.rows("SELECT refresh FROM refreshes"), 30, "the first refresh", process=process
    )
    now = datetime.now(UTC)
    with platform.publisher() as publisher:
        for number in range(COUNT):
            publisher.publish(REGISTRATIONS, event(number), now)
        publisher.flush(30)
    wait_until(lambda: len(platform.told()) >= 2, 60, "two mails", process=process)
    mail = platform.told()[0][1]
    wait_until(
        lambda: any(each.get("message_id") == mail for each in log(platform)), 10, "the mail in the log"
    )

    # What an operator does with grep, and nothing but the log.
    lines = log(platform)
    (sent,) = [line for line in lines if line.get("message_id") == mail]
    assert sent["message"].startswith("mail: sent")
    fires = [line for line in lines if [line.get("alert")] == sent["alert"] and "refresh" in line]
    assert "firing" in fires[0]["message"]
    read = fires[0]["refresh"]
    refreshes = [line for line in lines if "batches" in line and line["refresh"] <= read]
    assert any(line["refresh"] == read for line in refreshes)
    batches = {batch for line in refreshes for batch in line["batches"]}
    logged = {
        (line["batch"], line["topic"], line["partition"], line["offsets"])
        for line in lines
        if line.get("batch") in batches
    }
    assert len(logged) == len(batches)

    # The same from the store, which tells exactly which moved the value.
    bewithu.set(CLICKHOUSE__URL=platform.clickhouse_url)
    (found,) = bewithu("alerts", "trace", mail.strip("<>"), "--json").document
    assert ([found["alert"]], found["step"], found["area"]) == (sent["alert"], "firing", "03000")
    assert (found["read"], found["more"]) == (read, False)
    stored = [each for refresh in found["refreshes"] for each in refresh["batches"]]
    assert {
        (each["batch"], each["topic"], each["partition"], f"{each['first_offset']}-{each['last_offset']}")
        for each in stored
    } == logged
    assert {each["topic"] for each in stored} == {REGISTRATIONS}
    assert sum(each["last_offset"] - each["first_offset"] + 1 for each in stored) == COUNT
    assert bewithu("alerts", "trace", found["alert"], "--json").document == [found]
    table = bewithu("alerts", "trace", mail)
    assert table.code == 0
    assert all(each["batch"] in table.out for each in stored)

    unknown = bewithu("alerts", "trace", "nothing@example.invalid")
    assert (unknown.code, unknown.err) == (1, "")
    assert "no mail and no step" in unknown.out

    # No identity: neither a reader's address nor a pseudonym in any line.
    text = (platform.folder / "worker-1.log").read_text("utf-8")
    addresses = [word for word in COORDINATORS.replace(",", " ").split() if "@" in word]
    assert len(addresses) == 4
    assert not [word for word in addresses if word in text]
    assert not [number for number in range(COUNT) if event(number)["person"] in text]


def log(platform: Platform) -> Sequence[Line]:
    """Every line is an object."""
    lines = (platform.folder / "worker-1.log").read_text("utf-8").split("\n")[:-1]
    return [json.loads(line) for line in lines]
