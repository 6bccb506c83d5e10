"""The leader's step, with a real log and a real mail server: every mail once, whatever the server does."""

from __future__ import annotations

import logging
import re
from collections import Counter
from dataclasses import replace
from datetime import timedelta
from functools import partial

import pytest

from alerts import send
from alerts.dispatch import MAILS_PER_STEP
from alerts.send import Sender
from bewithu.settings import Smtp
from sinks.clickhouse.alert_log import ClickHouseAlertLog
from sinks.clickhouse.database import Database
from tests.alerts.mail_server import Post, new_post, serving
from tests.alerts.samples import ARRIVALS, LIEGE, book, coordinator, rule
from tests.alerts.stage import ANN, BO, Stage
from tests.alerts.test_send import answering, silent_after


@pytest.fixture
def log(database: Database) -> ClickHouseAlertLog:
    return ClickHouseAlertLog(database)


@pytest.fixture
def post() -> Post:
    return new_post()


@pytest.fixture
def stage(log: ClickHouseAlertLog, post: Post) -> Stage:
    return Stage(log, post.port)


def kinds(log: ClickHouseAlertLog) -> list[str]:
    return [each.kind for each in reversed(log.recent(100))]


async def test_who_no_longer_leads_leaves_the_other_mails_to_the_next_leader(
    stage: Stage, post: Post
) -> None:
    """As when the group names another leader while a slow server takes many mails."""
    asked: list[bool] = []

    def leads() -> bool:
        asked.append(True)
        return len(asked) == 1

    async with serving(post):
        await stage.step(412)
        stage.teller = stage.new_teller(leads)
        left = await stage.step(412, days=2)
        assert (left.sent, left.waiting) == (1, 1)
        stage.teller = stage.new_teller()
        assert (await stage.step(412, seconds=10)).sent == 1
    assert sorted(address for address, _ in post.taken) == [ANN, BO]


async def test_an_alert_is_told_once_when_it_begins_and_once_when_it_is_over(
    stage: Stage, post: Post
) -> None:
    async with serving(post):
        for value, days in [(100, 0), (412, 1), (412, 1), (412, 1), (412, 1), (412, 1), (90, 1), (90, 1)]:
            await stage.step(value, days, seconds=10)
    assert kinds(stage.log) == ["pending", "firing", "resolved"]
    assert [(address, str(mail["Subject"])) for address, mail in post.taken] == [
        (ANN, "Province of Liège: 412 persons – ALERT: Arrivals in emergency housing, 7 days"),
        (
            BO,
            "Province de Liège\u00a0: 412 personnes – ALERTE\u00a0: Arrivées en hébergement d’urgence, 7 jours",
        ),
        (ANN, "Province of Liège: 90 persons – ALERT OVER: Arrivals in emergency housing, 7 days"),
        (
            BO,
            "Province de Liège\u00a0: 90 personnes – FIN D’ALERTE\u00a0: Arrivées en hébergement d’urgence, 7 jours",
        ),
    ]
    assert len(set(post.ids)) == 4
    assert len({str(mail["References"]) for _, mail in post.taken}) == 1


async def test_a_restart_between_any_two_steps_changes_nothing(stage: Stage, post: Post) -> None:
    async with serving(post):
        for value, days in [(100, 0), (412, 1), (412, 1), (412, 1), (90, 1), (412, 1), (412, 2), (90, 1)]:
            stage.teller = stage.new_teller()
            await stage.step(value, days)
    assert kinds(stage.log) == ["pending", "firing", "resolved"] * 2
    assert len(post.ids) == len(set(post.ids)) == 8
    assert len({str(mail["References"]) for _, mail in post.taken}) == 2


async def test_no_value_and_a_suppressed_one_are_no_news(stage: Stage, post: Post) -> None:
    async with serving(post):
        await stage.step(412)
        stage.values.of[LIEGE] = None
        await stage.step(days=5)
        del stage.values.of[LIEGE]
        report = await stage.step(days=5)
    assert (report.transitions, report.sent, kinds(stage.log)) == ((), 0, ["pending"])


async def test_every_area_of_the_level_has_its_own_alert(log: ClickHouseAlertLog, post: Post) -> None:
    stage = Stage(log, post.port, rules=[rule(for_="0s")])
    stage.values.of = {LIEGE: 412, "90000": 200, "50000": 100, "02000": 999}
    async with serving(post):
        report = await stage.step()
    assert [(each.area, each.value) for each in report.transitions] == [(LIEGE, 412), ("90000", 200)]
    assert [address for address, _ in post.taken] == [ANN, BO]
    assert (
        post.subjects[1]
        == "Province de Liège, Province de Namur – ALERTE : Arrivées en hébergement d’urgence, 7 jours"
    )


async def test_rules_on_the_same_figures_read_them_once(log: ClickHouseAlertLog, post: Post) -> None:
    rules = [rule(id=f"above_{limit}", condition={"above": limit}, for_="0s") for limit in (100, 200, 300)]
    stage = Stage(log, post.port, rules=rules)
    report = await stage.step(250)
    assert [each.rule for each in report.transitions] == ["above_100", "above_200"]
    assert stage.values.asked == 1


async def test_a_server_that_says_not_now_gets_the_mail_again_after_a_pause(stage: Stage, post: Post) -> None:
    await stage.step(412)
    async with serving(post):
        post.to_recipients = ["451 4.7.1 greylisted"]
        first = await stage.step(days=2)
        assert (first.sent, first.put_off, post.asked) == (1, 1, [ANN, BO])
        assert (await stage.step(seconds=0.9)).sent == 0
        assert (await stage.step(seconds=0.1)).sent == 1
        assert (await stage.step(seconds=1000)).sent == 0
    assert post.asked == [ANN, BO, ANN]


