"""What a teller is given: the parts of the platform that it asks, and what analysts and operators wrote."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from email.message import EmailMessage
from typing import Any, Protocol

from pydantic import SecretStr

from alerts.address_book import AddressBook, Webhook
from alerts.ports import Acknowledgements, AlertLog, IndicatorText, MailLog, Readings, Silences
from alerts.rules import Rule
from alerts.send import Delivery


class Post(Protocol):
    """What `alerts.send.Sender` does."""

    async def send(self, message: EmailMessage, recipient: str) -> Delivery: ...


class HookSender(Protocol):
    """What `alerts.hook_post.HookPost` does."""

    async def send(self, payload: Mapping[str, Any], webhook: Webhook) -> Delivery: ...


@dataclass(frozen=True, slots=True)
class Sources:
    """The Protocols that a teller needs, by name."""

    readings: Readings
    alert_log: AlertLog
    mail_log: MailLog
    silences: Silences
    acknowledgements: Acknowledgements
    post: Post
    hooks: HookSender


@dataclass(frozen=True, slots=True)
class Definitions:
    """What analysts and operators wrote. `board` is the board's address, `sender` is `name <address>`.

    `link_key` signs the links in mails; there are none without it.
    """

    rules: Sequence[Rule]
    book: AddressBook
    indicators: Mapping[str, IndicatorText]
    board: str
    sender: str
    link_key: SecretStr | None = None
