"""A crash, or a store that goes away, at every single write: no mail is lost, and which ones may come twice."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from email.message import EmailMessage

import pytest

from alerts.given import Post as PostOffice
from alerts.given import Sources
from alerts.ports import AlertLog, MailLog
from alerts.send import Delivery, Sender
from alerts.teller import Teller
from bewithu.errors import Unavailable
from bewithu.settings import Smtp
from schemas.alerting import MailNote, Transition
from sinks.clickhouse.alert_log import ClickHouseAlertLog
from sinks.clickhouse.database import Database
from tests.alerts.mail_server import Post, new_post, serving
from tests.alerts.samples import rule
from tests.alerts.stage import ANN, BO, Stage


class CrashError(Exception):
    """Stands for the process being killed: nothing of it goes on."""


class Fragile:
    """Passes everything on to the log, and breaks before or after the write with the chosen number."""

    def __init__(
        self, log: ClickHouseAlertLog, breaks_at: int, after: bool, error: Callable[[], Exception]
    ) -> None:
        self._log, self._breaks_at, self._after, self._error = log, breaks_at, after, error
        self.writes = 0
        self.states = log.states
        self.unaddressed = log.unaddressed
        self.transitions = log.transitions
        self.firings = log.firings
        self.story = log.story
        self.unfinished = log.unfinished
        self.recipients = log.recipients

    def append(self, transitions: Sequence[Transition]) -> None:
        self._write(lambda: self._log.append(transitions))

    def note(self, notes: Sequence[MailNote]) -> None:
        if notes:
            self._write(lambda: self._log.note(notes))

    def _write(self, write: Callable[[], None]) -> None:
        self.writes += 1
        broken = self.writes == self._breaks_at
        if not broken or self._after:
            write()
        if broken:
            raise self._error()


def fits_the_protocols(log: Fragile) -> tuple[AlertLog, MailLog]:
    return log, log


#: pending; firing; addressed and queued; for each of two mails sending and sent; the same again for resolved.
WRITES = 1 + 1 + 1 + 4 + 1 + 1 + 4
HISTORY = [(412, 0), (412, 2), (412, 2), (90, 1), (90, 1)]


async def play(stage: Stage, broken: Fragile) -> bool:
    """The whole history with one breakage; after a crash a new process goes on. Whether it crashed."""
    sources = Sources(
        stage.values, broken, broken, stage.silences, stage.acknowledged, stage.post, stage.hooks
    )
    stage.teller = Teller(sources, stage.definitions, stage.real)
    crashed = False
    for value, days in HISTORY:
        try:
            await stage.step(value, days, seconds=1)
        except CrashError:
            crashed = True
            stage.teller = stage.new_teller()
            await stage.step(value)
    for _ in range(3):
        await stage.step(seconds=200)
    return crashed


@pytest.fixture
def post() -> Post:
    return new_post()


@pytest.fixture
def log(database: Database) -> ClickHouseAlertLog:
    return ClickHouseAlertLog(database)


@pytest.fixture
def stage(log: ClickHouseAlertLog, post: Post) -> Stage:
    return Stage(log, post.port)


def kinds(stage: Stage) -> list[str]:
    """The steps of the stage's own rule; other rules are in the same log."""
    (rule_id,) = [rule.id for rule in stage.definitions.rules]
    return [each.kind for each in reversed(stage.log.recent(1000)) if each.rule == rule_id]


async def test_the_history_has_this_many_writes(stage: Stage, post: Post) -> None:
    broken = Fragile(stage.log, 0, after=False, error=CrashError)
    assert fits_the_protocols(broken)
    async with serving(post):
        assert not await play(stage, broken)
    assert broken.writes == WRITES
    assert len(post.taken) == 4


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_after_a_crash_at_any_write_every_mail_arrives_and_only_an_unnoted_one_twice(
    log: ClickHouseAlertLog, after: bool
) -> None:
    for write in range(1, WRITES + 1):
        # A rule of its own for each, as emptying the database takes longer than the rest of the test.
        post = new_post()
        stage = Stage(log, post.port, rules=[rule(id=f"rule_{write}")])
        async with serving(post):
            assert await play(stage, Fragile(log, write, after, CrashError))
        assert kinds(stage) == ["pending", "firing", "resolved"]
        assert len(set(post.ids)) == 4
        # The server took the mail, and the note of it was the write that failed.
        sent_but_not_noted = not after and write in (5, 7, 11, 13)
        assert len(post.ids) == (5 if sent_but_not_noted else 4), f"at write {write}"
        assert list(log.unfinished()) == []


@pytest.mark.parametrize("after", [False, True], ids=["refused", "taken but not confirmed"])
async def test_a_store_that_goes_away_at_any_write_costs_no_mail_and_doubles_none(
    log: ClickHouseAlertLog, after: bool
) -> None:
    for write in range(1, WRITES + 1):
        post = new_post()
        stage = Stage(log, post.port, rules=[rule(id=f"rule_{write}")])
        broken = Fragile(log, write, after, lambda: Unavailable("ClickHouse", "connection reset"))
        async with serving(post):
            assert not await play(stage, broken)
        assert kinds(stage) == ["pending", "firing", "resolved"]
        assert len(set(post.ids)) == len(post.ids) == 4, f"at write {write}"
        assert list(log.unfinished()) == []


class DyingPost:
    """Hands the first mail over, or not, and dies before it can tell."""

    def __init__(self, post: PostOffice, hands_over: bool) -> None:
        self._post, self._hands_over = post, hands_over

    async def send(self, message: EmailMessage, recipient: str) -> Delivery:
        if self._hands_over:
            await self._post.send(message, recipient)
        raise CrashError


@pytest.mark.parametrize("hands_over", [False, True])
async def test_a_crash_in_the_conversation_with_the_server_repeats_the_mail_once_with_its_id(
    stage: Stage, post: Post, hands_over: bool
) -> None:
    async with serving(post):
        await stage.step(412)
        stage.post = DyingPost(Sender(Smtp(port=post.port)), hands_over)
        stage.teller = stage.new_teller()
        with pytest.raises(CrashError):
            await stage.step(days=2)
        stage.post = Sender(Smtp(port=post.port))
        stage.teller = stage.new_teller()
        # Another leader cannot know that the first one is dead, so it gives it time to note the outcome.
        assert (await stage.step(seconds=60)).sent == 1
        assert (await stage.step(seconds=61)).sent == 1
        assert (await stage.step(seconds=1000)).sent == 0
    assert sorted(address for address, _ in post.taken) == [ANN, ANN, BO] if hands_over else [ANN, BO]
    assert len(set(post.ids)) == 2


async def test_a_worker_that_dies_of_a_mail_each_time_stops_sending_that_mail(
    stage: Stage, post: Post
) -> None:
    async with serving(post):
        await stage.step(412)
        stage.post = DyingPost(Sender(Smtp(port=post.port)), hands_over=True)
        for days in (2, 0):
            stage.teller = stage.new_teller()
            with pytest.raises(CrashError):
                await stage.step(days=days, seconds=130)
        stage.post = Sender(Smtp(port=post.port))
        stage.teller = stage.new_teller()
        report = await stage.step(seconds=130)
    assert (report.sent, report.given_up) == (1, 1)
    assert [address for address, _ in post.taken] == [ANN, ANN, BO]
