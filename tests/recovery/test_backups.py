"""A backup of a store that is written meanwhile: whatever the moment of each table, what comes back goes on exactly."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from contextlib import closing
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from bewithu.errors import BackupError
from schemas.indicators import load_indicators
from sinks.clickhouse.backups import NOTES, Backups, pieces
from sinks.clickhouse.bookkeeping import Bookkeeping
from sinks.clickhouse.database import Database
from sinks.clickhouse.prepare import prepare
from tests.events import Message, Platform, person, registration

SHIPPED = load_indicators(files("streams.indicators"))
INDICATORS = {name: SHIPPED[name] for name in ("persons_protected", "registrations_7d")}
MOMENT = datetime(2025, 3, 3, 9, 30, tzinfo=UTC)
LIEGE, GENT = "62063", "44021"
SUMS = (
    "SELECT indicator, area, breakdown, day, sum(delta) AS delta FROM moves"
    " GROUP BY ALL HAVING delta != 0 ORDER BY ALL"
)
STEPS = (
    "SELECT indicator, subject, municipality, cell, day, bin, sum(delta) AS delta FROM steps"
    " GROUP BY ALL HAVING delta != 0 ORDER BY ALL"
)
_numbers = itertools.count(1)


def messages(number: int) -> list[Message]:
    """Somebody comes, and somebody who was there moves."""
    moved = registration(
        person(number - 1), MOMENT, municipality=GENT, event_id=event(number - 1), revision=1
    )
    return [registration(person(number), MOMENT, municipality=LIEGE, event_id=event(number)), moved]


def event(number: int) -> str:
    return f"00000000-0000-4000-8000-{number:012d}"


def stored(database: Database) -> tuple[object, ...]:
    return database.rows(SUMS), database.rows(STEPS)


# What happens before a piece is copied: n nothing, s events are stored, r they are stored and refreshed.
@pytest.mark.parametrize("story", ["nsrn", "nrsr", "rrrr", "nsnr"])
def test_what_is_written_between_two_pieces_is_healed(
    new_database: Callable[[], Database], story: str
) -> None:
    database = new_database()
    prepare(database)
    platform = Platform(database, INDICATORS)
    platform.send(registration(person(0), MOMENT, municipality=LIEGE, event_id=event(0)))
    platform.refresh()
    acts, sent = iter(story), []

    def before(title: str) -> None:
        act = next(acts)
        if act != "n":
            new = messages(len(sent) // 2 + 1)
            sent.extend(new)
            platform.send(*new)
        if act == "r":
            platform.refresh()

    name = f"cut-{story}-{next(_numbers)}"
    Backups(database, "backups", before).create(name)
    platform.refresh()

    other = new_database()
    Backups(other, "backups").restore(name)
    prepare(other)
    restored = Platform(other, INDICATORS)
    restored.clock.moment = platform.clock.now()
    # As after a restore: what is noted is not read again.
    noted = Bookkeeping(other).books().published
    restored.send(*sent[noted - 1 :])
    restored.refresh()
    assert stored(other) == stored(database)
    assert Bookkeeping(other).books().accepted == Bookkeeping(database).books().accepted


def test_notes_are_copied_before_what_they_stand_for() -> None:
    tables = [
        "alert_log",
        "batches",
        "facts_registration",
        "mail_log",
        "moves",
        "quarantine",
        "refreshes",
        "steps",
    ]
    found = pieces(tables)
    assert [piece.title for piece in found] == ["notes", "moves", "steps", "rest"]
    assert sorted(table for piece in found for table in piece.tables) == tables
    assert set(found[0].tables) == set(NOTES) & set(tables)
    assert {"facts_registration", "quarantine", "mail_log"} == set(found[3].tables)


def test_a_backup_during_which_somebody_was_erased_is_not_restored(
    new_database: Callable[[], Database],
) -> None:
    database, now = new_database(), datetime.now(UTC)
    prepare(database)

    def erased(title: str) -> None:
        if title == "steps":
            database.insert("erasures", ["at", "by", "facts", "refused"], [[now, "somebody", 1, 0]])

    name = f"erased-{next(_numbers)}"
    with pytest.raises(BackupError, match="make another one"):
        Backups(database, "backups", erased).create(name)
    with pytest.raises(BackupError, match="not whole"):
        Backups(new_database(), "backups").restore(name)
    database.insert("erasing", ["person"], [[bytes(16)]])
    with pytest.raises(BackupError, match="when that has ended"):
        Backups(database, "backups").create(f"erasing-{next(_numbers)}")


def test_a_second_backup_copies_only_what_the_first_one_lacks(new_database: Callable[[], Database]) -> None:
    database = new_database()
    prepare(database)
    platform = Platform(database, INDICATORS)
    platform.send(*(registration(person(number), MOMENT) for number in range(20)))
    platform.refresh()
    first, second = (f"{which}-{next(_numbers)}" for which in ("first", "second"))
    Backups(database, "backups").create(first)
    platform.send(registration(person(99), MOMENT + timedelta(hours=1)))
    platform.refresh()
    Backups(database, "backups").create(second, base=first)
    other = new_database()
    Backups(other, "backups").restore(second)
    prepare(other)
    assert stored(other) == stored(database)
    assert other.value("SELECT count() FROM published_values") == database.value(
        "SELECT count() FROM published_values"
    )


def test_what_cannot_be_done_is_told_with_what_to_mend(
    new_database: Callable[[], Database], tmp_path: Path
) -> None:
    database = new_database()
    prepare(database)
    Backups(database, "backups").create("taken")
    for refused, said in (
        (lambda: Backups(database, "backups").create("taken"), "already exists"),
        (lambda: Backups(database, "backups").create("../out"), "is no name of a backup"),
        (lambda: Backups(database, "elsewhere").create("one"), "allowed"),
        (lambda: Backups(database, "backups").restore("taken"), "restore into a new one"),
        (lambda: Backups(new_database(), "backups").restore("absent"), "there is no such backup"),
    ):
        with pytest.raises(BackupError, match=said):
            refused()
    with (
        closing(Database.at(f"chdb://{tmp_path}")) as embedded,
        pytest.raises(BackupError, match="copy its folder"),
    ):
        Backups(embedded, "backups")