async def test_while_the_server_is_away_each_try_waits_longer_and_all_mails_arrive_once_it_is_back(
    stage: Stage, post: Post
) -> None:
    await stage.step(412)
    tries = []
    for second in range(64):
        report = await stage.step(days=2, seconds=1)
        assert report.trouble == ""
        if report.put_off:
            tries.append(second)
    assert tries == [0, 1, 3, 7, 15, 31, 63]
    async with serving(post):
        assert (await stage.step(seconds=64)).sent == 2
        assert (await stage.step(seconds=600)).sent == 0
    assert [address for address, _ in post.taken] == [ANN, BO]
    # Of two mails that wait for the same server, one is tried.
    assert [note.outcome for note in stage.log.notes_about(stage.log.recent(1)[0].id) if note.coordinator == BO] == [
        "queued", *["retry"] * 7, "sending", "sent",
    ]  # fmt: skip


async def test_a_server_that_is_away_for_three_days_ends_in_a_visible_giving_up(
    stage: Stage, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    await stage.step(412)
    await stage.step(days=2)
    await stage.step(seconds=24 * 3600)
    assert [note.outcome for note in stage.log.unfinished()][-1] == "retry"
    with caplog.at_level(logging.WARNING):
        assert (await stage.step(seconds=48 * 3600)).given_up == 2
    assert f"mail given up: not taken for 72 hours, last: mail server 127.0.0.1:{post.port}" in caplog.text
    async with serving(post):
        assert (await stage.step(seconds=600)).sent == 0


async def test_a_server_that_takes_mails_and_never_says_so_gets_each_twice_at_most(
    stage: Stage, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(send, "TIMEOUT_SECONDS", 0.1)
    content: list[bytes] = []
    async with answering(partial(silent_after, content)) as port:
        stage.post = Sender(Smtp(port=port))
        stage.teller = stage.new_teller()
        await stage.step(412)
        await stage.step(days=2)
        for _ in range(50):
            await stage.step(seconds=300)
    given_up = stage.log.undelivered(stage.real.moment - timedelta(days=1))
    assert [(each.reader, each.state, each.tries) for each in given_up] == [
        (ANN, "given up", 2), (BO, "given up", 2)
    ]  # fmt: skip
    ids = Counter(re.findall(rb"Message-ID: (<.*>)", b"".join(content)))
    assert sorted(ids.values()) == [2, 2]


async def test_a_refused_recipient_is_given_up_and_the_others_get_their_mail(
    stage: Stage, post: Post
) -> None:
    post.forever = {ANN: "550 5.1.1 no such user"}
    await stage.step(412)
    async with serving(post):
        report = await stage.step(days=2)
        assert (report.sent, report.given_up) == (1, 1)
        assert (await stage.step(seconds=3600)).given_up == 0
    assert post.asked == [ANN, BO]
    (note,) = [
        note for note in stage.log.notes_about(stage.log.recent(1)[0].id) if note.outcome == "given_up"
    ]
    assert (note.coordinator, note.detail) == (ANN, "550 5.1.1 no such user")


async def test_someone_who_joins_during_an_alert_does_not_hear_that_it_is_over(
    stage: Stage, post: Post
) -> None:
    async with serving(post):
        await stage.step(412)
        await stage.step(days=2)
        people = book(coordinator(ANN, LIEGE), coordinator("new@x.be", LIEGE))
        stage.definitions = replace(stage.definitions, book=people)
        stage.teller = stage.new_teller()
        await stage.step(90, days=1)
        assert [address for address, _ in post.taken] == [ANN, BO, ANN]
        await stage.step(412, days=1)
        await stage.step(days=2)
    assert [address for address, _ in post.taken[3:]] == [ANN, "new@x.be"]


async def test_a_large_alert_leaves_in_portions_so_that_evaluation_goes_on(
    log: ClickHouseAlertLog, post: Post
) -> None:
    people = book(*(coordinator(f"c{number}@x.be", "BE") for number in range(MAILS_PER_STEP + 5)))
    stage = Stage(log, post.port, rules=[rule(for_="0s")], people=people)
    async with serving(post):
        assert [(await stage.step(412)).sent for _ in range(3)] == [MAILS_PER_STEP, 5, 0]
    assert len(set(post.ids)) == MAILS_PER_STEP + 5


async def test_a_mail_that_cannot_be_written_does_not_hold_up_the_others(
    log: ClickHouseAlertLog, post: Post, caplog: pytest.LogCaptureFixture
) -> None:
    rules = [rule(id="a_first", indicator="without_a_name", for_="0s"), rule(id="b_second", for_="0s")]
    nameless = replace(ARRIVALS, id="without_a_name", names={})
    people = book(coordinator(ANN, LIEGE))
    stage = Stage(log, post.port, rules=rules, people=people, indicators=[ARRIVALS, nameless])
    async with serving(post):
        report = await stage.step(412)
    assert (report.sent, report.put_off) == (1, 1)
    assert "cannot be written" in caplog.text


async def test_while_the_store_is_away_the_step_says_so_and_the_next_one_catches_up(
    stage: Stage, post: Post
) -> None:
    async with serving(post):
        await stage.step(412)
        stage.values.away = True
        assert (await stage.step(days=2)).trouble == "ClickHouse is away: connection refused"
        stage.values.away = False
        assert (await stage.step()).sent == 2
