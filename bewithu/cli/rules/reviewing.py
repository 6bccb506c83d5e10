"""`bewithu rules review`: which rules are worth their mails."""

from __future__ import annotations

import contextlib
from dataclasses import asdict
from typing import Annotated

import typer

from alerts.address_book import load_address_book
from alerts.review import review as reviewed
from bewithu.cli.lengths import length_of
from bewithu.cli.printing import Json, print_json, print_table
from bewithu.clock import SystemClock
from bewithu.settings import load_settings
from bewithu.wiring import connect, read_definitions
from sinks.clickhouse.acknowledgements import ClickHouseAcknowledgements
from sinks.clickhouse.alert_log import ClickHouseAlertLog


def review(
    within: Annotated[
        str, typer.Option("--within", metavar="DURATION", help="what was told in this time")
    ] = "90d",
    as_json: Json = False,
) -> None:
    """What each rule told lately, and which ones to look into: those that never or always fire, reach nobody, are often
    withdrawn, or that nobody acts on.
    """
    length = length_of(within, "--within")
    settings, now = load_settings(), SystemClock().now()
    rules, book = read_definitions(settings).rules, load_address_book(settings.address_book)
    since = now - length
    with contextlib.closing(connect(settings)) as database:
        told = ClickHouseAlertLog(database).told_since(since)
        begun = min([since, *(step.since for step in told)])
        acknowledgements = ClickHouseAcknowledgements(database).written(begun)
    found = reviewed(rules, book, told, acknowledgements, since, now)
    if as_json:
        print_json([asdict(each) for each in found])
    else:
        rows = [
            (each.rule, each.fired, each.areas, each.withdrawn, each.acknowledged, "; ".join(each.remarks))
            for each in found
        ]
        columns = ["rule", "alerts", "areas", "withdrawn", "acknowledged", "look into"]
        print_table(columns, rows, "no rules")
