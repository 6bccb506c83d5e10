"""The mails as they arrive: golden files in each language, headers, threading, nothing remote."""

from __future__ import annotations

import os
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from alerts.mail import compose
from schemas.alerting import Kind
from schemas.areas import LANGUAGES, Language
from tests.alerts.samples import NOON, letter

GOLDEN = Path(__file__).parent / "golden"
SENDER = "bewithu <alerts@bewithu.invalid>"
KINDS: tuple[Kind, ...] = ("firing", "resolved")


def received(language: Language = "en", kind: Kind = "firing") -> EmailMessage:
    """The mail as a mail program reads it from the wire."""
    sent = compose(letter(language, kind), "<id@bewithu.invalid>", SENDER, NOON)
    read = message_from_bytes(sent.as_bytes(), policy=policy.default)
    assert isinstance(read, EmailMessage)
    return read


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_mail_is_the_one_that_was_read_and_approved(language: Language, kind: Kind) -> None:
    mail = received(language, kind)
    parts = {"txt": f"Subject: {mail['Subject']}\n\n{body(mail, 'plain')}", "html": body(mail, "html")}
    for ending, text in parts.items():
        file = GOLDEN / f"{kind}.{language}.{ending}"
        if os.environ.get("UPDATE_GOLDEN"):
            file.write_text(text, "utf-8")
        assert file.read_text("utf-8") == text, (
            f"UPDATE_GOLDEN=1 rewrites {file.name}; read it before committing"
        )
