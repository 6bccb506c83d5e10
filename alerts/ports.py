"""What rules and mails need from the rest of the platform. `bewithu.wiring` fits the store to it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Protocol

from alerts.judging import Series
from schemas.alert_events import AlertEvent, Published
from schemas.alerting import Acknowledgement, MailNote, Reading, Silence, Transition
from schemas.areas import Language


@dataclass(frozen=True, slots=True)
class Publisher:
    """An agency on whose data an indicator rests. `code` as in the events' `agency` (`cpas` stands for all of
    `cpas-62063`, …)."""

    code: str
    names: Mapping[Language, str] = field(hash=False)


@dataclass(frozen=True, slots=True)
class IndicatorText:
    """What a reader must know of an indicator, in the four languages.

    `explanations`: one sentence each. `unit`: as in the definition (`persons`, `files`, …); a value in `%` is
    a share between 0 and 1. `batch`: persons are told in batches of so many, and 0 stands for fewer; else 1.
    `delay_days`: a value is provisional until its day is so long ago.
    """

    id: str
    names: Mapping[Language, str] = field(hash=False)
    explanations: Mapping[Language, str] = field(hash=False)
    unit: str
    publishers: tuple[Publisher, ...]
    batch: int = 1
    delay_days: int = 0


class Readings(Protocol):
    """The published values, as `Reading` has them. Raises `Unavailable`."""

    def series(self, indicator: str, areas: Sequence[str], until: date, days: int) -> Series:
        """The `days` days up to and including `until`, of these areas in their order and of those around them."""
        ...

    def history(self, indicator: str, area: str, until: date, days: int) -> Sequence[Reading]:
        """The `days` days up to and including `until`, oldest first; days without a value are left out."""
        ...

    def last_heard(self, agencies: Sequence[str]) -> Mapping[str, datetime]:
        """When the newest event of each agency code was recorded; those never heard of are left out."""
        ...


class AlertLog(Protocol):
    """The append-only log of transitions. Writing one twice is harmless. Raises `Unavailable`."""

    def append(self, transitions: Sequence[Transition]) -> None: ...

    def states(self) -> Sequence[Transition]:
        """The last transition of every alert that there ever was."""
        ...

    def states_before(self, moment: datetime) -> Sequence[Transition]:
        """The last transition before `moment` of every alert that there was by then."""
        ...

    def unaddressed(self) -> Sequence[Transition]:
        """Transitions that people hear of, without an `addressed` note, oldest first."""
        ...

    def transitions(self, ids: Sequence[str]) -> Sequence[Transition]: ...

    def firings(self, following: Sequence[str]) -> Mapping[str, str]:
        """For each of these transitions the id of the firing that it ends or repeats."""
        ...

    def story(self, rule: str, area: str) -> Sequence[Transition]:
        """All steps of one rule in one area, in their order."""
        ...

    def told_since(self, moment: datetime) -> Sequence[Transition]:
        """All that people hear of since then, in their order."""
        ...


class MailLog(Protocol):
    """The append-only log of what was told to whom. Writing a note twice is harmless.

    Every call raises `Unavailable` while the store is away.
    """

    def note(self, notes: Sequence[MailNote]) -> None:
        """All of them, or none."""
        ...

    def unfinished(self) -> Sequence[MailNote]:
        """Every note, oldest first, of the mails that are neither sent nor given up."""
        ...

    def notes_about(self, transition: str) -> Sequence[MailNote]:
        """What became of the mails about one transition, oldest note first."""
        ...

    def recipients(self, transitions: Sequence[str]) -> Mapping[str, frozenset[str]]:
        """For each transition id, the addresses that a mail was queued for."""
        ...


class Silences(Protocol):
    """Who wants not to be told of what. Raises `Unavailable`."""

    def written(self, since: datetime) -> Sequence[Silence]:
        """All that were written of the silences that had not ended by then."""
        ...


class AlertEvents(Protocol):
    """Where other systems read what becomes of alerts. Raises `Unavailable`."""

    def publish(self, events: Sequence[AlertEvent]) -> Published:
        """Of each alert one event at most, so that none can overtake another. Returns when each has a verdict."""
        ...


class EventLog(Protocol):
    """The append-only log of which transitions were published. Noting one twice is harmless. Raises `Unavailable`."""

    def unpublished(self, count: int) -> Sequence[Transition]:
        """Of all that are not noted the first `count`, each alert's in their order and without leaving one out."""
        ...

    def note_published(self, ids: Sequence[str], at: datetime) -> None:
        """All of them, or none."""
        ...


class Acknowledgements(Protocol):
    """Who looks after which alert. Raises `Unavailable`."""

    def written(self, since: datetime) -> Sequence[Acknowledgement]:
        """All of alerts that began then or later."""
        ...
