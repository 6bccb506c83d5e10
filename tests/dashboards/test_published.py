"""The other published views tell what the board, the API and the commands tell."""

from __future__ import annotations

from datetime import timedelta

from schemas.alerting import OPEN, Transition
from schemas.areas import LANGUAGES, ancestors, areas
from schemas.indicators import Counted
from sinks.clickhouse.alert_log import ClickHouseAlertLog, in_utc
from sinks.clickhouse.bookkeeping import Bookkeeping
from sinks.clickhouse.database import Database
from sinks.clickhouse.explanation import Explanations
from sinks.clickhouse.feed_log import BATCH, FeedLog
from sinks.indicators.disclosure import told_count, told_moment
from tests.dashboards.store import FIRST, INDICATORS, LAST, NOON, RULES, WORKED_OUT


def test_revisions_are_what_was_learned_of_a_value(filled: Database) -> None:
    explanations = Explanations(filled)
    compared = 0
    for name, found in WORKED_OUT.items():
        assert isinstance(found, Counted)
        for area in ("BE", "02000", "11001", "11002"):
            for day in (FIRST, LAST):
                rows = filled.rows(
                    "SELECT known_on, value FROM published_revisions WHERE indicator = {name:String}"
                    " AND area = {area:String} AND day = {day:Date32} ORDER BY known_on",
                    name=name, area=area, day=day,
                )  # fmt: skip
                learned = explanations.learned(found, area, day)
                assert [tuple(row) for row in rows] == [(each.known_on, each.value) for each in learned]
                compared += len(learned)
    assert compared > 8


def test_feeds_are_the_boards_in_whole_batches(filled: Database) -> None:
    rows = filled.rows(
        "SELECT agency, recorded_at, seen_at, accepted, refused FROM published_feeds"
        " ORDER BY agency, at DESC LIMIT 1 BY agency"
    )
    assert [tuple(map(in_utc, row)) for row in rows] == [
        (
            feed.agency,
            told_moment(feed.recorded_at),
            told_moment(feed.seen_at),
            told_count(feed.accepted, BATCH) or 0,
            feed.refused,
        )
        for feed in Bookkeeping(filled).feeds()
    ]


def test_a_feed_is_written_down_when_it_did_otherwise(filled: Database) -> None:
    feeds = FeedLog(filled)
    assert feeds.note(NOON + timedelta(hours=1)) == 0
    filled.run(
        "INSERT INTO facts_registration SELECT * REPLACE (generateUUIDv4() AS event_id) FROM facts_registration LIMIT 5"
    )
    assert feeds.note(NOON + timedelta(hours=2), lambda: False) == 0
    assert feeds.note(NOON + timedelta(hours=2)) == 1
    assert feeds.note(NOON + timedelta(hours=3)) == 0


def test_refusals_are_the_boards(filled: Database) -> None:
    rows = filled.rows("SELECT agency, reason, sum(refused) FROM published_refusals GROUP BY agency, reason")
    found = {(agency, reason): count for agency, reason, count in rows}
    assert found == {
        (feed.agency, reason): count
        for feed in Bookkeeping(filled).feeds()
        for reason, count in feed.refusals.items()
    }
    assert sum(found.values()) == 3


def test_alerts_are_those_of_the_log(filled: Database) -> None:
    log = ClickHouseAlertLog(filled)
    columns = ", ".join(Transition.__dataclass_fields__)
    rows = filled.rows(f"SELECT {columns} FROM published_alerts ORDER BY at DESC, rule, area, number DESC")
    assert [Transition(*map(in_utc, row)) for row in rows] == list(log.recent(100))
    severities = {rule.id: rule.severity for rule in RULES}
    states = [state for state in log.states() if state.kind in OPEN]
    open_rows = filled.rows(
        "SELECT rule, area, state, severity, value FROM published_open_alerts ORDER BY rule, area"
    )
    assert [tuple(row) for row in open_rows] == [
        (
            each.rule,
            each.area,
            "pending" if each.kind == "pending" else "firing",
            severities[each.rule],
            each.value,
        )
        for each in sorted(states, key=lambda each: (each.rule, each.area))
    ]
    assert len(open_rows) == 3


def test_an_alert_of_a_rule_that_is_gone_is_not_open(filled: Database) -> None:
    step = ClickHouseAlertLog(filled).states()[0]
    filled.run(
        "INSERT INTO alert_log (id, rule, area, number, kind, at) "
        " VALUES ('gone', 'gone_rule', 'BE', 1, 'firing', now64(3))"
    )
    try:
        assert filled.rows("SELECT 1 FROM published_open_alerts WHERE rule = 'gone_rule'") == []
        assert step.rule != "gone_rule"
    finally:
        filled.run("DELETE FROM alert_log WHERE id = 'gone'")


def test_areas_are_the_reference_areas(filled: Database) -> None:
    rows = filled.rows(
        "SELECT area, level, population, latitude, longitude, within, nl, fr, de, en FROM published_areas"
    )
    found = {area: (level, population, latitude, longitude, tuple(within), *names)
             for area, level, population, latitude, longitude, within, *names in rows}  # fmt: skip
    assert found == {
        code: (str(area.level), area.population, area.latitude, area.longitude, ancestors(code),
               *(area.name(language) for language in ("nl", "fr", "de", "en")))
        for code, area in areas().items()
    }  # fmt: skip


def test_indicators_have_their_names_and_what_they_rest_on(filled: Database) -> None:
    rows = filled.rows(
        "SELECT indicator, unit, publishers, nl, fr, de, en FROM published_indicators"
        " INNER JOIN published_names AS names ON names.id = indicator WHERE sort = 'indicator'"
    )
    found = {name: (unit, tuple(publishers), *texts) for name, unit, publishers, *texts in rows}
    assert found == {
        name: (each.unit, each.publishers, each.name.nl, each.name.fr, each.name.de, each.name.en)
        for name, each in INDICATORS.items()
    }
    assert set(LANGUAGES) == {"nl", "fr", "de", "en"}


def test_everything_that_is_shown_has_a_name(filled: Database) -> None:
    nameless = filled.rows(
        "SELECT part FROM (SELECT DISTINCT arrayJoin(breakdowns) AS part FROM published_indicators)"
        " WHERE part NOT IN (SELECT id FROM published_names WHERE sort = 'breakdown')"
    )
    assert nameless == []
    assert (
        filled.value("SELECT min(length(nl) * length(fr) * length(de) * length(en)) FROM published_names") > 0
    )
