"""Several alerts in one mail: who finds whom, what is sent again as the same mail, and what a crash may do."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import pytest

from alerts.addressing import message_id
from alerts.outbox import Due, due, open_notices
from alerts.routing import Route
from schemas.alerting import MailNote, Outcome, Transition
from sinks.clickhouse.alert_log import ClickHouseAlertLog
from sinks.clickhouse.database import Database
from tests.alerts.mail_server import Post, new_post, serving
from tests.alerts.samples import LIEGE, NOON, book, coordinator, rule, transition
from tests.alerts.stage import ANN, Stage
from tests.alerts.test_crashes import CrashError, Fragile

NAMUR, HAINAUT = "90000", "50000"
RULES = {
    "arrivals_high": rule(),
    "shares_low": rule(id="shares_low", overrides={LIEGE: {"severity": "critical"}}),
}
LIEGE_FIRES, NAMUR_FIRES = transition(), transition(area=NAMUR)
LIEGE_ENDS = transition("resolved", 3)
OTHER_RULE = transition(area=HAINAUT, rule="shares_low", id="other")
LIEGE_CRITICAL = transition(rule="shares_low", id="critical")


def note(about: Transition, outcome: Outcome, seconds: float, mail: str = "") -> MailNote:
    named = mail or message_id([about], ANN, "x.be")
    return MailNote(named, about.id, ANN, outcome, NOON + timedelta(seconds=seconds), outcome)


def decide(
    notes: Sequence[MailNote], seconds: float, routing: Route | None = None, quiet: str | None = None
) -> list[Due]:
    people = book(coordinator(ANN, "BE", quiet_hours=quiet))
    if routing:
        people = people.model_copy(update={"routing": routing})
    about = [LIEGE_FIRES, NAMUR_FIRES, LIEGE_ENDS, OTHER_RULE, LIEGE_CRITICAL]
    return list(due(open_notices(about, notes), people, RULES, NOON + timedelta(seconds=seconds), "x.be"))


def groups(decisions: Sequence[Due]) -> list[tuple[str, list[str]]]:
    return [(each.action, [notice.transition.id for notice in each.notices]) for each in decisions]


def test_alerts_of_one_rule_go_into_one_mail_and_those_of_another_rule_or_kind_do_not() -> None:
    queued = [note(each, "queued", 0) for each in (LIEGE_FIRES, NAMUR_FIRES, OTHER_RULE)]
    assert groups(decide(queued, 1)) == [
        ("send", [NAMUR_FIRES.id, LIEGE_FIRES.id][::-1]),
        ("send", [OTHER_RULE.id]),
    ]
    ends = [*queued[1:2], note(LIEGE_ENDS, "queued", 0)]
    assert groups(decide(ends, 1)) == [("send", [LIEGE_ENDS.id]), ("send", [NAMUR_FIRES.id])]


def test_the_end_of_an_alert_waits_for_the_mail_that_tells_of_its_beginning() -> None:
    queued = [note(each, "queued", 0) for each in (LIEGE_FIRES, NAMUR_FIRES, LIEGE_ENDS)]
    assert groups(decide(queued, 1)) == [
        ("send", [LIEGE_FIRES.id, NAMUR_FIRES.id]),
        ("wait", [LIEGE_ENDS.id]),
    ]


def test_the_first_waits_for_others_from_its_queueing_and_the_last_does_not_prolong_it() -> None:
    routing = Route(group_wait=timedelta(seconds=30))
    queued = [note(LIEGE_FIRES, "queued", 0), note(NAMUR_FIRES, "queued", 29)]
    (waiting,) = decide(queued, 29.9, routing)
    assert (waiting.action, waiting.reason) == ("wait", "others may join it until 11:02:30")
    assert groups(decide(queued, 30, routing)) == [("send", [LIEGE_FIRES.id, NAMUR_FIRES.id])]


@pytest.mark.parametrize("tried", ["retry", "sending"])
def test_what_was_tried_before_quiet_hours_waits_for_their_end_unless_one_of_it_is_critical(
    tried: Outcome,
) -> None:
    # An hour later, by Belgium's clock.
    quiet, an_hour = "12:30-14:00", 3600.0
    routing = Route(group_by=("level",))

    def handed_over(about: Sequence[Transition]) -> list[MailNote]:
        outcomes: list[Outcome] = ["queued", "sending", tried]
        return [
            note(each, outcome, 0, "<both@x.be>")
            for outcome in outcomes[: 2 + (tried == "retry")]
            for each in about
        ]

    (waiting,) = decide(handed_over([LIEGE_FIRES, NAMUR_FIRES]), an_hour, routing, quiet)
    assert (waiting.action, waiting.reason) == ("wait", "quiet hours until 14:00")
    assert decide(handed_over([LIEGE_FIRES, NAMUR_FIRES]), 2 * an_hour, routing, quiet)[0].action == "send"
    with_critical = handed_over([NAMUR_FIRES, LIEGE_CRITICAL])
    assert groups(decide(with_critical, an_hour, routing, quiet)) == [
        ("send", [NAMUR_FIRES.id, LIEGE_CRITICAL.id])
    ]


def test_what_was_handed_over_together_is_handed_over_again_together_and_under_its_id_with_nobody_else() -> (
    None
):
    both = [note(each, "queued", 0) for each in (LIEGE_FIRES, NAMUR_FIRES)]
    both += [note(each, "sending", 1, "<both@x.be>") for each in (LIEGE_FIRES, NAMUR_FIRES)]
    late = [note(OTHER_RULE, "queued", 2)]
    first, second = decide([*both, *late], 200, Route(group_by=(), group_wait=timedelta(0)))
    assert (first.message_id, groups([first])) == (
        "<both@x.be>",
        [("send", [LIEGE_FIRES.id, NAMUR_FIRES.id])],
    )
    assert groups([second]) == [("send", [OTHER_RULE.id])]
    failed = [note(each, "retry", 5, "<both@x.be>") for each in (LIEGE_FIRES, NAMUR_FIRES)]
    assert {each.message_id for each in decide([*both, *failed], 10)} == {"<both@x.be>"}


def test_the_id_of_a_mail_is_that_of_its_alerts_in_whatever_order() -> None:
    ids = {
        message_id(about, ANN, "x.be") for about in ([LIEGE_FIRES, NAMUR_FIRES], [NAMUR_FIRES, LIEGE_FIRES])
    }
    assert len(ids) == 1
    assert message_id([LIEGE_FIRES], ANN, "x.be") not in ids


def test_in_the_morning_comes_one_mail_with_all_that_was_put_off() -> None:
    night = [note(each, "queued", 0) for each in (LIEGE_FIRES, NAMUR_FIRES, OTHER_RULE, LIEGE_ENDS)]
    waiting = decide(night, 60, quiet="12:00-13:00")
    assert {each.reason for each in waiting} == {"quiet hours until 13:00"}
    (morning,) = decide(night, 3600, quiet="12:00-13:00")
    assert morning.action == "send"
    assert {notice.transition.id for notice in morning.notices} == {
        each.id for each in (LIEGE_FIRES, NAMUR_FIRES, OTHER_RULE, LIEGE_ENDS)
    }


# --- on a stage ---


@pytest.fixture
def log(database: Database) -> ClickHouseAlertLog:
    return ClickHouseAlertLog(database)


def three_provinces(log: ClickHouseAlertLog, post: Post, rule_id: str) -> Stage:
    return Stage(log, post.port, [rule(id=rule_id, for_="0s")], book(coordinator(ANN, "BE")))


async def test_twenty_places_with_the_same_trouble_are_one_mail_the_worst_first(
    log: ClickHouseAlertLog,
) -> None:
    post = new_post()
    stage = three_provinces(log, post, "arrivals_high")
    stage.values.of = {LIEGE: 300, NAMUR: 900, HAINAUT: 400}
    async with serving(post):
        assert (await stage.step()).sent == 1
        stage.values.of = dict.fromkeys(stage.values.of, 0)
        assert (await stage.step(days=1)).sent == 1
    fired, over = post.subjects
    assert fired.startswith("Province of Namur, Province of Hainaut and 1 more – ALERT: Arrivals")
    assert "ALERT OVER" in over
    text = post.taken[0][1].get_body(("plain",)).get_content()  # type: ignore[union-attr]
    places = [line for line in text.splitlines() if line.startswith("- Province")]
    assert [line.split(":")[0].removeprefix("- Province of ") for line in places] == [
        "Namur",
        "Hainaut",
        "Liège",
    ]


#: firing; addressed for each of three; sending and sent, each for all three at once; the same for the end.
WRITES = 1 + 3 + 2 + 1 + 3 + 2


@pytest.mark.parametrize("after", [False, True], ids=["before", "after"])
async def test_after_a_crash_at_any_write_every_place_is_told_and_a_repeated_mail_is_the_same(
    log: ClickHouseAlertLog, after: bool
) -> None:
    for write in range(1, WRITES + 1):
        post = new_post()
        stage = three_provinces(log, post, f"rule_{write}")
        broken = Fragile(log, write, after, CrashError)
        stage.log = broken  # type: ignore[assignment]
        stage.teller = stage.new_teller()
        stage.log = log
        crashed = False
        async with serving(post):
            for value, days in ((412, 0), (412, 1), (90, 1), (90, 1)):
                stage.values.of = dict.fromkeys((LIEGE, NAMUR, HAINAUT), value)
                try:
                    await stage.step(days=days, seconds=1)
                except CrashError:
                    crashed = True
                    stage.teller = stage.new_teller()
                    await stage.step()
            for _ in range(3):
                await stage.step(seconds=200)
        assert crashed
        assert list(log.unfinished()) == []
        assert told_of(log, f"rule_{write}") == {
            (area, kind) for area in (LIEGE, NAMUR, HAINAUT) for kind in ("firing", "resolved")
        }
        bodies = {str(mail["Message-ID"]): mail.as_bytes() for _, mail in post.taken}
        assert all(bodies[str(mail["Message-ID"])] == mail.as_bytes() for _, mail in post.taken)
        assert len(post.ids) - len(set(post.ids)) <= 1, f"at write {write}"


def told_of(log: ClickHouseAlertLog, rule_id: str) -> set[tuple[str, str]]:
    return {
        (step.area, step.kind)
        for step in log.recent(10_000)
        if step.rule == rule_id and any(each.outcome == "sent" for each in log.notes_about(step.id))
    }
