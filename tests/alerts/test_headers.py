"""What a reader sees in a header is what was put in, whatever the language and the length."""

from __future__ import annotations

from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from alerts.headers import address_header, text_header

words = st.text(st.characters(exclude_categories=["C", "Zl", "Zp"]), min_size=1, max_size=200).map(
    lambda text: " ".join(text.split())
)


def received(name: str, value: str) -> EmailMessage:
    sent = EmailMessage(policy=policy.SMTP)
    sent[name] = value
    wire = sent.as_bytes()
    assert all(len(line) <= 998 for line in wire.splitlines())
    wire.decode("ascii")
    read = message_from_bytes(wire, policy=policy.default)
    assert isinstance(read, EmailMessage)
    return read


@given(words.filter(bool))
@example(
    "Province de Liège\u00a0: 90 personnes – FIN D’ALERTE\u00a0: Arrivées en hébergement d’urgence, 7 jours"
)
@example("plain " * 30 + "end")
def test_a_subject_arrives_as_written(text: str) -> None:
    assert received("Subject", text_header("Subject", text))["Subject"] == text


# A longer word is cut, which Python's reader shows with a space in the middle, and no other one does.
short_words = st.lists(words.filter(lambda word: 0 < len(word.encode()) < 45 and " " not in word), min_size=1)


@given(short_words.map(" ".join))
@example("Brussels coördinatieteam ontheemden – permanentie d’accueil et d’hébergement à Bruxelles")
@example('Ann "the desk" \\ Peeters, <x@y.be>')
def test_a_name_arrives_as_written_with_its_one_address(name: str) -> None:
    (mailbox,) = received("To", address_header("To", name, "ann@example.invalid"))["To"].addresses
    assert mailbox.addr_spec == "ann@example.invalid"
    # A mail program may show several spaces, or spaces at the ends, as fewer.
    assert mailbox.display_name.split() == name.split()


def test_an_address_without_a_name_stands_alone() -> None:
    (mailbox,) = received("From", address_header("From", "", "alerts@bewithu.invalid"))["From"].addresses
    assert (mailbox.display_name, mailbox.addr_spec) == ("", "alerts@bewithu.invalid")


@pytest.mark.parametrize("text", ["one\nBcc: two@x.be", "one\rtwo"])
def test_a_second_line_cannot_be_smuggled_in(text: str) -> None:
    with pytest.raises(ValueError, match="must be one line"):
        text_header("Subject", text)
    with pytest.raises(ValueError, match="must be one line"):
        address_header("To", text, "ann@example.invalid")
