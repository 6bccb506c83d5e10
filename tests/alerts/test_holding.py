"""What nobody is told of: silenced, or explained by another alert. It is told later if it still fires, and never if it
is over before."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from alerts.holding import in_force, why_held
from alerts.matching import matches
from schemas.alerting import Silence
from sinks.clickhouse.alert_log import ClickHouseAlertLog
from sinks.clickhouse.database import Database
from sinks.clickhouse.silences import ClickHouseSilences
from tests.alerts.mail_server import Post, new_post, serving
from tests.alerts.samples import LIEGE, NOON, book, coordinator, rule, transition
from tests.alerts.stage import ANN, Stage
from tests.alerts.test_rules import GOOD, refusal
from tests.command_line import CommandLine

HOUR = timedelta(hours=1)


@pytest.fixture
def log(database: Database) -> ClickHouseAlertLog:
    return ClickHouseAlertLog(database)


@pytest.fixture
def post() -> Post:
    return new_post()


def silence(matchers: Mapping[str, str], **changes: Any) -> Silence:
    fields: dict[str, Any] = {
        "id": "s1", "at": NOON, "author": "ann", "reason": "a move is planned", "begins": NOON, "ends": NOON + HOUR,
    }  # fmt: skip
    return Silence(**(fields | {"matchers": matchers} | changes))


@pytest.mark.parametrize(
    ("matchers", "fits"),
    [
        ({}, True),
        ({"rule": "arrivals_high"}, True),
        ({"rule": "arrivals_low"}, False),
        ({"area": LIEGE}, True),
        ({"area": "03000"}, True),
        ({"area": "BE"}, True),
        ({"area": "62063"}, False),
        ({"severity": "warning"}, True),
        ({"severity": "critical"}, False),
        ({"domain": "housing", "area": "03000"}, True),
        ({"domain": "housing", "area": "02000"}, False),
        ({"owner": "anybody"}, False),
    ],
)
def test_a_silence_fits_when_all_that_it_names_is_so(matchers: Mapping[str, str], fits: bool) -> None:
    watched = rule(labels={"domain": "housing"})
    assert matches(matchers, transition(), watched) is fits


def test_a_severity_is_that_of_the_area() -> None:
    watched = rule(overrides={LIEGE: {"severity": "critical"}})
    assert matches({"severity": "critical"}, transition(), watched)
    assert not matches({"severity": "critical"}, transition(area="50000"), watched)


@pytest.mark.parametrize(("after", "held"), [(-1, False), (0, True), (3599, True), (3600, False)])
def test_a_silence_holds_from_its_begin_to_its_end(after: int, held: bool) -> None:
    why = why_held(transition(), rule(), [silence({})], [], NOON + timedelta(seconds=after))
    assert (why is not None) is held
    if why:
        assert why == "silenced by ann until 2022-03-14 12:02 UTC: a move is planned"


@pytest.mark.parametrize(
    ("firing", "why"),
    [
        ([("wider", LIEGE)], "muted, as wider fires in 60000"),
        ([("wider", "03000")], "muted, as wider fires in 03000"),
        ([("wider", "50000")], None),
        ([("other", LIEGE)], None),
        ([], None),
    ],
)
def test_an_alert_here_or_around_mutes_those_that_name_its_rule(
    firing: list[tuple[str, str]], why: str | None
) -> None:
    assert why_held(transition(), rule(muted_by=["wider"]), [], firing, NOON) == why


def test_of_a_silence_that_was_ended_the_end_counts() -> None:
    written = silence({})
    ended = replace(written, at=NOON + HOUR / 2, ends=NOON + HOUR / 2)
    assert in_force([ended, written]) == (ended,)


def test_silences_are_kept_until_they_end(database: Database) -> None:
    silences = ClickHouseSilences(database)
    first, second = silence({"area": LIEGE, "rule": "x"}), silence({}, id="s2", ends=NOON + 9 * HOUR)
    for each in (first, second):
        silences.write(each)
    assert list(silences.written(NOON)) == [first, second]
    assert list(silences.written(NOON + HOUR)) == [second]


async def test_a_silenced_alert_is_told_when_the_silence_ends(log: ClickHouseAlertLog, post: Post) -> None:
    stage = Stage(log, post.port, rules=[rule(for_="0s")], people=book(coordinator(ANN, LIEGE)))
    stage.silences.all = [silence({}, begins=stage.real.now(), ends=stage.real.now() + HOUR)]
    async with serving(post):
        assert (await stage.step(412)).sent == 0
        assert (await stage.step(seconds=1800)).sent == 0
        stage.teller = stage.new_teller()
        assert (await stage.step(seconds=1800)).sent == 1
        assert (await stage.step(10, days=1)).sent == 1
    assert ["ALERT OVER" in subject for subject in post.subjects] == [False, True]


async def test_what_is_over_before_a_silence_ends_is_told_to_nobody(
    log: ClickHouseAlertLog, post: Post
) -> None:
    stage = Stage(log, post.port, rules=[rule(for_="0s")], people=book(coordinator(ANN, LIEGE)))
    stage.silences.all = [silence({}, begins=stage.real.now(), ends=stage.real.now() + HOUR)]
    async with serving(post):
        for value in (412, 10, None, None):
            assert (await stage.step(value, seconds=1500)).sent == 0
        assert (await stage.step(412)).sent == 1
    (note,) = log.notes_about(log.story("arrivals_high", LIEGE)[0].id)
    assert (note.outcome, note.detail.startswith("nobody: silenced by ann until ")) == ("addressed", True)


async def test_that_an_alert_is_over_is_told_though_it_is_silenced(
    log: ClickHouseAlertLog, post: Post
) -> None:
    stage = Stage(log, post.port, rules=[rule(for_="0s")], people=book(coordinator(ANN, LIEGE)))
    async with serving(post):
        assert (await stage.step(412)).sent == 1
        stage.silences.all = [silence({}, begins=stage.real.now(), ends=stage.real.now() + HOUR)]
        assert (await stage.step(10)).sent == 1


async def test_the_wider_alert_is_told_and_mutes_the_others_until_it_is_over(
    log: ClickHouseAlertLog, post: Post
) -> None:
    wide = rule(id="wide", level="region", condition={"above": 300}, for_="0s")
    here = rule(id="here", for_="0s", muted_by=["wide"])
    stage = Stage(log, post.port, rules=[wide, here], people=book(coordinator(ANN, "03000")))
    async with serving(post):
        stage.values.of = {"03000": 400, LIEGE: 200, "50000": 200}
        assert (await stage.step()).sent == 1
        assert (await stage.step()).sent == 0
        # One province gets better before the region does, the other does not.
        stage.values.of["50000"] = 10
        assert (await stage.step()).sent == 0
        stage.values.of["03000"] = 210
        assert (await stage.step()).sent == 2
    assert [subject.split(":")[0] for subject in post.subjects] == [
        "Walloon Region",
        "Province of Liège",
        "Walloon Region",
    ]


def test_rules_that_would_mute_each_other_or_name_none_are_refused(tmp_path: Any) -> None:
    muted = GOOD.replace("severity:", "muted_by: [another]\nseverity:")
    assert "rule.yaml:6: muted_by.0: no rule has the id 'another'" in refusal(tmp_path, muted)
    other = GOOD.replace("arrivals_high", "another").replace(
        "severity:", "muted_by: [arrivals_high]\nseverity:"
    )
    (tmp_path / "another.yaml").write_text(other, "utf-8")
    told = refusal(tmp_path, muted)
    assert (
        "rule.yaml:6: muted_by.0: 'another' is itself muted by 'arrivals_high': nobody would be told of either"
        in told
    )
    itself = GOOD.replace("severity:", "muted_by: [arrivals_high]\nseverity:")
    (tmp_path / "another.yaml").unlink()
    assert "nobody would be told of either" in refusal(tmp_path, itself)


def test_silences_are_added_listed_and_ended_on_the_command_line(
    bewithu: CommandLine, database: Database
) -> None:
    bewithu.read(database)
    added = bewithu(
        "alerts",
        "silence",
        "add",
        "rule=registrations_country",
        "area=BE",
        "--for",
        "2d",
        "--reason",
        "a move",
        "--json",
    )
    assert added.code == 0
    (listed,) = bewithu("alerts", "silence", "list", "--json").document
    assert (listed["id"], listed["matchers"]) == (added.document["id"], "area=BE rule=registrations_country")
    assert datetime.fromisoformat(listed["ends"]) - datetime.fromisoformat(listed["begins"]) == timedelta(
        days=2
    )
    assert bewithu("alerts", "silence", "end", listed["id"]).code == 0
    assert bewithu("alerts", "silence", "list", "--json").document == []
    again = bewithu("alerts", "silence", "end", listed["id"])
    assert again.code == 2
    assert "no silence has the id" in again.err


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (
            ["rule=registration_country"],
            "no rule is 'registration_country' (did you mean 'registrations_country'?)",
        ),
        (["severity=urgent"], "no severity is 'urgent'"),
        (["are=BE"], "nothing has the name 'are' (did you mean 'area'?)"),
        (["domain=houses"], "no domain is 'houses'"),
        (["BE"], "expected NAME=VALUE, as area=62063, got 'BE'"),
        (["area=99999"], "99999"),
        (["area=BE", "--for", "91d"], "at most 90d, got 91d"),
        (["area=BE", "--for", "soon"], "expected a duration"),
    ],
)
def test_a_wrong_silence_is_refused(bewithu: CommandLine, words: list[str], message: str) -> None:
    answer = bewithu("alerts", "silence", "add", "--for", "1d", "--reason", "none", *words)
    assert answer.code == 2
    assert message in " ".join(answer.err.replace("│", " ").split())


async def test_the_list_and_the_story_tell_what_was_held_and_what_was_sent(
    bewithu: CommandLine, database: Database, log: ClickHouseAlertLog, post: Post
) -> None:
    bewithu.read(database)
    watched = rule(id="registrations_country", level="country", for_="0s")
    stage = Stage(log, post.port, rules=[watched], people=book(coordinator(ANN, "BE")))
    now = datetime.now(UTC)
    ClickHouseSilences(database).write(silence({}, begins=now - HOUR, ends=now + HOUR))
    stage.silences.all = [silence({}, begins=stage.real.now(), ends=stage.real.now() + HOUR)]
    async with serving(post):
        stage.values.of = {"BE": 412}
        await stage.step()
        (listed,) = bewithu("alerts", "list", "--json").document
        assert listed["held"].startswith("silenced by ann until")
        stage.silences.all = []
        await stage.step()
    (told,) = bewithu("alerts", "show", "registrations_country", "BE", "--json").document
    assert (told["step"], [(mail["to"], mail["outcome"]) for mail in told["mails"]]) == (
        "firing", [("", "addressed"), (ANN, "sent")]
    )  # fmt: skip
    assert "ann@x.be: sent" in bewithu("alerts", "show", "registrations_country", "BE").out
    assert bewithu("alerts", "show", "registrations_country", "02000").code == 1
