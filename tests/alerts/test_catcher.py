"""The demo's mail server keeps every mail as a file, and gives its port back."""

from __future__ import annotations

import socket
from email import message_from_bytes, policy
from email.message import EmailMessage
from pathlib import Path

import pytest

from alerts.catcher import Catcher, slug
from alerts.send import Sender
from bewithu.settings import Smtp


def mail(subject: str) -> EmailMessage:
    message = EmailMessage()
    message["From"] = "alerts@bewithu.invalid"
    message["To"] = "ann@example.invalid"
    message["Subject"] = subject
    message.set_content("Opvang – accueil – Aufnahme\n")
    return message


def names(folder: Path) -> list[str]:
    return sorted(file.name for file in folder.iterdir())


async def test_each_mail_becomes_a_numbered_file_and_equal_ones_stay_two(tmp_path: Path) -> None:
    with Catcher(tmp_path / "mails") as catcher:
        sender = Sender(Smtp(port=catcher.port))
        for subject in ("Luik: 1 persoon", "Luik: 1 persoon", "Namur : 2 personnes – ALERTE"):
            assert (await sender.send(mail(subject), "ann@example.invalid")).outcome == "sent"
        assert (catcher.count, catcher.last_subject) == (3, "Namur : 2 personnes – ALERTE")
    assert names(tmp_path / "mails") == [
        "0001-luik-1-persoon.eml",
        "0002-luik-1-persoon.eml",
        "0003-namur-2-personnes-alerte.eml",
    ]
    last = tmp_path / "mails" / "0003-namur-2-personnes-alerte.eml"
    kept = message_from_bytes(last.read_bytes(), policy=policy.default)
    assert kept["Subject"] == "Namur : 2 personnes – ALERTE"
    assert kept.get_content().strip() == "Opvang – accueil – Aufnahme"


async def test_numbers_go_on_after_a_restart(tmp_path: Path) -> None:
    for subject in ("first", "second"):
        with Catcher(tmp_path) as catcher:
            await Sender(Smtp(port=catcher.port)).send(mail(subject), "ann@example.invalid")
            assert catcher.count == 1
    assert names(tmp_path) == ["0001-first.eml", "0002-second.eml"]


def test_the_port_is_free_after_the_stop(tmp_path: Path) -> None:
    with Catcher(tmp_path) as catcher:
        port = catcher.port
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", port))


def test_a_client_that_stays_connected_does_not_hold_up_the_stop(tmp_path: Path) -> None:
    with Catcher(tmp_path) as catcher:
        client = socket.create_connection(("127.0.0.1", catcher.port), timeout=10)
        assert client.recv(100).startswith(b"220")
    client.close()


def test_a_taken_port_is_told_at_the_start(tmp_path: Path) -> None:
    with Catcher(tmp_path) as first, pytest.raises(OSError, match="address already in use"):
        Catcher(tmp_path, first.port).start()


def test_stopping_what_was_never_started_does_nothing(tmp_path: Path) -> None:
    Catcher(tmp_path).stop()


@pytest.mark.parametrize(
    ("subject", "name"),
    [
        ("Provincie Luik: 412 personen – ALARM", "provincie-luik-412-personen-alarm"),
        ("../../etc/passwd", "etc-passwd"),
        ("Україна", "mail"),
        ("x" * 200, "x" * 60),
    ],
)
def test_a_subject_becomes_a_harmless_file_name(subject: str, name: str) -> None:
    assert slug(subject) == name
