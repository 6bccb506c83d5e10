"""Rules, readings, coordinators and letters that several tests of `alerts` use."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from typing import Any

import numpy as np

from alerts.address_book import AddressBook, Coordinator
from alerts.judging import Finding, Series, findings
from alerts.letter import Letter
from alerts.ports import IndicatorText, Publisher
from alerts.routing import Route
from alerts.rules import Rule, load_rules
from schemas.alerting import Kind, Reading, Transition
from schemas.areas import Language
from schemas.indicators import load_indicators

NOON = datetime(2022, 3, 14, 11, 2, tzinfo=UTC)
DAY = NOON.date()
LIEGE = "60000"
INDICATORS = (
    "arrivals_emergency_housing_7d",
    "persons_emergency_housing",
    "registrations_7d",
    "share_protected_on_living_wage",
)


def rule(**changes: Any) -> Rule:
    """Arrivals above 150 in a province for two days, or what `changes` make of it (`for_` for `for`)."""
    words = {language: f"text in {language}" for language in ("nl", "fr", "de", "en")}
    fields: dict[str, Any] = {
        "id": "arrivals_high",
        "indicator": "arrivals_emergency_housing_7d",
        "level": "province",
        "condition": {"above": 150},
        "for": changes.pop("for_", "2d"),
        "severity": "warning",
        "summary": words,
        "action": words,
    }
    return Rule.model_validate(fields | changes)


def reading(value: float | None, area: str = LIEGE, day: date = DAY) -> Reading:
    return Reading("arrivals_emergency_housing_7d", area, day, value)


def series(
    values: Sequence[Sequence[float | None]],
    parents: Sequence[Sequence[float | None]] | None = None,
    numerators: Sequence[float] | None = None,
    denominators: Sequence[float] | None = None,
    silent: Sequence[bool] | None = None,
) -> Series:
    """`values`: a row of days for each area. Unless given, parents are the same, sides 1 and none silent."""
    rows = np.array(values, np.float64)
    ones = np.ones(len(rows))
    return Series(
        values=rows,
        parents=rows if parents is None else np.array(parents, np.float64),
        numerators=ones if numerators is None else np.array(numerators, np.float64),
        denominators=ones if denominators is None else np.array(denominators, np.float64),
        silent=np.full(len(rows), False) if silent is None else np.array(silent),
        nothing=0.0,
    )


def finding(watched: Rule, value: float | None, day: date = DAY, silent: bool = False) -> Finding:
    """What a rule finds in Liège, when all that it looks at is that day's value."""
    panel = {watched.indicator: series([[value]], silent=[silent])}
    (found,) = findings(watched, [LIEGE], panel, day, provisional=True)
    return found


def transition(kind: Kind = "firing", number: int = 2, area: str = LIEGE, **changes: Any) -> Transition:
    fields: dict[str, Any] = {
        "id": f"{area}{number:027}",
        "rule": "arrivals_high",
        "area": area,
        "number": number,
        "kind": kind,
        "at": NOON,
        "since": NOON - timedelta(days=2),
        "indicator": "arrivals_emergency_housing_7d",
        "day": NOON.date(),
        "value": 412.0,
        "threshold": 150.0,
        "provisional": True,
        "reason": "412 is above 150, for 2d",
    }
    return Transition(**(fields | changes))


def coordinator(email: str, *areas: str, language: Language = "en", **changes: Any) -> Coordinator:
    fields = {"name": email.partition("@")[0].title(), "email": email, "language": language, "areas": areas}
    return Coordinator.model_validate(fields | changes)


def book(*coordinators: Coordinator) -> AddressBook:
    """Who are told at once, all alerts of one rule in one mail."""
    return AddressBook(
        contact="book@example.invalid", coordinators=coordinators, routing=Route(group_wait=timedelta(0))
    )


