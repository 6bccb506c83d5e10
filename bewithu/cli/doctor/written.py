"""What people wrote and set: definitions, address book, the board's address, links in mails; and the mail server."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from urllib.parse import urlsplit

from alerts.address_book import load_address_book
from alerts.durations import format_duration
from alerts.links import VALID_FOR
from alerts.send import Sender
from bewithu.addresses import is_loopback
from bewithu.board.access.roles import load_roles
from bewithu.cli.doctor.finding import Finding, ok, warning
from bewithu.cli.doctor.shown import protection
from bewithu.settings import Settings
from bewithu.wiring import board_address, read_definitions


def check_definitions(settings: Settings) -> Iterator[Finding]:
    written = read_definitions(settings)
    told = f"{len(written.indicators)} indicators, {len(written.rules)} rules"
    if not written.rules:
        yield warning("definitions", told, "set BEWITHU_RULES to a folder with rules, or unset it for ours")
    else:
        yield ok("definitions", told)


def check_address_book(settings: Settings) -> Iterator[Finding]:
    book = load_address_book(settings.address_book)
    told = f"{len(book.coordinators)} coordinators, {len(book.webhooks)} webhooks"
    mend = "set BEWITHU_ADDRESS_BOOK to a file of coordinators"
    if settings.address_book is None:
        yield warning("address book", f"the demo's, whom nobody knows: {told}", mend)
    elif not book.coordinators:
        yield warning("address book", f"nobody is told of any alert: {told}", mend)
    else:
        yield ok("address book", told)


def check_mail(settings: Settings, seconds: float) -> Iterator[Finding]:
    sender = Sender(settings.smtp)
    asyncio.run(sender.check(seconds))
    login = "logged in" if settings.smtp.username else "without a login"
    told = f"{sender.server}, {protection(settings.smtp)}, {login}"
    if settings.smtp.encrypted or is_loopback(settings.smtp.host):
        yield ok("mail server", told)
    else:
        mend = "set BEWITHU_SMTP__STARTTLS or __TLS to true: mails name areas and readers"
        yield warning("mail server", told, mend)


def check_board(settings: Settings) -> Iterator[Finding]:
    address = board_address(settings)
    parts = urlsplit(address)
    mend = "set BEWITHU_HTTP__PUBLIC_URL to where readers of mails find it"
    if parts.scheme not in ("http", "https") or not parts.hostname:
        yield warning("board address", f"{address} is no address of a page", mend)
    elif is_loopback(parts.hostname) or parts.hostname in ("0.0.0.0", "::") or not settings.http.port:  # noqa: S104 - compared
        yield warning("board address", f"{address} leads readers of mails nowhere", mend)
    elif parts.scheme == "http":
        yield warning(
            "board address", f"{address}, not encrypted", "put a proxy with TLS in front, and set https://"
        )
    else:
        yield ok("board address", f"{address}, TLS")


def check_access(settings: Settings) -> Iterator[Finding]:
    access = settings.access
    if access.mode == "open" or access.roles is None:
        told = "open: published values, for all who reach it; BEWITHU_ACCESS__MODE asks for a login"
    else:
        told = f"{access.mode}: {len(load_roles(access.roles).roles)} roles, logins from {access.trusted_proxies}"
    yield ok("access to the board", told)


def check_links(settings: Settings) -> Iterator[Finding]:
    """They can be left out, so that there are none is no fault."""
    if settings.http.link_key is None:
        yield ok(
            "links in mails",
            "none: set BEWITHU_HTTP__LINK_KEY_FILE to let coordinators acknowledge and silence alerts",
        )
        return
    address = board_address(settings)
    encrypted = "TLS" if address.startswith("https://") else "not encrypted"
    yield ok("links in mails", f"signed, {encrypted}, for {format_duration(VALID_FOR)}, to {address}")
