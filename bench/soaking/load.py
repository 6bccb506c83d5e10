"""Events of all types as agencies send them: some late, corrected, taken back, doubled, damaged or against a rule.

What may be sent again is remembered for a while only, so that a load may go on for days.
"""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from uuid import UUID

from bewithu.simulator import Damage
from bewithu.simulator.damage import choose, spoilt
from schemas.agencies import agency_codes
from schemas.areas import municipalities
from schemas.contracts import contract_of
from tests import makers
from tests.makers import Message

KINDS = {"new": 0.90, "late": 0.04, "correction": 0.02, "cancellation": 0.01, "double": 0.02, "refused": 0.01}
#: Of what is refused half breaks a rule, and half is damaged: other bytes than the event's.
BREAKS_A_RULE = (
    Damage.UNKNOWN_MUNICIPALITY,
    Damage.IN_FUTURE,
    Damage.NEGATIVE_AMOUNT,
    Damage.NATIONAL_NUMBER,
)
#: A message of 5 MB is another test's.
DAMAGED = tuple(damage for damage in Damage if damage.hits_bytes and damage is not Damage.HUGE)

_PERSON_MAKERS: dict[Callable[..., Message], float] = {
    makers.registration: 25,
    makers.benefit_grant: 20,
    makers.housing_change: 20,
    makers.school_enrolment: 10,
    makers.employment: 12,
    makers.integration_course: 10,
}
_OTHER_MAKERS: dict[Callable[..., Message], float] = {
    makers.reception_capacity: 2,
    makers.agency_heartbeat: 1,
}
_MAKERS = _PERSON_MAKERS | _OTHER_MAKERS

_REMEMBERED = 4_000
#: So many persons are in touch with agencies at a time; each has about eight events, then others follow.
_PERSONS, _EVENTS_OF_A_PERSON = 5_000, 8
_SITES = 400
_LATE_DAYS = (14, 60)
#: Where people are housed; the emergency is left to false alarms.
_SITE_TYPES = ("collective", "host_family", "municipal", "private")
ARRIVALS = 40


@dataclass(frozen=True, slots=True)
class Sending:
    """A message to send. `damage` says what is wrong with it, `again` that it was sent before."""

    message: Message
    damage: Damage | None = None
    again: bool = False


class Load:
    """The same seed gives the same events, but for their moments."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        self._remembered: list[Message] = []
        self._made = 0
        self._false_arrivals: list[Message] = []
        self._places = sorted({place.current_nis for place in municipalities().values()})
        self._agencies = sorted(agency_codes())

    def next(self, now: datetime) -> Sending:
        kind = self._chance.choices(list(KINDS), list(KINDS.values()))[0]
        if not self._remembered:
            kind = "new"
        match kind:
            case "correction" | "cancellation":
                return self._revised(now, cancelled=kind == "cancellation")
            case "double":
                return Sending(self._chance.choice(self._remembered), again=True)
            case "refused":
                return self._refused(now)
        message = self._new(now, late=kind == "late")
        self._remember(message)
        return Sending(message)

    def false_alarm(self, now: datetime) -> Iterator[Sending]:
        """Many arrivals of yesterday in one municipality, all by mistake: `withdrawn` takes them back."""
        place, moment = self._chance.choice(self._places), now - timedelta(days=1)
        for _ in range(ARRIVALS):
            message = self._made_by(makers.housing_change, moment, "moved_in").changed(
                municipality=place, site_type="emergency"
            )
            self._false_arrivals.append(message)
            yield Sending(message)

    def withdrawn(self, now: datetime) -> Iterator[Sending]:
        arrivals, self._false_arrivals = self._false_arrivals, []
        for message in arrivals:
            yield Sending(message.changed(revision=1, cancelled=True, recorded_at=now))

    def _new(self, now: datetime, late: bool) -> Message:
        chance = self._chance
        maker = chance.choices(list(_MAKERS), list(_MAKERS.values()))[0]
        since = timedelta(seconds=chance.randint(60, 72_000))
        if late:
            since += timedelta(days=chance.randint(*_LATE_DAYS))
        return self._made_by(maker, now - since)

    def _made_by(self, maker: Callable[..., Message], moment: datetime, status: str = "") -> Message:
        chance = self._chance
        self._made += 1
        moment = moment.replace(microsecond=moment.microsecond // 1000 * 1000)
        known = contract_of(maker.__name__).symbols["status"]
        message = maker(self._subject(maker), moment, status or chance.choice(known))
        changed: dict[str, object] = {
            "event_id": UUID(int=chance.getrandbits(128), version=4),
            "municipality": chance.choice(self._places),
        }
        if maker in _PERSON_MAKERS:
            changed["sex"] = chance.choice(("female", "male"))
            changed["age_group"] = chance.choice(("a00_05", "a06_17", "a18_34", "a35_64", "a65_plus"))
        if message.event.get("site_type") == "emergency":
            changed["site_type"] = chance.choice(_SITE_TYPES)
        return message.changed(**changed)

    def _subject(self, maker: Callable[..., Message]) -> str:
        if maker in _PERSON_MAKERS:
            return makers.person(self._made // _EVENTS_OF_A_PERSON + self._chance.randrange(_PERSONS))
        if maker is makers.reception_capacity:
            return f"site-{self._chance.randrange(_SITES)}"
        return self._chance.choice(self._agencies)

    def _revised(self, now: datetime, cancelled: bool) -> Sending:
        place = self._chance.randrange(len(self._remembered))
        message = self._remembered[place]
        message = message.changed(
            revision=message.event["revision"] + 1,
            cancelled=cancelled,
            municipality=self._chance.choice(self._places),
            recorded_at=now.replace(microsecond=0),
        )
        self._remembered[place] = message
        return Sending(message)

    def _refused(self, now: datetime) -> Sending:
        """An event of its own, which leaves no trace in the facts."""
        message = self._new(now, late=False)
        kinds: Sequence[Damage] = BREAKS_A_RULE if self._chance.random() < 0.5 else DAMAGED
        damage = choose(self._chance, tuple(kinds), message.event.get("amount") is not None)
        assert damage is not None
        event = spoilt(message.topic, message.event, damage, now, self._chance)
        return Sending(replace(message, event=event), damage)

    def _remember(self, message: Message) -> None:
        if len(self._remembered) < _REMEMBERED:
            self._remembered.append(message)
        else:
            self._remembered[self._chance.randrange(_REMEMBERED)] = message
