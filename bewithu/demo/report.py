"""What a demo did, and whether it did all that it should."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from schemas.alerting import Transition
from sinks.clickhouse.bookkeeping import Books
from sinks.clickhouse.published import Cell


@dataclass(frozen=True, slots=True)
class Report:
    """The JSON object that `bewithu demo --json` prints. `indicators` are Belgium's values on `day`."""

    published: int
    accepted: int
    quarantined: int
    duplicates: int
    indicators: Mapping[str, Mapping[str, float | None]]
    alerts: Mapping[str, int]
    mails: int
    seconds: float
    day: date

    def failures(self) -> tuple[str, ...]:
        """What is missing; nothing when the demo showed the whole story."""
        missing = []
        if self.published != self.accepted + self.quarantined + self.duplicates:
            missing.append(
                f"published {self.published}, but accepted {self.accepted} + quarantined {self.quarantined}"
                f" + duplicates {self.duplicates} = {self.accepted + self.quarantined + self.duplicates}"
            )
        if not any(value for values in self.indicators.values() for value in values.values()):
            missing.append("no indicator has a value")
        if not self.alerts["fired"]:
            missing.append("no alert fired")
        if not self.mails:
            missing.append("no mail was sent")
        return tuple(missing)

    def document(self) -> dict[str, Any]:
        """As JSON wants it."""
        return {**asdict(self), "seconds": round(self.seconds, 1), "day": self.day.isoformat()}


def make_report(
    published: int,
    books: Books,
    cells: Sequence[Cell],
    transitions: Sequence[Transition],
    mails: int,
    seconds: float,
) -> Report:
    """`published` is what the agencies' publisher had confirmed; `books` what the store has."""
    kinds = Counter(transition.kind for transition in transitions)
    return Report(
        published=published,
        accepted=books.accepted,
        quarantined=books.quarantined,
        duplicates=books.duplicates,
        indicators={cell.indicator: {cell.area: cell.value} for cell in cells},
        alerts={"fired": kinds["firing"], "resolved": kinds["resolved"], "withdrawn": kinds["retracted"]},
        mails=mails,
        seconds=seconds,
        day=cells[0].day,
    )
