"""The weekly overview: when it is due, and which week it is about. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from bewithu.clock import BRUSSELS

_DAYS: Final = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
_PREFIX: Final = "week-"
#: Later than that nobody needs it any more; a platform that was away sends none for the weeks before.
_LATE: Final = timedelta(days=2)


class Weekly(BaseModel):
    """When coordinators get an overview of the seven days before, also of a week in which nothing happened."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    day: Literal["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] = "monday"
    at: str = Field("08:00", pattern=r"^([01][0-9]|2[0-3]):[0-5][0-9]$", description="by Belgium's clock")


@dataclass(frozen=True, slots=True)
class Week:
    """The seven days before `sent_on`, a day in Belgium. The log of mails knows its overview by `id`."""

    sent_on: date

    @property
    def id(self) -> str:
        return f"{_PREFIX}{self.sent_on.isoformat()}"

    @property
    def since(self) -> datetime:
        return self.ends

    @property
    def begins(self) -> datetime:
        return datetime.combine(self.sent_on - timedelta(days=7), time(), BRUSSELS)

    @property
    def ends(self) -> datetime:
        return datetime.combine(self.sent_on, time(), BRUSSELS)

    @classmethod
    def of_id(cls, text: str) -> Week | None:
        return cls(date.fromisoformat(text.removeprefix(_PREFIX))) if text.startswith(_PREFIX) else None


def week_due(weekly: Weekly | None, now: datetime) -> Week | None:
    """The week whose overview is due now, whether or not it was sent."""
    if weekly is None:
        return None
    local = now.astimezone(BRUSSELS)
    back = (local.weekday() - _DAYS.index(weekly.day)) % 7
    for days in (back, back + 7):
        day = local.date() - timedelta(days=days)
        due = datetime.combine(day, time.fromisoformat(weekly.at), BRUSSELS)
        if due <= now:
            return Week(day) if now - due < _LATE else None
    return None
