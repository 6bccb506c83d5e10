"""A backtest over a period is what the live evaluator did in it, on what was known then and not on what is known."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from alerts.backtest import Moment, backtest, panel_then
from alerts.backtest_corrections import MOST_ALERTS, are_too_many, corrected
from alerts.backtest_report import firing_by_month, summary
from alerts.given import Definitions, Sources
from alerts.judging import is_provisional, judged_day
from alerts.rules import Rule
from alerts.teller import Teller
from alerts.varied import variants
from bewithu.fitting.alerting import KnownHistory, PublishedReadings, indicator_texts
from schemas.alerting import Transition
from schemas.areas import Level, covering
from sinks.clickhouse.acknowledgements import ClickHouseAcknowledgements
from sinks.clickhouse.alert_log import ClickHouseAlertLog
from sinks.clickhouse.bookkeeping import Bookkeeping
from sinks.clickhouse.changes import Changes
from sinks.clickhouse.database import Database
from sinks.clickhouse.known_then import KnownThen
from sinks.clickhouse.published import PublishedValues
from sinks.clickhouse.silences import ClickHouseSilences
from tests.alerts.samples import book, coordinator, rule
from tests.command_line import Answer, CommandLine
from tests.events import Message, Platform, person, registration
from tests.test_published_readings import INDICATORS

FIRST = datetime(2025, 3, 3, 12, tzinfo=UTC)
ANN, BO = coordinator("ann@x.be", "62063"), coordinator("bo@x.be", "BE", severities=["critical"])
BOOK = book(ANN, BO)


class Nobody:
    """No mail leaves: nobody is in the address book of the live evaluator."""

    async def send(self, message: object, recipient: str) -> None:
        raise AssertionError("nobody is to be told")


def send_together(platform: Platform, messages: Sequence[Message]) -> None:
    topic = messages[0].topic
    platform.take(topic, 0, [platform.registry.wire(message) for message in messages])


def words(answer: Answer) -> str:
    """What the frame around an error wraps, in one line."""
    return " ".join(answer.err.replace("│", " ").split())


def influx(day: int, persons: int, first: int) -> list[Message]:
    """Certificates in Liège, on a day counted from the first."""
    moment = FIRST + timedelta(days=day)
    return [registration(person(first + number), moment) for number in range(persons)]


RULES = (
    rule(
        id="many", indicator="registrations_7d", level="province", condition={"above": 40, "clear": 25},
        for_="1d", keep_firing_for="2d", provisional=True,
    ),
    rule(
        id="sudden", indicator="registrations_7d", level="province", condition={"rise": 12, "over": "7d"},
        for_="0s", provisional=True, overrides={"10000": {"off": True}},
    ),
    rule(
        id="seasonal", indicator="registrations_7d", level="country", condition={"spike": 4, "weeks": 4}, for_="0s",
    ),
)  # fmt: skip


async def live(database: Database) -> tuple[list[Moment], Sequence[Transition]]:
    """Fifty days on which events come, some late and some taken back; rules are evaluated on every morning."""
    platform = Platform(database, INDICATORS)
    published = PublishedValues(database, INDICATORS, platform.clock)
    readings, log = (
        PublishedReadings(published, Bookkeeping(database), Changes(database), INDICATORS),
        ClickHouseAlertLog(database),
    )
    away = book(coordinator("away@x.be", "10000", severities=["info"]))
    definitions = Definitions(RULES, away, indicator_texts(INDICATORS), "http://board", "bewithu <a@x.be>")
    teller = Teller(
        Sources(
            readings,
            log,
            log,
            ClickHouseSilences(database),
            ClickHouseAcknowledgements(database),
            Nobody(),
            Nobody(),
        ),
        definitions,
        platform.clock,
    )
    moments, first = [], 0
    wave = influx(30, 30, 5_000)
    # All that is ever heard of Antwerp.
    false = [message.changed(municipality="11002") for message in influx(35, 50, 6_000)]
    for day in range(50):
        platform.clock.moment = FIRST + timedelta(days=day, hours=12)
        new = influx(day, 2 + day % 3, first)
        first += len(new)
        if day in (20, 21):
            new += influx(day, 15, 2_000 + 100 * day)
        # A wave that is heard of five days late, and taken back after a week.
        if day == 35:
            new += [*wave, *false]
        if day == 42:
            new += [message.changed(revision=1, cancelled=True) for message in [*wave, *false]]
        send_together(platform, new)
        platform.refresh()
        platform.clock.moment = FIRST + timedelta(days=day, hours=20)
        await teller.step(platform.clock.now())
        moments.append(platform.clock.now())
    return moments, log.recent(10_000)


def moments_of(watched: Rule, times: Sequence[datetime]) -> list[Moment]:
    delay = INDICATORS[watched.indicator].usual_delay_days
    days = [judged_day(watched, {watched.indicator: delay}, time) for time in times]
    return [
        Moment(time, day, is_provisional(day, delay, time)) for time, day in zip(times, days, strict=True)
    ]


async def test_it_takes_the_steps_that_were_taken(database: Database) -> None:
    times, taken = await live(database)
    history = KnownHistory(KnownThen(database, INDICATORS), INDICATORS)
    for watched in RULES:
        moments = moments_of(watched, times)
        codes = [area.code for area in covering(watched.level)]
        steps = list(backtest(watched, codes, moments, panel_then([watched], codes, moments, history)))
        delays = {watched.indicator: INDICATORS[watched.indicator].usual_delay_days}
        found = corrected(watched, steps, moments, delays, history)
        expected = [each for each in taken if each.rule == watched.id]
        assert sorted(found, key=lambda each: (each.area, each.number)) == sorted(
            expected, key=lambda each: (each.area, each.number)
        )
        assert {each.kind for each in found} >= {"firing", "resolved"}
    kinds = [each.kind for each in sorted(taken, key=lambda each: each.number) if each.rule == "many"]
    assert {"pending", "recovering", "retracted"} <= set(kinds)
    antwerp = [(each.number, each.kind) for each in taken if (each.rule, each.area) == ("many", "10000")]
    assert [kind for _, kind in sorted(antwerp)] == ["pending", "firing", "recovering", "retracted"]


def steps_of(watched: Rule, level: Level = Level.MUNICIPALITY) -> list[Transition]:
    """Made-up steps of two areas."""

    def step(area: str, number: int, kind: str, day: int) -> Transition:
        at = FIRST + timedelta(days=day)
        return Transition(
            f"{area}{number}",
            watched.id,
            area,
            number,
            kind,
            at,
            at,
            watched.indicator,
            at.date(),
            30,
            20,
            True,
            "",
        )  # type: ignore[arg-type]

    return [
        step("11002", 1, "firing", 40),
        step("62063", 1, "pending", 0),
        step("62063", 2, "firing", 1),
        step("62063", 3, "recovering", 3),
        step("62063", 4, "resolved", 5),
        step("62063", 5, "firing", 100),
        step("62063", 6, "resolved", 102),
    ]


def test_an_alert_that_is_taken_back_is_withdrawn_in_place_of_its_end_or_after_it() -> None:
    watched = rule(level="municipality")
    steps = steps_of(watched)
    (last,) = [step for step in steps if step.kind == "resolved"][-1:]
    instead = [replace(step, kind="retracted") if step is last else step for step in steps]
    after = [*steps, replace(last, kind="retracted", number=last.number + 1, at=last.at + timedelta(days=1))]
    for taken in (instead, after):
        found = summary(watched, sorted(taken, key=lambda step: (step.area, step.number)), BOOK, last.at)
        assert found.withdrawn == 1
        assert [alarm.ended for alarm in found.alarms if alarm.withdrawn] == [last.at]
    assert summary(watched, steps, BOOK, last.at).withdrawn == 0
    assert summary(watched, steps, BOOK, last.at, is_corrected=False).withdrawn is None


def test_of_very_many_alerts_none_is_looked_at_again() -> None:
    (ended,) = [step for step in steps_of(rule(level="municipality")) if step.kind == "resolved"][-1:]
    assert not are_too_many([ended] * MOST_ALERTS)
    assert are_too_many([ended] * (MOST_ALERTS + 1))


def test_alerts_are_counted_with_their_length_and_the_mails_that_each_would_get() -> None:
    watched = rule(level="municipality", overrides={"62063": {"severity": "critical"}})
    found = summary(watched, steps_of(watched), BOOK, FIRST + timedelta(days=50))
    assert [(alarm.area, alarm.ended is None) for alarm in found.alarms] == [
        ("62063", False), ("11002", True), ("62063", False)
    ]  # fmt: skip
    assert (found.areas, found.days) == (2, 4)
    # Bo hears of what is critical alone, which it is in Liège.
    assert found.mails == {"ann@x.be": 4, "bo@x.be": 4}
    assert firing_by_month(found.alarms) == {"2025-03": 1, "2025-04": 1, "2025-05": 0, "2025-06": 1}


@pytest.mark.parametrize(
    ("how", "labels"),
    [
        ("threshold=100:200:50", ["threshold=100", "threshold=150", "threshold=200"]),
        ("above=0.1:0.3:0.1", ["above=0.1", "above=0.2", "above=0.3"]),
        ("for=1d:3d:1d", ["for=1d", "for=2d", "for=3d"]),
        ("keep_firing_for=0s:12h:6h", ["keep_firing_for=0s", "keep_firing_for=6h", "keep_firing_for=12h"]),
        ("threshold=5:5:1", ["threshold=5"]),
    ],
)
def test_a_number_of_a_rule_is_varied(how: str, labels: list[str]) -> None:
    found = list(variants(rule(), how))
    assert [variant.label for variant in found] == labels
    assert len({variant.rule.model_dump_json() for variant in found}) == len(found)


@pytest.mark.parametrize(
    ("how", "message"),
    [
        ("threshold", "expected FIELD=FROM:TO:STEP, as threshold=10:50:5, got 'threshold'"),
        ("threshold=1:2", "expected FIELD=FROM:TO:STEP"),
        ("threshold=a:b:c", "expected three numbers, got 'a:b:c'"),
        ("threshold=1:2:0", "that ascends in at most 100 steps"),
        ("threshold=1:1000:1", "that ascends in at most 100 steps"),
        ("abov=1:2:1", r"no number 'abov' to vary \(did you mean 'above'\?\)"),
        (
            "severity=1:2:1",
            "no number 'severity' to vary; expected one of above, for, keep_firing_for, threshold",
        ),
        ("for=1:2:1", "expected a duration"),
    ],
)
def test_a_wrong_variation_is_refused(how: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        list(variants(rule(), how))


async def test_the_command_tells_alerts_mails_and_alternatives(
    database: Database, bewithu: CommandLine
) -> None:
    bewithu.read(database)
    platform = Platform(database, INDICATORS)
    for day in range(10):
        platform.clock.moment = FIRST + timedelta(days=day, hours=8)
        send_together(platform, influx(day, 400 if 3 <= day <= 6 else 100, 1_000 * day))
        platform.refresh()
    options = ["--since", "2025-03-04", "--until", "2025-03-13"]
    asked = ["rules", "backtest", "registrations_country", *options]
    answer = bewithu(*asked, "--vary", "threshold=500:1500:500", "--json")
    assert answer.code == 0
    counts = {each["variant"]: each["alerts"] for each in answer.document["variants"]}
    assert counts == {"as it is": 0, "threshold=500": 1, "threshold=1000": 1, "threshold=1500": 1}
    withdrawn = [each["withdrawn"] for each in answer.document["variants"]]
    assert withdrawn == [0, None, None, None]
    shown = bewithu(*asked)
    assert shown.code == 0
    assert (
        "registrations_country, each day at 08:00 from 2025-03-04 to 2025-03-13, as known then" in shown.out
    )


def test_a_draft_that_an_unknown_rule_mutes_is_refused(bewithu: CommandLine, tmp_path: Path) -> None:
    shipped = (files("alerts.rules") / "arrivals_emergency_housing_municipality.yaml").read_text("utf-8")
    draft = tmp_path / "draft.yaml"
    draft.write_text(shipped.replace("arrivals_emergency_housing_province]", "arrivals_housing_province]"))
    answer = bewithu("rules", "backtest", str(draft), "--since", "2025-03-04")
    assert answer.code == 2
    assert "muted_by: no rule has the id 'arrivals_housing_province'" in words(answer)


def test_the_command_says_what_is_wrong_with_what_was_asked(bewithu: CommandLine) -> None:
    answer = bewithu("rules", "backtest", "registration_country", "--since", "2025-03-04")
    assert answer.code == 2
    assert "did you mean 'registrations_country'?" in words(answer)
    answer = bewithu(
        "rules", "backtest", "registrations_country", "--since", "2025-03-04", "--until", "2025-03-01"
    )
    assert answer.code == 2
    assert "2025-03-01 is before 2025-03-04" in words(answer)
