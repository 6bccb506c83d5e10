"""Sound events to start from, a maker for each contract; `fields` change or complete what it makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from decimal import Decimal
from typing import Any
from uuid import uuid4

from bewithu.clock import BRUSSELS
from schemas.contracts import contract_of

_LIEGE = "62063"


@dataclass(frozen=True, slots=True)
class Message:
    """An event and the topic that it goes to."""

    topic: str
    event: Mapping[str, Any]

    def changed(self, **fields: Any) -> Message:
        """The same message with other fields, for example a higher revision."""
        return replace(self, event={**self.event, **fields})


def registration(person: str, occurred_at: datetime, status: str = "certified", **fields: Any) -> Message:
    """A sound registration; `fields` change or complete it."""
    reason = "departed" if status == "struck_off" else None
    own = {"status": status, "reason": reason, "nationality": "UKR", "valid_until": None}
    return _message("registration", "dvz", person, occurred_at, own | fields)


def benefit_grant(person: str, occurred_at: datetime, status: str = "granted", **fields: Any) -> Message:
    """A sound step of a benefit; `fields` change or complete it."""
    paid = status in ("granted", "changed")
    own = {
        "status": status,
        "category": "single" if paid else None,
        "amount": Decimal("1288.46") if paid else None,
        "valid_from": None,
        "valid_to": None,
        "reason": "work" if status == "ended" else None,
    }
    return _message("benefit_grant", "cpas-62063", person, occurred_at, own | fields)


def housing_change(person: str, occurred_at: datetime, status: str = "moved_in", **fields: Any) -> Message:
    """A sound move, into emergency housing unless `fields` tell otherwise."""
    own = {
        "status": status,
        "site_type": None if status == "need_declared" else "emergency",
        "destination": "private" if status == "moved_out" else None,
        "site": None,
        "party_size": 1,
    }
    return _message("housing_change", "fedasil", person, occurred_at, own | fields)


def school_enrolment(person: str, occurred_at: datetime, status: str = "enrolled", **fields: Any) -> Message:
    """A sound step at school, in a French-language primary school unless `fields` tell otherwise."""
    own = {"status": status, "level": "primary", "community": "french", "programme": "regular"}
    return _message("school_enrolment", "edu-fwb", person, occurred_at, own | fields)


def employment(person: str, occurred_at: datetime, status: str = "registered", **fields: Any) -> Message:
    """A sound step on the labour market; `fields` change or complete it."""
    own = {"status": status, "contract_type": "fixed_term" if status in ("started", "ended") else None}
    return _message("employment", "employ-forem", person, occurred_at, own | fields)


def integration_course(
    person: str, occurred_at: datetime, status: str = "registered", **fields: Any
) -> Message:
    """A sound step of a course, of French unless `fields` tell otherwise."""
    own = {"status": status, "course": "language", "course_language": "fr"}
    return _message("integration_course", "integ-cri", person, occurred_at, own | fields)


def reception_capacity(
    site: str, occurred_at: datetime, status: str = "opened", places: int = 20, **fields: Any
) -> Message:
    """A sound message of a site's places, none when it is closed; `fields` change or complete it."""
    own = {
        "status": status,
        "site": site,
        "operator": "municipal",
        "site_type": "collective",
        "places": 0 if status == "closed" else places,
    }
    return _message("reception_capacity", "reg-wal", None, occurred_at, own | fields)


def agency_heartbeat(agency: str, occurred_at: datetime, status: str = "alive", **fields: Any) -> Message:
    """A sound sign of life of an agency's feed, or of the day before that it closes; `fields` change it."""
    day = occurred_at.astimezone(BRUSSELS).date() - timedelta(days=1) if status == "period_closed" else None
    own = {
        "status": status,
        "feed": "benefit_grant",
        "period_start": day,
        "period_end": day,
        "expected": None,
        "sent": None,
    }
    return _message("agency_heartbeat", agency, None, occurred_at, own | fields)


def person(number: int) -> str:
    """The pseudonym of the test's person with that number."""
    return f"ab{number:030x}"


def _message(
    event_type: str, agency: str, who: str | None, occurred_at: datetime, fields: Mapping[str, Any]
) -> Message:
    """`who` is the person whom the event is about, if it is about one."""
    envelope = {
        "event_id": uuid4(),
        "revision": 0,
        "cancelled": False,
        "agency": agency,
        "occurred_at": occurred_at,
        "recorded_at": occurred_at,
        "person": who,
        "household": None,
        "municipality": _LIEGE,
    }
    if who is not None:
        envelope |= {"sex": "female", "age_group": "a18_34"}
    return Message(contract_of(event_type).topic, {**envelope, **fields})
