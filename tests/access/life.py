"""The life of a platform, by all that the worker and the commands ask the store: each does something at least once."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files

from alerts.rules import load_rules
from bewithu.fitting.description import description
from schemas.alerting import Acknowledgement, MailNote, Silence
from schemas.examples import PUBLISHED_AT
from schemas.indicators import Counted, load_indicators
from schemas.quarantine import Wanted
from sinks.clickhouse.acknowledgements import ClickHouseAcknowledgements
from sinks.clickhouse.alert_log import ClickHouseAlertLog
from sinks.clickhouse.bookkeeping import Bookkeeping
from sinks.clickhouse.changes import Changes
from sinks.clickhouse.condition import Condition
from sinks.clickhouse.database import Database
from sinks.clickhouse.description import write_description
from sinks.clickhouse.erasure import Erasure
from sinks.clickhouse.event_log import ClickHouseEventLog
from sinks.clickhouse.explanation import Explanations
from sinks.clickhouse.fact_store import ClickHouseFactStore
from sinks.clickhouse.feed_log import FeedLog
from sinks.clickhouse.forgetting import cuts_of
from sinks.clickhouse.generations import begin, read_generations
from sinks.clickhouse.indicator_store import ClickHouseIndicators
from sinks.clickhouse.known_then import KnownThen, Then
from sinks.clickhouse.pruning import prune, superseded
from sinks.clickhouse.published import PublishedValues
from sinks.clickhouse.quarantine import Quarantine
from sinks.clickhouse.retention import retention_of
from sinks.clickhouse.silences import ClickHouseSilences
from sinks.clickhouse.store_state import StoreState
from sinks.clickhouse.stored_offsets import StoredOffsets
from sinks.clickhouse.trail import Trail
from tests.alerts import samples
from tests.events import ManualClock, Platform, benefit_grant, person, registration
from tests.intake_samples import encoded, intake_to, sample
from tests.quarantine_stage import Stage, late
from tests.test_indicators_match_oracle import crash_before_write
from tests.test_log_frames import in_partitions

SHIPPED = load_indicators(files("streams.indicators"))
FLOW, GRANTS = "registrations_7d", "persons_on_living_wage"
INDICATORS = {name: SHIPPED[name] for name in (FLOW, GRANTS)}
MOMENT = datetime(2025, 3, 3, 12, tzinfo=UTC)
LONG_AGO = datetime(2023, 3, 3, 12, tzinfo=UTC)


def live(database: Database) -> None:
    """From the first event to pruning. `database` is prepared and empty."""
    take_in(database)
    quarantine(database)
    platform = followed(database)
    read(database)
    forget(platform)
    erase(platform)
    alert(database)
    rebuild(platform)
    describe(database)


def describe(database: Database) -> None:
    """What dashboards call things, and how feeds do: written where it changed."""
    found = description(SHIPPED, load_rules(SHIPPED))
    for told in (
        found,
        replace(found, names=found.names[1:], severities={"a": "b"}, indicators=found.indicators[1:]),
    ):
        write_description(database, told)
    assert FeedLog(database).note(MOMENT)


def take_in(database: Database) -> None:
    """Whole record batches of Kafka; what broke off before its offsets were committed comes again."""
    batches = in_partitions(20, [[b"cut short"], []])
    for _ in range(2):
        intake_to(ClickHouseFactStore(database), few_records=10).take(*batches)


def quarantine(database: Database) -> None:
    """Refused, shown, rehearsed, replayed once mended, and given up."""
    stage = Stage(database)
    stage.register()
    places = stage.publish(late(sample()), encoded(sample(municipality="99999")), b"")
    stage.take_as_older_worker()
    stage.replay(rehearsal=True)
    assert stage.replay(places[0])
    stage.drop(places[1])
    stage.take()
    found = Quarantine(database)
    assert found.bytes_at(places)
    assert found.steps(places[0])
    moment = PUBLISHED_AT
    found.held(Wanted(agency="dvz", reason="empty", since=moment, until=moment, state="open"))
    assert found.standing([sample()["event_id"]]) == []
    ClickHouseFactStore(database).mark_accepted([], moment)


def followed(database: Database) -> Platform:
    """Events of several types, and a leader who is killed after its steps."""
    platform = Platform(database, INDICATORS)
    platform.clock.moment = MOMENT + timedelta(days=30)
    platform.refresh()
    first = registration(person(50), MOMENT, sex="female", age_group="a65_plus")
    platform.send(
        first,
        *(registration(person(number), MOMENT) for number in range(12)),
        *(benefit_grant(person(number), MOMENT) for number in range(12)),
        *(registration(person(number), LONG_AGO) for number in range(20, 23)),
        *(
            registration(person(number), LONG_AGO, "struck_off", reason="departed")
            for number in range(20, 23)
        ),
        registration(person(1), LONG_AGO, municipality="99999"),
    )
    with crash_before_write(database, 1):
        platform.refresh_step()
    platform.refresh()
    # A worker that has just begun takes a step back that it knows nothing of.
    later = Platform(database, INDICATORS)
    later.clock.moment = platform.clock.now()
    later.send(first.changed(revision=1, sex="male"))
    later.refresh()
    ClickHouseIndicators(database, INDICATORS).audit(platform.clock.now(), random.Random(2))
    return platform


def read(database: Database) -> None:
    """What the board, the commands and backtests show."""
    day, moment = MOMENT.date(), MOMENT + timedelta(days=60)
    published = PublishedValues(database, INDICATORS, ManualClock(moment))
    assert published.totals([FLOW], ["BE"], day, day)
    assert published.totals([FLOW], ["BE"], day, day, moment)
    assert published.breakdowns(FLOW, "BE", day)
    explained = Explanations(database)
    for name in (FLOW, GRANTS):
        found = INDICATORS[name]
        assert isinstance(found, Counted)
        assert explained.contributions(found, "BE", day)
        assert explained.learned(found, "BE", day)
        explained.forgotten_before(found)
    assert len(KnownThen(database, INDICATORS).numbers(FLOW, ["BE"], [Then(moment, day)], [0, 1]))
    bookkeeping = Bookkeeping(database)
    assert bookkeeping.books().accepted
    assert bookkeeping.feeds()
    assert bookkeeping.last_recorded()
    assert bookkeeping.quarantined(5, None, None)
    assert bookkeeping.last_refresh()
    assert retention_of(database, moment)
    state = StoreState(database)
    assert state.arrivals()
    assert state.disks()
    state.open_refusals()
    offsets = StoredOffsets(database)
    assert offsets.reached()
    assert offsets.in_store()
    condition = Condition(database)
    assert condition.server().version
    assert condition.most_parts()[1]
    assert condition.stuck_mutations() == condition.lagging() == []
    changes = Changes(database)
    assert changes.since(replace(changes.mark(), refresh=0))


def forget(platform: Platform) -> None:
    """Once to its end, and once broken off before anything was deleted."""
    store = ClickHouseIndicators(platform.database, INDICATORS)
    cuts = dict.fromkeys(cuts_of(platform.clock.now()), date(2024, 1, 1))
    with crash_before_write(platform.database, 2):
        store.forget(platform.clock.now(), cuts)
    platform.refresh()
    forgotten = store.forget(platform.clock.now(), cuts)
    assert forgotten is not None
    assert forgotten.events


def erase(platform: Platform) -> None:
    def until(is_done: Callable[[], bool]) -> None:
        while not is_done():
            platform.refresh()

    platform.send(registration(person(3), MOMENT, municipality="99999"))
    erased = Erasure(platform.database, "anna").erase(person(3), platform.clock.now(), until)
    assert erased.facts
    assert erased.refused


def alert(database: Database) -> None:
    """An alert that fires and ends, its mail, who looks after it, and who does not want to hear of it."""
    log, firing = ClickHouseAlertLog(database), samples.transition(id="fires")
    ends = samples.transition("resolved", 3, id="ends")
    log.append([firing, ends])
    assert log.states()
    assert log.states_before(datetime(2100, 1, 1, tzinfo=UTC))
    assert log.unaddressed()
    assert log.transitions(["fires"])
    assert log.firings(["ends"])
    assert log.story(firing.rule, firing.area)
    assert log.told_since(firing.at)
    assert log.recent(1)
    log.note([MailNote("<1@x>", "fires", "ann@example.invalid", "queued", firing.at, "")])
    assert log.unfinished()
    assert log.recipients(["fires"])
    assert log.mail_counts(["fires"])
    assert log.notes_about("fires")
    assert log.undelivered(firing.at)
    trail, flow = Trail(database), INDICATORS[FLOW]
    assert isinstance(flow, Counted)
    assert trail.steps_of_mail("<1@x>") == ["fires"]
    moved = trail.behind(
        replace(firing, area="BE", at=MOMENT + timedelta(days=60), day=MOMENT.date()), [flow], 100
    )
    assert any(refresh.batches for refresh in moved.refreshes)
    events = ClickHouseEventLog(database)
    assert events.unpublished(5)
    events.note_published(["fires"], firing.at)
    acknowledged = ClickHouseAcknowledgements(database)
    acknowledged.write(Acknowledgement(firing.rule, firing.area, firing.since, "ann", "", firing.at))
    assert acknowledged.written(firing.since)
    assert acknowledged.story(firing.rule, firing.area)
    silences = ClickHouseSilences(database)
    silences.write(Silence("1", firing.at, "ann", "", firing.at, MOMENT, {"rule": firing.rule}))
    assert silences.written(firing.at)


def rebuild(platform: Platform) -> None:
    """Indicators are worked out anew, and what was before is taken out."""
    flow = INDICATORS[FLOW]
    assert isinstance(flow, Counted)
    begin(platform.database, [flow], platform.clock.now())
    platform.refresh()
    old = superseded(read_generations(platform.database), platform.clock.now())
    assert old
    prune(platform.database, old)
