"""`bewithu doctor`: what is set, from where, and whether every part is as we need it, with the mend."""

from __future__ import annotations

from typing import Annotated

import typer

from bewithu.cli.doctor.broker import check_kafka
from bewithu.cli.doctor.finding import Check, carried_out
from bewithu.cli.doctor.registry import check_registry
from bewithu.cli.doctor.shown import shown_settings
from bewithu.cli.doctor.store import check_store
from bewithu.cli.doctor.written import (
    check_access,
    check_address_book,
    check_board,
    check_definitions,
    check_links,
    check_mail,
)
from bewithu.cli.printing import Json, print_records
from bewithu.settings import Settings, load_settings

#: Seconds that a part may take to answer.
_PATIENCE = 5.0


def doctor(
    as_json: Json = False,
    strict: Annotated[bool, typer.Option("--strict", help="Exit 1 at a warning, too.")] = False,
) -> None:
    """Show every setting with its source, check every part, and say how to mend what is not as it should be.

    It makes and changes nothing. Exit 1 when a check failed, 2 when a setting is wrong.
    """
    settings = load_settings()
    found = list(carried_out(_checks(settings)))
    rows = [(what, source, value, "") for what, source, value in shown_settings(settings)]
    rows += [(each.what, each.state, each.detail, each.mend) for each in found]
    print_records(as_json, ["what", "state", "detail", "mend"], rows, "")
    bad = {"failed", "warning"} if strict else {"failed"}
    if any(each.state in bad for each in found):
        raise typer.Exit(1)


def _checks(settings: Settings) -> tuple[Check, ...]:
    return (
        ("definitions", lambda: check_definitions(settings), ""),
        ("address book", lambda: check_address_book(settings), "mend the file that BEWITHU_ADDRESS_BOOK names"),
        ("ClickHouse", lambda: check_store(settings), "start it, or set BEWITHU_CLICKHOUSE__URL and its login"),
        (
            "Kafka", lambda: check_kafka(settings.kafka, _PATIENCE),
            "start it, or set BEWITHU_KAFKA__BOOTSTRAP_SERVERS and its login",
        ),
        (
            "schema registry", lambda: check_registry(settings.registry),
            "start it, or set BEWITHU_REGISTRY__URL and its login",
        ),
        (
            "mail server", lambda: check_mail(settings, _PATIENCE),
            "start it, or set BEWITHU_SMTP__HOST, __PORT and its login",
        ),
        ("board address", lambda: check_board(settings), ""),
        ("access to the board", lambda: check_access(settings), "mend the file that BEWITHU_ACCESS__ROLES names"),
        ("links in mails", lambda: check_links(settings), ""),
    )  # fmt: skip