ARRIVALS = IndicatorText(
    id="arrivals_emergency_housing_7d",
    names={
        "nl": "Aankomsten in noodopvang, 7 dagen",
        "fr": "Arrivées en hébergement d’urgence, 7 jours",
        "de": "Ankünfte in Notunterkünften, 7 Tage",
        "en": "Arrivals in emergency housing, 7 days",
    },
    explanations={
        "nl": "Ontheemden die in de zeven dagen tot en met deze dag hun intrek namen in een transitcentrum, "
        "een nooddorp, een hotel of een collectieve opvangplaats.",
        "fr": "Personnes déplacées qui ont emménagé, au cours des sept jours se terminant ce jour, dans un "
        "centre de transit, un village d’urgence, un hôtel ou un hébergement collectif.",
        "de": "Vertriebene, die in den sieben Tagen bis zu diesem Tag in ein Transitzentrum, ein Notdorf, "
        "ein Hotel oder eine Sammelunterkunft eingezogen sind.",
        "en": "Displaced people who moved into a transit centre, an emergency village, a hotel or collective "
        "housing during the seven days up to and including this day.",
    },
    unit="persons",
    publishers=(
        Publisher("fedasil", dict.fromkeys(("nl", "fr", "de", "en"), "Fedasil")),
        Publisher(
            "gov60000",
            {
                "nl": "Gouverneur van Luik",
                "fr": "Gouverneur de Liège",
                "de": "Gouverneur von Lüttich",
                "en": "Governor of Liège",
            },
        ),
    ),
)

_VALUES = (96, 101, 99, None, 118, 131, 127, 139, 144, 148, 149, 187, 263, 412)


def letter(language: Language, kind: Kind) -> Letter:
    """The mail on the demo's provincial rule in Liège, which fires on 14 March 2022.

    It is told again a week later, is over on 19 March, or was wrong by what is known on 17 March.
    """
    shipped = {each.id: each for each in load_rules(load_indicators(files("streams.indicators")))}
    alert = shipped["arrivals_emergency_housing_province"]
    step = transition(rule=alert.id, id="4f9d1c7a52e84b0b9a6d3e1f70c25b88")
    values = list(_VALUES)
    if kind == "resolved":
        at = NOON + timedelta(days=5, minutes=38)
        step = transition(
            "resolved",
            3,
            rule=alert.id,
            id="b1e0c3d95f7a4862",
            at=at,
            day=at.date(),
            value=149.0,
            provisional=False,
        )
        values = [*_VALUES[5:], 405, 320, 251, 178, 149]
    if kind == "reminded":
        at = NOON + timedelta(days=7)
        step = replace(step, id="7c20be41aa935d6e", number=3, kind=kind, at=at, day=at.date(), value=405.0)
        values = [*_VALUES[7:], 420, 431, 418, 410, 409, 411, 405]
    if kind == "retracted":
        at = NOON + timedelta(days=3)
        step = replace(
            step, id="e8d14f6620b7a95c", number=3, kind=kind, at=at, value=131.0, provisional=False
        )
        values = [*_VALUES[:-1], 131]
    first = step.day - timedelta(days=len(values) - 1)
    history = tuple(
        reading(value, day=first + timedelta(days=index))
        for index, value in enumerate(values)
        if value is not None
    )
    return Letter(
        transition=step,
        rule=alert,
        coordinator=coordinator("gouverneur@liege.example.invalid", LIEGE, "63023", language=language),
        indicator=ARRIVALS,
        history=history,
        last_heard={"fedasil": NOON - timedelta(minutes=7)},
        board="https://bewithu.example.invalid",
        contact="address-book@crisiscentre.example.invalid",
    )


def letters(language: Language) -> list[Letter]:
    """What a governor might find in the morning: two provinces above the threshold, one no longer, one withdrawn."""
    fires = letter(language, "firing")
    hainaut = replace(fires.transition, id="hainaut", area="50000", value=300.0, provisional=False)
    country = coordinator("permanence@crisiscentre.example.invalid", "BE", language=language)
    withdrawn = replace(letter(language, "retracted").transition, area="90000")
    over = replace(letter(language, "resolved").transition, area="80000")
    found = [fires.transition, hainaut, over, withdrawn]
    return [replace(fires, transition=step, coordinator=country, history=()) for step in found]
