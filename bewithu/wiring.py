"""Fits the stages together: contract, ingest, store, indicator, rule, mail. `make_worker` reads as the walk."""

from __future__ import annotations

import random
from dataclasses import dataclass
from importlib.resources import files

from alerts.address_book import AddressBook, load_address_book
from alerts.announce import Announcer
from alerts.given import Definitions, Sources
from alerts.hook_post import HookPost
from alerts.rules import Rule, load_rules
from alerts.send import Sender
from alerts.teller import Teller
from bewithu import __version__
from bewithu.board.access import Login, OpenLogin
from bewithu.board.access.header_login import HeaderLogin
from bewithu.board.access.roles import load_roles
from bewithu.clock import Clock, SystemClock
from bewithu.fitting.acknowledged import LookedAfter
from bewithu.fitting.acting import LinkedActions, Stores
from bewithu.fitting.alerting import PublishedReadings, indicator_texts
from bewithu.fitting.board import PublishedBoard
from bewithu.fitting.board_alerts import BoardAlerts
from bewithu.fitting.catching_up import CatchingUp
from bewithu.fitting.description import description
from bewithu.fitting.leader import Leader
from bewithu.fitting.metrics import Metrics
from bewithu.fitting.metrics.ingest import TimedFactStore
from bewithu.fitting.metrics.readings import Observation, Reader
from bewithu.fitting.own_acting import OwnActions
from bewithu.fitting.quiet import tell_nobody
from bewithu.fitting.worker import Worker
from bewithu.settings import Settings
from schemas.indicators import Indicators, load_indicators
from sinks.clickhouse.acknowledgements import ClickHouseAcknowledgements
from sinks.clickhouse.alert_log import ClickHouseAlertLog
from sinks.clickhouse.bookkeeping import Bookkeeping
from sinks.clickhouse.changes import Changes
from sinks.clickhouse.database import Database
from sinks.clickhouse.event_log import ClickHouseEventLog
from sinks.clickhouse.explanation import Explanations
from sinks.clickhouse.fact_store import ClickHouseFactStore
from sinks.clickhouse.feed_log import FeedLog
from sinks.clickhouse.forgetting import cuts_of
from sinks.clickhouse.indicator_store import ClickHouseIndicators
from sinks.clickhouse.published import PublishedValues
from sinks.clickhouse.quarantine import Quarantine
from sinks.clickhouse.replay_store import ReplayStore
from sinks.clickhouse.silences import ClickHouseSilences
from sinks.clickhouse.store_state import StoreState
from sinks.clickhouse.stored_offsets import StoredOffsets
from sinks.clickhouse.watched_database import WatchedDatabase
from streams.alert_events import KafkaAlertEvents
from streams.intake import Intake
from streams.kafka_ends import KafkaEnds
from streams.kafka_reader import KafkaReader
from streams.registry import SchemaRegistry
from streams.rehearsal import RehearsalStore
from streams.rejections import Rejections
from streams.replay import Replay
from streams.worker import Progress, make_app
from streams.writer_schemas import WriterSchemas


@dataclass(frozen=True, slots=True)
class Written:
    """What analysts wrote, checked before anything starts."""

    indicators: Indicators
    rules: tuple[Rule, ...]


def read_definitions(settings: Settings) -> Written:
    """Raises `DefinitionError` with every problem: file, line, field, and what was expected."""
    indicators = load_indicators(settings.indicators or files("streams.indicators"))
    return Written(indicators, load_rules(indicators, settings.rules))


