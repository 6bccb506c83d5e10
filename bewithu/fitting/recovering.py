"""Brings back the log of alerts, which a restored store has only up to its backup, from the topic of alerts."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from alerts.address_book import AddressBook
from alerts.evaluate import Alert, to_millisecond
from alerts.recovered import Recovered, recovered
from alerts.rules import Rule
from schemas.alerting import Transition
from sinks.clickhouse.alert_log import ClickHouseAlertLog
from sinks.clickhouse.database import Database
from sinks.clickhouse.event_log import ClickHouseEventLog


def recover_alerts(
    database: Database,
    published: Sequence[Transition],
    rules: Sequence[Rule],
    book: AddressBook,
    domain: str,
    now: datetime,
    tell_since: datetime | None,
) -> Recovered:
    """Adds what was published and is not in the log. Safe to repeat, and to break off: notes come before what they
    are about, so that nobody is told again of what was told.
    """
    log = ClickHouseAlertLog(database)
    there = {each.id for each in log.transitions([each.id for each in published])}
    lacking = [each for each in published if each.id not in there]
    alerts = sorted({(each.rule, each.area) for each in lacking})
    heard = {alert: _heard(log, alert) for alert in alerts}
    found = recovered(lacking, heard, rules, book, domain, now, tell_since)
    log.note(found.notes)
    if found.transitions:
        ClickHouseEventLog(database).note_published(
            [each.id for each in found.transitions], to_millisecond(now)
        )
        log.append(found.transitions)
    return found


def _heard(log: ClickHouseAlertLog, alert: Alert) -> frozenset[str]:
    """Who was told that it fires, by what is in the log."""
    firings = [each.id for each in log.story(*alert) if each.kind == "firing"]
    return log.recipients(firings[-1:]).get(firings[-1], frozenset()) if firings else frozenset()
