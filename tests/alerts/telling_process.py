"""A process that tells of one alert and kills itself at a write: `python -m tests.alerts.telling_process …`.

It plays the days of an alert, from the one on which an earlier process was killed, on a store in a folder. The alert's
rule is named after the write, so that several can share a store. With the folder alone it only makes the store.
"""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import Callable, Sequence
from contextlib import closing
from datetime import timedelta
from pathlib import Path

from schemas.alerting import MailNote, Transition
from sinks.clickhouse.alert_log import ClickHouseAlertLog
from sinks.clickhouse.database import Database
from sinks.clickhouse.prepare import prepare
from tests.alerts.samples import LIEGE, NOON, rule
from tests.alerts.stage import Stage

#: Of each day what Liège's value is: pending, firing, firing, over.
VALUES = (412.0, 412.0, 412.0, 90.0)


class Deadly(ClickHouseAlertLog):
    """SIGKILL before or after the write with the chosen number, counted from 1."""

    def __init__(self, database: Database, dies_at: int, after: bool) -> None:
        super().__init__(database)
        self._dies_at, self._after, self._writes = dies_at, after, 0

    def append(self, transitions: Sequence[Transition]) -> None:
        self._write(lambda: super(Deadly, self).append(transitions))

    def note(self, notes: Sequence[MailNote]) -> None:
        if notes:
            self._write(lambda: super(Deadly, self).note(notes))

    def _write(self, write: Callable[[], None]) -> None:
        self._writes += 1
        dies = self._writes == self._dies_at
        if not dies or self._after:
            write()
        if dies:
            os.kill(os.getpid(), signal.SIGKILL)


def store(folder: Path) -> Database:
    return Database.at(f"chdb://{folder}/store")


async def play(folder: Path, rule_id: str, port: int, dies_at: int, after: bool) -> None:
    with closing(store(folder)) as database:
        log = Deadly(database, dies_at, after)
        stage = Stage(log, port, rules=[rule(id=rule_id, for_="1d")])
        days = [(NOON - timedelta(days=1) + timedelta(days=number)).date() for number in range(len(VALUES))]
        stage.values.was = {(LIEGE, day): value for day, value in zip(days, VALUES, strict=True)}
        reached = folder / f"{rule_id}.day"
        for number in range(int(reached.read_text()) if reached.exists() else 0, len(VALUES)):
            reached.write_text(str(number))
            stage.values.of[LIEGE] = VALUES[number]
            stage.now = NOON + timedelta(days=number)
            # By the mail server's clock each process comes long after the one before.
            stage.real.moment = NOON + timedelta(days=1000 + number, hours=dies_at == 0)
            await stage.step()
        for _ in range(3):
            await stage.step(seconds=200)
        kinds = [step.kind for step in log.story(rule_id, LIEGE)]
        print(f"{' '.join(kinds)}; {len(log.unfinished())} mails wait")


if __name__ == "__main__" and len(sys.argv) == 2:
    with closing(store(Path(sys.argv[1]))) as made:
        prepare(made)
elif __name__ == "__main__":
    _, where, named, server, write, when = sys.argv
    asyncio.run(play(Path(where), named, int(server), int(write), when == "after"))
