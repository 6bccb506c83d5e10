"""The two append-only logs behind the alerts: transitions, and what was told to whom.

Fits the Protocols `AlertLog` and `MailLog` of `alerts.ports`. Every call raises `Unavailable` while the
database is away.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import astuple, fields
from datetime import UTC, datetime
from typing import Any

from schemas.alerting import MailNote, Transition, Undelivered
from sinks.clickhouse.database import Database, statement

_TRANSITION = [field.name for field in fields(Transition)]
#: As late as a column of moments goes.
_NEVER = datetime(2299, 12, 31, tzinfo=UTC)
_NOTE = [field.name for field in fields(MailNote)]


class ClickHouseAlertLog:
    """Both logs of one database. Writing the same transition or note again changes nothing for a reader."""

    def __init__(self, database: Database, read: Callable[[], int] = lambda: 0) -> None:
        """`read`: the refresh whose values transitions rest on as they are written; 0 for none known."""
        self._database = database
        self._read = read

    def append(self, transitions: Sequence[Transition]) -> None:
        rows = [(*astuple(each), self._read()) for each in transitions]
        self._database.insert("alert_log", [*_TRANSITION, "refresh"], rows)

    def states(self) -> Sequence[Transition]:
        """The last transition of every alert that there ever was."""
        return self.states_before(_NEVER)

    def states_before(self, moment: datetime) -> Sequence[Transition]:
        """The last transition before `moment` of every alert that there was by then."""
        return self._transitions("alert_states", before=moment.astimezone(UTC).replace(tzinfo=None))

    def unaddressed(self) -> Sequence[Transition]:
        """Transitions that people hear of, without an `addressed` note, each alert's in their order."""
        return self._transitions("alert_unaddressed")

    def transitions(self, ids: Sequence[str]) -> Sequence[Transition]:
        """Those with these ids; ids that are not in the log are left out."""
        return self._transitions("alert_transitions", ids=list(ids)) if ids else ()

    def firings(self, following: Sequence[str]) -> Mapping[str, str]:
        """For each of these transitions the id of the firing that it ends or repeats."""
        if not following:
            return {}
        rows = self._database.rows(statement("alert_firings"), ids=list(following))
        return {str(each): str(firing) for each, firing in rows}

    def story(self, rule: str, area: str) -> Sequence[Transition]:
        """All steps of one rule in one area, in their order."""
        return self._transitions("alert_story", rule=rule, area=area)

    def told_since(self, moment: datetime) -> Sequence[Transition]:
        """All that people hear of since then, in their order."""
        return self._transitions("alert_told_since", moment=moment.astimezone(UTC).replace(tzinfo=None))

    def recent(self, count: int) -> Sequence[Transition]:
        """The newest `count` transitions, newest first."""
        return self._transitions("alert_recent", count=count)

    def note(self, notes: Sequence[MailNote]) -> None:
        """All of them, or none: they are one block of one insert."""
        self._database.insert("mail_log", _NOTE, [astuple(each) for each in notes])

    def unfinished(self) -> Sequence[MailNote]:
        """Every note, oldest first, of the mails that are neither sent nor given up."""
        return self._notes("mail_unfinished")

    def recipients(self, transitions: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """For each transition id, the addresses that a mail was queued for."""
        if not transitions:
            return {}
        rows = self._database.rows(statement("mail_recipients"), transitions=list(transitions))
        return {transition: frozenset(addresses) for transition, addresses in rows}

    def notes_about(self, transition: str) -> Sequence[MailNote]:
        """What became of the mails about one transition, oldest note first."""
        return self._notes("mail_of_transition", transition=transition)

    def mail_counts(self, transitions: Sequence[str]) -> Mapping[str, tuple[int, int, int]]:
        """For each transition id that mails were queued for: how many are sent, given up, and wait."""
        if not transitions:
            return {}
        rows = self._database.rows(statement("mail_counts"), transitions=list(transitions))
        return {str(transition): (sent, given_up, waiting) for transition, sent, given_up, waiting in rows}

    def undelivered(self, since: datetime) -> Sequence[Undelivered]:
        """Of what was queued since then all that is not sent, the oldest first; what is given up comes first."""
        rows = self._database.rows(
            statement("mail_undelivered"), since=since.astimezone(UTC).replace(tzinfo=None)
        )
        return tuple(Undelivered(*map(in_utc, row)) for row in rows)

    def _transitions(self, name: str, **parameters: Any) -> Sequence[Transition]:
        rows = self._database.rows(statement(name), **parameters)
        return tuple(Transition(*map(in_utc, row)) for row in rows)

    def _notes(self, name: str, **parameters: Any) -> Sequence[MailNote]:
        rows = self._database.rows(statement(name), **parameters)
        return tuple(MailNote(*map(in_utc, row)) for row in rows)


def in_utc(value: Any) -> Any:
    """ClickHouse's drivers hand out UTC times with or without their zone, depending on their version."""
    if isinstance(value, datetime):
        return value.replace(tzinfo=UTC) if value.tzinfo is None else value.astimezone(UTC)
    return value
