"""The weekly overview: due once a week, sent once to each, also of a week in which nothing happened."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.mail import compose_overview
from alerts.overview import Overview, overview
from alerts.week import Week, Weekly, week_due
from bewithu.clock import BRUSSELS
from schemas.areas import LANGUAGES, Language
from sinks.clickhouse.alert_log import ClickHouseAlertLog
from sinks.clickhouse.database import Database
from tests.alerts.mail_server import Post, new_post, serving
from tests.alerts.samples import ARRIVALS, LIEGE, NOON, book, coordinator, rule, transition
from tests.alerts.stage import ANN, BO, Stage
from tests.alerts.test_mail import SENDER, compare, links_of

MONDAY = date(2022, 3, 14)
MORNING = Weekly()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=BRUSSELS)


@pytest.mark.parametrize(
    ("now", "sent_on"),
    [
        ("2022-03-14 07:59", None),
        ("2022-03-14 08:00", MONDAY),
        ("2022-03-16 07:59", MONDAY),
        ("2022-03-16 08:00", None),
        ("2022-03-20 23:59", None),
        ("2022-03-21 08:00", MONDAY + timedelta(days=7)),
        ("2022-03-28 08:00", date(2022, 3, 28)),
    ],
)
def test_it_is_due_on_its_day_at_its_hour_and_for_two_days(now: str, sent_on: date | None) -> None:
    assert week_due(MORNING, at(now)) == (Week(sent_on) if sent_on else None)
    assert week_due(None, at(now)) is None


@given(st.integers(0, 200_000), st.sampled_from(["monday", "sunday"]))
def test_the_week_that_is_due_has_ended_and_a_later_moment_never_brings_an_earlier_one(
    hour: int, day: str
) -> None:
    weekly = Weekly.model_validate({"day": day, "at": "23:30"})
    now = datetime(2010, 1, 1, tzinfo=UTC) + timedelta(hours=hour)
    week, later = week_due(weekly, now), week_due(weekly, now + timedelta(hours=1))
    if week:
        assert week.ends <= now < week.ends + timedelta(days=4)
        assert Week.of_id(week.id) == week
        assert later is None or later.sent_on >= week.sent_on


def found(language: Language, quiet: bool) -> Overview:
    fires = transition(at=NOON - timedelta(days=3))
    over = transition("resolved", 3, area="90000", at=NOON - timedelta(days=2), value=149.0)
    goes_on = transition(
        "relapsed", 5, area="50000", at=NOON - timedelta(days=20), since=NOON - timedelta(days=30)
    )
    codes = [each.code for each in ARRIVALS.publishers]
    return Overview(
        week=Week(MONDAY),
        coordinator=coordinator("permanence@crisiscentre.example.invalid", "BE", language=language),
        told=[] if quiet else [fires, over],
        going_on=[] if quiet else [goes_on, fires],
        indicators={ARRIVALS.id: ARRIVALS},
        publishers=ARRIVALS.publishers,
        last_heard=dict.fromkeys(codes, NOON) if quiet else {"fedasil": NOON - timedelta(days=9)},
        board="https://bewithu.example.invalid",
        contact="address-book@crisiscentre.example.invalid",
    )  # fmt: skip


@pytest.mark.parametrize("quiet", [True, False], ids=["quiet", "busy"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_overview_is_the_one_that_was_read_and_approved(language: Language, quiet: bool) -> None:
    sent = compose_overview(found(language, quiet), "<id@bewithu.invalid>", SENDER, NOON)
    mail = message_from_bytes(sent.as_bytes(), policy=policy.default)
    assert isinstance(mail, EmailMessage)
    compare(mail, f"week-{'quiet' if quiet else 'busy'}.{language}")
    assert len(links_of(mail, language)) == (2 if quiet else 6)
    assert mail["References"] is None
    assert mail["Auto-Submitted"] == "auto-generated"


def test_an_agency_is_silent_after_a_week_without_a_word() -> None:
    heard = dict.fromkeys(("fedasil", "gov60000"), Week(MONDAY).ends - timedelta(days=7))
    calm = replace(found("en", quiet=True), last_heard=heard)
    assert overview(calm).silent == ()
    later = {**heard, "fedasil": heard["fedasil"] - timedelta(minutes=1)}
    assert [name for name, _ in overview(replace(calm, last_heard=later)).silent] == ["Fedasil"]


# --- on a stage ---


@pytest.fixture
def post() -> Post:
    return new_post()


@pytest.fixture
def stage(database: Database, post: Post) -> Stage:
    people = book(
        coordinator(ANN, LIEGE), coordinator(BO, "02000"), coordinator("no@x.be", "BE", weekly=False)
    )
    stage = Stage(
        ClickHouseAlertLog(database),
        post.port,
        [rule(for_="0s")],
        people.model_copy(update={"weekly": MORNING}),
    )
    stage.now = at("2022-03-10 09:00")
    return stage


async def test_each_gets_it_once_with_what_is_theirs(stage: Stage, post: Post) -> None:
    async with serving(post):
        await stage.step(412)
        assert len(post.taken) == 2
        stage.now = at("2022-03-14 08:00")
        for _ in range(3):
            stage.teller = stage.new_teller()
            await stage.step(days=0.1, seconds=1)
        stage.now = at("2022-03-21 09:00")
        await stage.step(seconds=1)
    weeks = [(reader, mail) for reader, mail in post.taken if "Week of" in str(mail["Subject"])]
    assert [reader for reader, _ in weeks] == [ANN, BO, ANN, BO]
    subjects = [str(mail["Subject"]).partition(" – ")[2] for _, mail in weeks]
    assert subjects == [
        "1 message about alerts, 1 alert goes on, 1 silent agency",
        "1 silent agency",
        "1 alert goes on, 1 silent agency",
        "1 silent agency",
    ]
    assert len({mail["Message-ID"] for _, mail in weeks}) == 4


@pytest.mark.parametrize("value", [412, 10], ids=["told again", "over"])
async def test_what_an_alert_did_between_the_weeks_end_and_the_mail_is_not_of_the_week(
    stage: Stage, post: Post, value: float
) -> None:
    watched = rule(for_="0s", repeat_interval="3d")
    stage.definitions = replace(stage.definitions, rules=[watched])
    stage.teller = stage.new_teller()
    async with serving(post):
        stage.now = at("2022-03-01 09:00")
        await stage.step(412)
        stage.now = at("2022-03-08 09:00")
        await stage.step()
        stage.now = at("2022-03-14 07:00")
        (step,) = (await stage.step(value)).transitions
        assert step.kind == ("reminded" if value > 150 else "resolved")
        stage.now = at("2022-03-14 08:00")
        await stage.step(seconds=1)
    *_, subject = (str(mail["Subject"]) for reader, mail in post.taken if reader == ANN)
    assert subject.endswith("1 message about alerts, 1 alert goes on, 1 silent agency")


async def test_a_week_that_nobody_took_is_tried_again_as_the_same_mail(stage: Stage, post: Post) -> None:
    stage.now = at("2022-03-14 08:00")
    assert (await stage.step()).put_off == 2
    async with serving(post):
        assert (await stage.step(seconds=400)).sent == 2
        assert (await stage.step(seconds=400)).sent == 0
    assert len(set(post.ids)) == 2


async def test_without_a_day_in_the_book_there_is_none(database: Database, post: Post) -> None:
    stage = Stage(ClickHouseAlertLog(database), post.port)
    stage.now = at("2022-03-14 08:00")
    async with serving(post):
        assert (await stage.step()).sent == 0
