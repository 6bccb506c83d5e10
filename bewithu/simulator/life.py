"""A household's life in Belgium: it arrives, registers, receives a grant, moves, leaves."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from random import Random

from bewithu.simulator.acts import BENEFIT, HOUSING, Act
from bewithu.simulator.benefits import benefit, ended
from bewithu.simulator.chance import lag
from bewithu.simulator.housing import Home, first_home, later_homes, moves
from bewithu.simulator.moments import at_office
from bewithu.simulator.people import Person
from bewithu.simulator.places import home
from bewithu.simulator.residence import (
    DECLARES,
    Departure,
    certified,
    declaration,
    declared_at,
    residence,
    struck_off,
)
from bewithu.simulator.stays import Span

# 117 deaths among 57,066 registered and 11,066 struck off, over some 15 months
_DEATHS_A_DAY = 117 / 68_000 / 450
# Those who never declare go unseen; how soon is ours.
_UNSEEN_DAYS = 60.0
_ABROAD = ("returned", "departed")
_STAYS_IN_BELGIUM = ("naturalised", "other_status", "withdrawn")


@dataclass(frozen=True, slots=True)
class Common:
    """What the members of a household share until they leave."""

    acts: Sequence[Act]
    declared: Sequence[tuple[float, str]]
    leaving: Departure


def lives(
    random: Random, members: Sequence[Person], arrived: float, asking: float
) -> Iterator[tuple[Person, list[Act]]]:
    """Each member's acts as they follow each other; `asking` is the share of adults who ask the CPAS."""
    common = _common(random, arrived, len(members))
    with_minors = any(not person.is_adult(arrived) for person in members)
    for place, person in enumerate(members):
        grant: list[Act] = []
        leaving = common.leaving
        if common.declared:
            declared = common.declared[0][0]
            leaving = min(leaving, _death(random, declared), key=lambda departure: departure.moment)
            if person.is_adult(declared) and random.random() < asking:
                grant = benefit(random, _spans(common.declared), _category(place, len(members), with_minors))
        until_then = [act for act in (*common.acts, *grant) if act.moment < leaving.moment]
        until_then.sort(key=lambda act: act.moment)
        yield person, [*until_then, *_closing(until_then, leaving, common)]


def _common(random: Random, arrived: float, size: int) -> Common:
    nis = home(random)
    acts, first = first_home(random, arrived, nis, size)
    sheltered = len(acts) > 1
    acts.insert(0, certified(arrived, nis))
    if random.random() >= DECLARES:
        unseen = first.since + 0.1 + random.expovariate(1 / _UNSEEN_DAYS)
        return Common(acts, (), Departure(unseen, "ex_officio"))
    declared = declaration(random, arrived, first, sheltered)
    homes = [first, *later_homes(random, max(declared, first.since), first)]
    told, leaving = residence(random, declared, homes)
    declarations = [(declared, nis), *_redeclarations(random, homes)]
    acts += moves(homes, size)
    acts += [declared_at(moment, where) for moment, where in declarations]
    return Common([*acts, *told], declarations, leaving)


def _redeclarations(random: Random, homes: Sequence[Home]) -> Iterator[tuple[float, str]]:
    """A household that moves to another municipality declares there, before it may move again."""
    for last, following in pairwise(homes):
        if last.municipality != following.municipality:
            yield at_office(random, following.since, min(16.0, lag(random, 9, 0.5))), following.municipality


def _death(random: Random, declared: float) -> Departure:
    return Departure(declared + random.expovariate(_DEATHS_A_DAY), "deceased")


def _spans(declared: Sequence[tuple[float, str]]) -> list[Span]:
    ends = [moment for moment, _ in declared[1:]] + [math.inf]
    return [Span(since, until, nis) for (since, nis), until in zip(declared, ends, strict=True)]


def _category(place: int, size: int, with_minors: bool) -> str:
    if size == 1:
        return "single"
    return "with_family" if with_minors and place == 0 else "cohabiting"


def _closing(acts: Sequence[Act], leaving: Departure, common: Common) -> Iterator[Act]:
    """The end: home left, struck off, benefit ended; of those who never declared only the first is told."""
    housed = next((act for act in reversed(acts) if act.topic == HOUSING), None)
    if housed and housed.status == "moved_in" and leaving.reason not in _STAYS_IN_BELGIUM:
        destination = "abroad" if leaving.reason in _ABROAD else "unknown"
        detail = {**housed.detail, "destination": destination}
        yield Act(leaving.moment, HOUSING, "moved_out", housed.agency, housed.municipality, detail)
    if not common.declared:
        return
    nis = next(
        (nis for moment, nis in reversed(common.declared) if moment < leaving.moment), common.declared[0][1]
    )
    yield struck_off(leaving, nis)
    granted = next((act for act in reversed(acts) if act.topic == BENEFIT), None)
    if granted and granted.status in ("granted", "changed"):
        yield ended(leaving.moment + 0.01, granted.municipality, _end_of_grant(leaving.reason))


def _end_of_grant(reason: str) -> str:
    if reason == "deceased":
        return "deceased"
    return "no_longer_in_need" if reason in _STAYS_IN_BELGIUM else "left_country"
