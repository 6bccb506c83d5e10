"""Builds the demo's platform: embedded broker, store, mail catcher, worker and simulator on a replayed clock."""

from __future__ import annotations

import contextlib
import secrets
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import SecretStr

from alerts.catcher import Catcher
from alerts.rules import Rule
from alerts.rules.conditions import scaled as scaled_condition
from alerts.rules.model import Minimum, Override
from bewithu import simulator
from bewithu.board_settings import Http
from bewithu.demo.broker import SESSION_TIMEOUT_SECONDS, embedded_broker, free_port
from bewithu.demo.clock import DemoClock
from bewithu.fitting.worker import Worker
from bewithu.settings import Kafka, Refresh, Registry, Settings, Smtp, load_settings
from bewithu.wiring import Written, connect, make_worker, read_definitions
from sinks.clickhouse.database import Database
from streams.publisher import Publisher
from streams.registry import SchemaRegistry


@dataclass(frozen=True, slots=True)
class Choices:
    """What a person may choose for a demo."""

    seed: int
    scale: float
    days_per_second: float
    since: date
    until: date
    mails: Path | None
    http_host: str
    http_port: int
    store: Path | None = None

    @property
    def plan(self) -> simulator.Plan:
        return simulator.Plan(seed=self.seed, since=self.since, until=self.until, scale=self.scale)


@dataclass(frozen=True, slots=True)
class Platform:
    """Everything that a demo runs. The worker and the publisher share one in-process schema registry."""

    settings: Settings
    worker: Worker
    written: Written
    publisher: Publisher
    catcher: Catcher
    folder: Path
    mails: Path
    observer: Database
    clock: DemoClock


@contextlib.contextmanager
def embedded_platform(choices: Choices) -> Iterator[Platform]:
    """Starts what the worker needs in a temporary folder, which is removed at the end: what is kept lies elsewhere."""
    with (
        tempfile.TemporaryDirectory(prefix="bewithu-demo-") as temporary,
        embedded_broker(Path(temporary)) as broker,
        Catcher(choices.mails or Path(temporary) / "mails") as catcher,
    ):
        settings = _settings(choices, Path(temporary), broker, catcher.port)
        clock = DemoClock(choices.plan.starts_at, choices.days_per_second)
        registry = SchemaRegistry(settings.registry)
        written = scaled(read_definitions(settings), choices.scale)
        worker = make_worker(settings, clock, registry, written)
        worker.leader.on_step = clock.told
        # The clock waits for the store too: rules must not see days that are only half taken in.
        clock.hold_while(lambda: worker.progress.records < publisher.sent)
        publisher = Publisher(settings.kafka, registry)
        observer = connect(settings)
        try:
            yield Platform(
                settings,
                worker,
                written,
                publisher,
                catcher,
                Path(temporary),
                choices.mails or Path(temporary) / "mails",
                observer,
                clock,
            )
        finally:
            observer.close()


def scaled(written: Written, scale: float) -> Written:
    """The rules as they would be in a Belgium of that scale: thresholds of counts shrink, those of shares stay."""
    return replace(written, rules=tuple(_scaled(rule, written, scale) for rule in written.rules))


def _scaled(rule: Rule, written: Written, scale: float) -> Rule:
    is_share = written.indicators[rule.indicator].unit in ("%", "‰", "days")
    overrides = {
        area: override.model_copy(update=_smaller(override, is_share, scale))
        for area, override in rule.overrides.items()
    }
    return rule.model_copy(update={**_smaller(rule, is_share, scale), "overrides": overrides})


def _smaller(written: Rule | Override, is_share: bool, scale: float) -> dict[str, Any]:
    """Of a share the numbers behind it shrink, not the share."""
    changed: dict[str, Any] = {}
    if written.condition and not is_share:
        changed["condition"] = scaled_condition(written.condition, scale)
    if written.minimum:
        least = written.minimum.model_dump(exclude_none=True)
        kept = {"value"} if is_share else set()
        changed["minimum"] = Minimum(**{name: n if name in kept else n * scale for name, n in least.items()})
    return changed


def _settings(choices: Choices, folder: Path, broker: str, smtp_port: int) -> Settings:
    return load_settings(
        kafka=Kafka(
            bootstrap_servers=broker,
            partitions=1,
            session_timeout_seconds=SESSION_TIMEOUT_SECONDS,
        ),
        registry=Registry(url="mock://bewithu-demo"),
        clickhouse={"url": f"chdb://{(choices.store or folder / 'clickhouse').absolute()}"},
        smtp=Smtp(port=smtp_port),
        # Chosen here and not by the server, as the mails link to the board before anybody opens it.
        http=Http(
            host=choices.http_host,
            port=choices.http_port or free_port(),
            # Links in its mails work for as long as it runs, and no longer.
            link_key=SecretStr(secrets.token_hex(32)),
        ),
        refresh=Refresh(interval_seconds=0.15, evaluation_seconds=0.15),
    )