def make_worker(
    settings: Settings,
    clock: Clock,
    registry: SchemaRegistry | None = None,
    written: Written | None = None,
    quiet: bool = False,
) -> Worker:
    """The whole platform in one process, not yet started. `registry` may be shared with a publisher.

    A quiet one tells nobody: neither agencies nor coordinators nor other systems.
    """
    written = written or read_definitions(settings)
    book = load_address_book(settings.address_book)
    login = make_login(settings)

    # Contract: agencies' schemas are looked up where they registered them.
    registry = registry or SchemaRegistry(settings.registry)

    # Store: a connection for each of those who must not wait for one another; partitions that were just assigned wait
    # for what was stored of them alone.
    databases = tuple(WatchedDatabase.of(settings.clickhouse) for _ in range(5))
    ingest_store, offsets_store, leader_store, board_store, metrics_store = databases

    # Ingest: Kafka records become frames, frames become facts or refusals.
    progress = Progress()
    # An agency is answered about each refusal before its batch counts as stored.
    quarantine = Quarantine(ingest_store)
    rejections = Rejections(settings.kafka, registry, quarantine.standing)
    fact_store = TimedFactStore(ClickHouseFactStore(ingest_store))
    intake = Intake(
        fact_store,
        WriterSchemas(registry),
        clock,
        settings.kafka.max_message_bytes,
        None if quiet else rejections,
    )
    app = make_app(settings.kafka, intake, progress, StoredOffsets(offsets_store).reached)

    # Indicator: the leader keeps values true to the facts.
    about = description(written.indicators, written.rules)
    indicators = ClickHouseIndicators(leader_store, written.indicators, about)

    # Rule and mail: values become transitions, and these become mails, once each.
    bookkeeping = Bookkeeping(leader_store)
    alert_log = ClickHouseAlertLog(leader_store, lambda: indicators.finished)
    teller = Teller(
        Sources(
            PublishedReadings(
                PublishedValues(leader_store, written.indicators, clock),
                bookkeeping,
                Changes(leader_store),
                written.indicators,
            ),
            alert_log,
            alert_log,
            ClickHouseSilences(leader_store),
            ClickHouseAcknowledgements(leader_store),
            Sender(settings.smtp),
            HookPost(),
        ),
        Definitions(
            written.rules,
            book,
            indicator_texts(written.indicators),
            board_address(settings),
            settings.smtp.sender,
            settings.http.link_key,
        ),
        leads=lambda: leader.leads(),
    )
    # Other systems read each transition on a topic.
    announcer = Announcer(
        KafkaAlertEvents(settings.kafka, registry), ClickHouseEventLog(leader_store), written.rules
    )
    chance = random.SystemRandom()
    leader = Leader(
        indicators.refresh,
        tell_nobody if quiet else teller.step,
        clock,
        settings.refresh.evaluation_seconds,
        lambda now, leads: indicators.audit(now, chance, leads),
        settings.refresh.audit_seconds,
        lambda now, leads: indicators.forget(now, cuts_of(now), leads),
        settings.refresh.retention_seconds,
        None if quiet else announcer.step,
        FeedLog(metrics_store).note,
        lambda: indicators.finished,
        # A replay by a clock of its own begins with nothing behind it, and no day of it may go without rules.
        CatchingUp(KafkaEnds(settings.kafka).now, StoredOffsets(leader_store).reached)
        if isinstance(clock, SystemClock)
        else None,
    )

    # The board shows what is published.
    board = make_board(board_store, written, book, clock)

    # Operators see how all of this does.
    observation = Observation(
        lambda: Reader(StoreState(metrics_store), ClickHouseAlertLog(metrics_store), written.rules, clock),
        settings.refresh.readings_seconds,
    )
    metrics = Metrics(progress, leader, fact_store, databases, observation, clock, __version__)

    # Who follows a link in a mail may acknowledge or silence that alert, and so may its coordinators who are logged in:
    # all that the board ever writes.
    actions = None if quiet else make_actions(settings, board_store, written, book)
    alert_actions = None if quiet else OwnActions(alert_stores(board_store), SystemClock())
    worker = Worker(
        settings=settings,
        clock=clock,
        registry=registry,
        databases=databases,
        app=app,
        progress=progress,
        leader=leader,
        board=board,
        actions=actions,
        login=login,
        alert_actions=alert_actions,
        metrics=metrics,
        quiet=quiet,
    )
    metrics.of(worker)
    return worker


def make_board(database: Database, written: Written, book: AddressBook, clock: Clock) -> PublishedBoard:
    """What is published, for the board and for what it prints."""
    return PublishedBoard(
        PublishedValues(database, written.indicators, clock),
        Explanations(database),
        Bookkeeping(database),
        make_board_alerts(database, written, book),
        written.indicators,
        clock,
        {"bewithu": __version__},
    )


def make_board_alerts(database: Database, written: Written, book: AddressBook) -> BoardAlerts:
    """What the board tells of alerts; silences end by real time, whatever the worker's clock says."""
    return BoardAlerts(
        ClickHouseAlertLog(database),
        ClickHouseSilences(database),
        LookedAfter(ClickHouseAcknowledgements(database), book),
        written.rules,
        indicator_texts(written.indicators),
        SystemClock(),
    )


def make_actions(
    settings: Settings, database: Database, written: Written, book: AddressBook
) -> LinkedActions | None:
    """What links in mails do; None where no key is set, so that there are none."""
    if settings.http.link_key is None:
        return None
    stores = alert_stores(database)
    texts = indicator_texts(written.indicators)
    return LinkedActions(settings.http.link_key, stores, written.rules, texts, book, SystemClock())


def alert_stores(database: Database) -> Stores:
    """Where alerts are read, acknowledged and silenced."""
    return Stores(
        ClickHouseAlertLog(database), ClickHouseAcknowledgements(database), ClickHouseSilences(database)
    )


def make_login(settings: Settings) -> Login:
    """Who the board takes a reader for. Raises `DefinitionError` when the roles are wrong."""
    access = settings.access
    if access.mode == "open" or access.roles is None:
        return OpenLogin()
    return HeaderLogin(access, load_roles(access.roles))


def make_replay(
    settings: Settings, database: Database, registry: SchemaRegistry, clock: Clock, by: str, rehearsal: bool
) -> Replay:
    """Refused records through the same ingest as a worker's; a rehearsal judges them and stores nothing."""
    quarantine = Quarantine(database)
    kafka = settings.kafka
    intake = Intake(
        RehearsalStore() if rehearsal else ReplayStore(database, by),
        WriterSchemas(registry),
        clock,
        kafka.max_message_bytes,
        None if rehearsal else Rejections(kafka, registry, quarantine.standing),
    )
    return Replay(intake, quarantine, KafkaReader(kafka), clock, by, rehearsal)


def connect(settings: Settings) -> Database:
    """A connection of its own to the store; it is made on first use."""
    return Database.of(settings.clickhouse)


def board_address(settings: Settings) -> str:
    """Where readers of mails find the board."""
    return settings.http.public_url or f"http://{settings.http.host}:{settings.http.port}"
