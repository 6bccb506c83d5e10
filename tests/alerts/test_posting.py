"""Webhooks through the same outbox as mails: each alert on its own, and neither waits for the other."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

import pytest
from aiohttp import web

from alerts.address_book import AddressBook, Webhook
from sinks.clickhouse.alert_log import ClickHouseAlertLog
from sinks.clickhouse.database import Database
from tests.alerts.mail_server import Post, new_post, serving
from tests.alerts.samples import LIEGE, book, coordinator, rule
from tests.alerts.stage import ANN, Stage
from tests.parts.processes import running
from tests.parts.receiver import Receiver

NAMUR = "90000"


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with running(Receiver()) as made:
        made.start()
        yield made


@pytest.fixture
def post() -> Post:
    return new_post()


def people(receiver: Receiver) -> AddressBook:
    hook = Webhook(name="dispatch", url=receiver.url, areas=("BE",))
    return book(coordinator(ANN, "BE")).model_copy(update={"webhooks": (hook,)})


@pytest.fixture
def stage(database: Database, post: Post, receiver: Receiver) -> Stage:
    watched = rule(for_="0s", repeat_interval="7d")
    return Stage(ClickHouseAlertLog(database), post.port, [watched], people(receiver))


def statuses(receiver: Receiver) -> list[tuple[str, str]]:
    return [
        (alert["labels"]["area"], alert["status"])
        for each in receiver.posted
        for alert in each.body["alerts"]
    ]


async def answer(status: int) -> web.Response:
    return web.Response(status=status)


async def test_each_alert_is_posted_on_its_own_and_mailed_with_the_others(
    stage: Stage, post: Post, receiver: Receiver
) -> None:
    stage.values.of = {LIEGE: 412, NAMUR: 300}
    async with serving(post):
        assert (await stage.step()).sent == 3
        assert (await stage.step(days=7)).sent == 3
        stage.values.of = {LIEGE: 0, NAMUR: 0}
        assert (await stage.step(days=1)).sent == 3
    assert len(post.taken) == 3
    assert statuses(receiver) == [
        (area, status) for status in ("firing", "firing", "resolved") for area in (LIEGE, NAMUR)
    ]
    assert len({each.body["alerts"][0]["fingerprint"] for each in receiver.posted}) == 2


async def test_an_alert_that_was_wrong_is_over_for_a_webhook(
    stage: Stage, post: Post, receiver: Receiver
) -> None:
    async with serving(post):
        (firing,) = (await stage.step(412)).transitions
        stage.values.was[LIEGE, firing.day] = 90
        await stage.step(80, days=1)
    assert [step.kind for step in stage.log.story("arrivals_high", LIEGE)] == ["firing", "retracted"]
    assert statuses(receiver) == [(LIEGE, "firing"), (LIEGE, "resolved")]


async def test_a_webhook_that_is_away_keeps_no_mail_and_gets_all_in_order_when_it_is_back(
    stage: Stage, post: Post, receiver: Receiver
) -> None:
    receiver.stop()
    stage.values.of = {LIEGE: 412, NAMUR: 300}
    async with serving(post):
        report = await stage.step()
        assert (report.sent, report.put_off, len(post.taken)) == (1, 2, 1)
        stage.values.of = {LIEGE: 0, NAMUR: 0}
        assert (await stage.step(days=1)).sent == 1
        receiver.start()
        for _ in range(3):
            await stage.step(seconds=10)
    assert statuses(receiver) == [
        (area, status) for status in ("firing", "resolved") for area in (LIEGE, NAMUR)
    ]


async def test_a_mail_server_that_is_away_keeps_no_post(stage: Stage, receiver: Receiver) -> None:
    report = await stage.step(412)
    assert (report.sent, report.put_off) == (1, 1)
    assert statuses(receiver) == [(LIEGE, "firing")]


async def test_a_refusal_for_good_ends_it_and_the_log_says_so(
    stage: Stage, post: Post, receiver: Receiver
) -> None:
    receiver.answers.append(lambda request: answer(410))
    async with serving(post):
        report = await stage.step(412)
        await stage.step(seconds=1000)
    assert (report.sent, report.given_up, len(receiver.posted)) == (1, 1, 1)
    (step,) = stage.log.story("arrivals_high", LIEGE)
    last = [note for note in stage.log.notes_about(step.id) if note.coordinator == "webhook:dispatch"][-1]
    assert (last.outcome, last.detail) == ("given_up", "webhook dispatch: 410 Gone")


async def test_a_webhook_that_left_the_book_is_given_up(stage: Stage, post: Post, receiver: Receiver) -> None:
    receiver.answers.append(lambda request: answer(503))
    async with serving(post):
        assert (await stage.step(412)).put_off == 1
        stage.definitions = replace(stage.definitions, book=book(coordinator(ANN, "BE")))
        stage.teller = stage.new_teller()
        assert (await stage.step(seconds=60)).given_up == 1
