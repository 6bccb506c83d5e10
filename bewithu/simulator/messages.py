"""What agencies send about an act: one message as a rule, and what real feeds add to it.

That is lateness, doubles, corrections, mistakes taken back, damaged messages, silences.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from hashlib import blake2b
from random import Random
from typing import Any

from bewithu.simulator.acts import CAPACITY, LOCAL, REGISTRATION, Act
from bewithu.simulator.chance import lag, stream_of
from bewithu.simulator.damage import choose, spoilt
from bewithu.simulator.incidents import end_of_silence
from bewithu.simulator.lateness import publishing_delay, recording_delay
from bewithu.simulator.moments import milliseconds, utc
from bewithu.simulator.people import Person
from bewithu.simulator.places import code_on, elsewhere
from bewithu.simulator.plan import Plan
from bewithu.simulator.publication import Damage, Publication
from schemas.contracts import contracts

_DAY = 86_400_000
#: An act recorded twice by mistake gets an id of its own.
_BY_MISTAKE = 1_000

_AGES = ("a00_05", "a06_17", "a18_34", "a35_64", "a65_plus")


@dataclass(frozen=True, slots=True)
class Subject:
    """Who or what acts are about: a person, or what `name` names, which nothing else is named."""

    name: str
    person: Person | None = None


@dataclass(frozen=True, slots=True)
class Message:
    """A message that waits to be published. Times in milliseconds since 1970 UTC."""

    published: int
    recorded: int
    subject: Subject
    #: The act's place among those of the subject; with its name it gives the event's id.
    number: int
    act: Act
    revision: int = 0
    cancelled: bool = False
    #: Fields that a correction sets anew.
    change: Mapping[str, Any] | None = None
    damage: Damage | None = None


def agency_code(act: Act) -> str:
    """The code of the agency that tells of it."""
    code = code_on(act.municipality, int(act.moment))
    return f"{act.agency}-{code}" if act.agency in LOCAL else act.agency


def messages(random: Random, plan: Plan, subject: Subject, number: int, act: Act) -> Iterator[Message]:
    """Everything that is ever sent about the act; most often one message."""
    recorded = milliseconds(act.moment) + int(recording_delay(random, act, plan.late) * _DAY)
    published = recorded + int(publishing_delay(random, act) * _DAY)
    for message in _sent(random, plan, Message(published, recorded, subject, number, act)):
        back = _end_of_silence(random, message)
        yield message if back is None else replace(message, published=back)


def _sent(random: Random, plan: Plan, message: Message) -> Iterator[Message]:
    """The messages as they would go out if no feed ever fell silent."""
    chance = random.random() - plan.malformed
    if chance < 0:
        yield replace(message, damage=choose(random, plan.damages, "amount" in message.act.detail))
        yield replace(message, published=message.published + _later(random, 0.5, 1.0))
        return
    yield message
    if chance < plan.duplicates:
        yield replace(message, published=message.published + _later(random, 0.05, 2.0))
    elif chance < plan.duplicates + plan.corrections:
        yield from _correction(random, message)
    elif chance < plan.duplicates + plan.corrections + plan.cancellations:
        yield from _mistake(random, message)


def publication(message: Message) -> Publication:
    """The message as it leaves the agency."""
    topic, damage = message.act.topic, message.damage
    event: Mapping[str, Any] = _event(message)
    published_at = utc(message.published)
    if damage is not None:
        event = spoilt(topic, event, damage, published_at, stream_of(f"{event['event_id']}/{damage}"))
    return Publication(topic, event, published_at, damage)


def _event(message: Message) -> dict[str, Any]:
    act, person = message.act, message.subject.person
    event = {
        **_own_fields(act.topic),
        "event_id": _event_id(message.subject, message.number),
        "revision": message.revision,
        "cancelled": message.cancelled,
        "agency": agency_code(act),
        "occurred_at": utc(milliseconds(act.moment)),
        "recorded_at": utc(message.recorded),
        "person": None,
        "household": None,
        "municipality": code_on(act.municipality, int(act.moment)),
        "status": act.status,
        **act.detail,
    }
    if person is not None:
        event["person"], event["household"] = person.pseudonym, person.household
        event["sex"], event["age_group"] = person.sex, person.age_group(act.moment)
        if act.topic == REGISTRATION:
            event["nationality"] = person.nationality
    if message.change:
        event.update(message.change)
    return event


@cache
def _own_fields(topic: str) -> Mapping[str, None]:
    """The contract's fields; an act's detail has those that are not null."""
    return {field.name: None for field in contracts()[topic].fields}


def _event_id(subject: Subject, number: int) -> str:
    """A random-looking (version 4) UUID that depends on nothing but the subject and the act's number."""
    digits = blake2b(f"{subject.name}/{number}".encode(), digest_size=16).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-a{digits[17:20]}-{digits[20:]}"


def _correction(random: Random, message: Message) -> Iterator[Message]:
    """The next revision: recorded and sent days or weeks later, with another content, where it can have one."""
    wait = _later(random, 6, 1.0)
    change = _change(random, message)
    if change:
        yield replace(
            message,
            revision=message.revision + 1,
            recorded=message.recorded + wait,
            published=message.published + wait,
            change=change,
        )


def _change(random: Random, message: Message) -> Mapping[str, Any]:
    act, person = message.act, message.subject.person
    amount = act.detail.get("amount")
    if amount is not None:
        return {"amount": round(amount * random.randint(70, 98) / 100, 2)}
    if person is None:
        # a place more was counted; a closed site has none
        return (
            {"places": act.detail["places"] + 1} if act.topic == CAPACITY and act.status != "closed" else {}
        )
    if random.random() < 0.5:
        place = _AGES.index(person.age_group(act.moment))
        return {"age_group": _AGES[place + 1 if place == 0 else place - 1]}
    return {"municipality": code_on(elsewhere(random, act.municipality), int(act.moment))}


def _mistake(random: Random, message: Message) -> Iterator[Message]:
    """The act recorded a second time as if it were another one, then taken back."""
    wait = _later(random, 4, 1.0)
    double = replace(message, number=message.number + _BY_MISTAKE, published=message.published + wait // 2)
    yield double
    yield replace(
        double,
        revision=1,
        cancelled=True,
        recorded=double.recorded + wait,
        published=double.published + wait,
    )


def _end_of_silence(random: Random, message: Message) -> int | None:
    """When the message goes out instead, if it would go out while its feed is silent: in the morning after."""
    back = end_of_silence(message.act.agency, message.act.municipality, message.published)
    return None if back is None else back + int((0.4 + 0.05 * random.random()) * _DAY)


def _later(random: Random, median: float, sigma: float) -> int:
    """A log-normal delay given in days, in milliseconds; at least a second."""
    return 1_000 + int(lag(random, median, sigma) * _DAY)
