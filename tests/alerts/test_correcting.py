"""An alert that rested on wrong data is taken back, once, and one that goes on is told again when its rule says so."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta

import pytest

from schemas.alerting import Acknowledgement, Transition
from sinks.clickhouse.alert_log import ClickHouseAlertLog
from sinks.clickhouse.database import Database
from tests.alerts.mail_server import Post, new_post, serving
from tests.alerts.samples import LIEGE, book, coordinator, rule
from tests.alerts.stage import ANN, BO, TWO, Stage

WITHDRAWN, OVER, CONTINUES = "ALERT WITHDRAWN", "ALERT OVER", "ALERT CONTINUES"


@pytest.fixture
def post() -> Post:
    return new_post()


@pytest.fixture
def stage(database: Database, post: Post) -> Stage:
    people = book(coordinator(ANN, LIEGE))
    return Stage(ClickHouseAlertLog(database), post.port, [rule(for_="0s")], people)


def story(stage: Stage) -> list[str]:
    return [step.kind for step in stage.log.story("arrivals_high", LIEGE)]


def restate(stage: Stage, firing: Transition, value: float | None) -> None:
    """What is known today of the day on which it fired."""
    stage.values.was[LIEGE, firing.day] = value


async def fired(stage: Stage) -> Transition:
    (step,) = (await stage.step(412)).transitions
    assert step.kind == "firing"
    return step


async def test_an_alert_whose_day_was_corrected_is_withdrawn_instead_of_over(
    stage: Stage, post: Post
) -> None:
    async with serving(post):
        firing = await fired(stage)
        restate(stage, firing, 90)
        await stage.step(80, days=1)
        for _ in range(3):
            await stage.step(days=1)
    assert story(stage) == ["firing", "retracted"]
    assert [WITHDRAWN in subject for subject in post.subjects] == [False, True]
    assert "90 persons" in post.subjects[1]
    first, second = (mail for _, mail in post.taken)
    assert first["References"] == second["References"]
    step = stage.log.story("arrivals_high", LIEGE)[-1]
    assert (step.day, step.value, step.since) == (firing.day, 90, firing.since)
    assert step.reason.startswith(
        f"by today's data it would not have fired on {firing.day}: 90 is not above 150"
    )


async def test_an_alert_that_is_over_is_withdrawn_when_its_day_is_corrected_later_and_once(
    stage: Stage, post: Post
) -> None:
    async with serving(post):
        firing = await fired(stage)
        await stage.step(80, days=1)
        assert story(stage) == ["firing", "resolved"]
        restate(stage, firing, 90)
        for _ in range(3):
            stage.teller = stage.new_teller()
            await stage.step(days=1)
        restate(stage, firing, 10)
        await stage.step(days=1)
    assert story(stage) == ["firing", "resolved", "retracted"]
    assert [WITHDRAWN in subject for subject in post.subjects] == [False, False, True]


@pytest.mark.parametrize("value", [412, 200, None], ids=["unchanged", "still beyond", "unknown by now"])
async def test_what_would_fire_again_or_cannot_be_said_is_no_correction(
    stage: Stage, post: Post, value: float | None
) -> None:
    async with serving(post):
        firing = await fired(stage)
        restate(stage, firing, value)
        await stage.step(80, days=1)
        await stage.step(days=1)
    assert story(stage) == ["firing", "resolved"]


async def test_an_alert_of_which_all_was_taken_back_is_withdrawn(stage: Stage, post: Post) -> None:
    async with serving(post):
        firing = await fired(stage)
        stage.values.of[LIEGE] = None
        restate(stage, firing, None)
        stage.values.silent = {(LIEGE, firing.day + timedelta(days=late)) for late in range(3)}
        await stage.step(days=1)
        await stage.step(days=1)
    assert story(stage) == ["firing", "retracted"]
    assert WITHDRAWN in post.subjects[1]
    assert "0 persons" in post.subjects[1]
    # Zeros are drawn as where few are left.
    assert [mail.get_content_type() for mail in post.taken[1][1].walk()].count("image/png") == 1


async def test_a_rule_with_another_threshold_corrects_nothing(stage: Stage, post: Post) -> None:
    async with serving(post):
        await fired(stage)
        stage.definitions = replace(stage.definitions, rules=[rule(for_="0s", condition={"above": 500})])
        stage.teller = stage.new_teller()
        await stage.step(80, days=1)
    assert story(stage) == ["firing", "resolved"]


@pytest.mark.parametrize(
    ("condition", "later", "value", "restated", "end"),
    [
        ({"above": 150}, {"above": 300}, 200, 205, "resolved"),
        ({"above": 150}, {"above": 300}, 200, 90, "retracted"),
        ({"below": 150}, {"below": 50}, 100, 95, "resolved"),
        ({"below": 150}, {"below": 50}, 100, 190, "retracted"),
    ],
)
async def test_a_value_that_was_corrected_a_little_is_still_one_to_fire_on_when_the_rules_threshold_moves(
    database: Database,
    post: Post,
    condition: dict[str, float],
    later: dict[str, float],
    value: float,
    restated: float,
    end: str,
) -> None:
    watched = rule(for_="0s", condition=condition)
    stage = Stage(ClickHouseAlertLog(database), post.port, [watched], book(coordinator(ANN, LIEGE)))
    async with serving(post):
        (firing,) = (await stage.step(value)).transitions
        restate(stage, firing, restated)
        stage.definitions = replace(stage.definitions, rules=[rule(for_="0s", condition=later)])
        stage.teller = stage.new_teller()
        await stage.step(days=1)
    assert story(stage) == ["firing", end]


async def test_a_value_that_falls_below_the_rules_minimum_is_withdrawn_though_it_is_beyond_the_threshold(
    database: Database, post: Post
) -> None:
    watched = rule(for_="0s", minimum={"value": 300})
    stage = Stage(ClickHouseAlertLog(database), post.port, [watched], book(coordinator(ANN, LIEGE)))
    async with serving(post):
        firing = await fired(stage)
        restate(stage, firing, 200)
        await stage.step(80, days=1)
    assert story(stage) == ["firing", "retracted"]


async def test_an_alert_that_is_true_now_is_not_withdrawn(stage: Stage, post: Post) -> None:
    async with serving(post):
        firing = await fired(stage)
        restate(stage, firing, 90)
        await stage.step(412, days=1)
        await stage.step(days=1)
        assert story(stage) == ["firing"]
        await stage.step(80, days=1)
    assert story(stage) == ["firing", "retracted"]


async def test_months_later_nobody_is_written_to(stage: Stage, post: Post) -> None:
    async with serving(post):
        firing = await fired(stage)
        await stage.step(80, days=1)
        restate(stage, firing, 90)
        await stage.step(days=31)
    assert story(stage) == ["firing", "resolved"]


async def test_only_those_who_heard_the_alert_hear_that_it_was_wrong(database: Database, post: Post) -> None:
    stage = Stage(ClickHouseAlertLog(database), post.port, [rule(for_="0s")], book(coordinator(ANN, LIEGE)))
    async with serving(post):
        firing = await fired(stage)
        stage.definitions = replace(stage.definitions, book=TWO)
        stage.teller = stage.new_teller()
        restate(stage, firing, 90)
        await stage.step(80, days=1)
    assert post.asked == [ANN, ANN]
    assert BO not in post.asked


# --- told again ---


async def test_an_alert_that_goes_on_is_told_again_after_each_interval(
    database: Database, post: Post
) -> None:
    watched = rule(for_="0s", repeat_interval="7d")
    stage = Stage(ClickHouseAlertLog(database), post.port, [watched], book(coordinator(ANN, LIEGE)))
    async with serving(post):
        await fired(stage)
        for day in range(1, 15):
            stage.teller = stage.new_teller()
            await stage.step(412 + day, days=1)
        await stage.step(None, days=7, seconds=1)
        await stage.step(80, days=1)
    assert story(stage) == ["firing", "reminded", "reminded", "reminded", "resolved"]
    assert [CONTINUES in subject for subject in post.subjects] == [False, True, True, True, False]
    assert "419 persons" in post.subjects[1]
    assert len({mail["References"] for _, mail in post.taken}) == 1


async def test_an_alert_of_which_nothing_can_be_said_is_not_told_again(
    database: Database, post: Post
) -> None:
    watched = rule(for_="0s", repeat_interval="7d")
    stage = Stage(ClickHouseAlertLog(database), post.port, [watched], book(coordinator(ANN, LIEGE)))
    async with serving(post):
        await fired(stage)
        stage.values.of[LIEGE] = None
        await stage.step(days=8)
    assert story(stage) == ["firing"]
    assert timedelta(days=8) > watched.repeat_interval


async def test_an_alert_that_somebody_looks_after_is_not_told_again_and_its_end_is(
    database: Database, post: Post
) -> None:
    watched = rule(for_="0s", repeat_interval="7d")
    stage = Stage(ClickHouseAlertLog(database), post.port, [watched], book(coordinator(ANN, LIEGE)))
    async with serving(post):
        firing = await fired(stage)
        await stage.step(days=7)
        promise = Acknowledgement("arrivals_high", LIEGE, firing.since, ANN, "", stage.real.now())
        stage.acknowledged.all = [promise]
        await stage.step(days=7)
        await stage.step(80, days=1)
        # The next alert is another one.
        await stage.step(412, days=1)
        await stage.step(days=7)
    assert story(stage) == ["firing", "reminded", "reminded", "resolved", "firing", "reminded"]
    assert [CONTINUES in subject for subject in post.subjects] == [False, True, False, False, True]
    second = stage.log.story("arrivals_high", LIEGE)[2]
    (note,) = stage.log.notes_about(second.id)
    assert note.detail == f"nobody: acknowledged by {ANN}"
