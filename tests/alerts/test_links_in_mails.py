"""The links that the teller puts into mails: each coordinator's own, only while there is something to do."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from email.message import EmailMessage
from urllib.parse import parse_qs, urlsplit

import pytest
from pydantic import SecretStr

from alerts.links import VALID_FOR, Action, read
from sinks.clickhouse.alert_log import ClickHouseAlertLog
from sinks.clickhouse.database import Database
from tests.alerts.mail_server import new_post, serving
from tests.alerts.samples import rule
from tests.alerts.stage import ANN, BO, Stage

KEY = SecretStr("0123456789abcdef" * 2)


def tokens(mail: EmailMessage) -> list[str]:
    part = mail.get_body(("plain",))
    assert part is not None
    addresses = re.findall(r"^http://board/act\?\S+", str(part.get_content()), re.MULTILINE)
    return [parse_qs(urlsplit(address).query)["token"][0] for address in addresses]


@pytest.mark.parametrize("key", [KEY, None], ids=["key", "no key"])
async def test_each_coordinator_gets_their_own_links_while_it_fires(
    database: Database, key: SecretStr | None
) -> None:
    post = new_post()
    stage = Stage(ClickHouseAlertLog(database), post.port, rules=[rule(for_="0s")])
    stage.definitions = replace(stage.definitions, link_key=key)
    stage.teller = stage.new_teller()
    async with serving(post):
        await stage.step(412)
        await stage.step(10)
    firing, over = post.taken[:2], post.taken[2:]
    assert [address for address, _ in firing] == [address for address, _ in over] == [ANN, BO]
    assert [tokens(mail) for _, mail in over] == [[], []]
    if key is None:
        assert [tokens(mail) for _, mail in firing] == [[], []]
        return
    (step,) = [each for each in stage.log.recent(9) if each.kind == "firing"]
    expires = stage.real.now() + VALID_FOR
    for address, mail in firing:
        assert [read(token, key, stage.real.now()) for token in tokens(mail)] == [
            Action("acknowledge", step.rule, step.area, step.since, address, expires),
            Action("silence", step.rule, step.area, step.since, address, expires),
        ]


async def test_a_mail_that_leaves_late_is_the_mail_that_was_queued(database: Database) -> None:
    """So that a second sending is recognised: its links expire two weeks after it was queued, too."""
    post = new_post()
    stage = Stage(ClickHouseAlertLog(database), post.port, rules=[rule(for_="0s")])
    stage.definitions = replace(stage.definitions, link_key=KEY)
    stage.teller = stage.new_teller()
    queued = stage.real.now()
    assert (await stage.step(412)).put_off == 2  # nobody answers
    async with serving(post):
        await stage.step(seconds=24 * 3600)
        await stage.step(seconds=24 * 3600)
    assert {address for address, _ in post.taken} == {ANN, BO}
    for _, mail in post.taken:
        assert len(tokens(mail)) == 2
        for token in tokens(mail):
            action = read(token, KEY, queued)
            assert isinstance(action, Action)
            assert action.expires == queued + timedelta(days=14)
