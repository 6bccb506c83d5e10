"""What a rule says, with what is only known when it fires."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest
from pydantic import ValidationError

from alerts.bulletin import bulletin
from alerts.letter import page
from alerts.rules import Rule
from alerts.webhook import payload
from tests.alerts.samples import ARRIVALS, letter, letters, rule

TEXT = "{place}: {value} ({threshold}) since {since}, {indicator}. {{}}"


def saying(text: str) -> Rule:
    return rule(summary=dict.fromkeys(("nl", "fr", "de", "en"), text))


def test_what_is_known_is_filled_in_in_the_readers_language() -> None:
    told = {
        language: page(replace(letter(language, "firing"), rule=saying(TEXT))).summary
        for language in ("nl", "fr", "de", "en")
    }
    assert told == {
        "nl": "Provincie Luik: 412 personen (150 personen) since 12 maart 2022, Aankomsten in noodopvang, 7 dagen. {}",
        "fr": "Province de Liège: 412 personnes (150 personnes) since 12 mars 2022, "
        "Arrivées en hébergement d’urgence, 7 jours. {}",
        "de": "Provinz Lüttich: 412 Personen (150 Personen) since 12. März 2022, "
        "Ankünfte in Notunterkünften, 7 Tage. {}",
        "en": "Province of Liège: 412 persons (150 persons) since 12 March 2022, "
        "Arrivals in emergency housing, 7 days. {}",
    }


def test_of_several_places_the_worst_stands_for_all() -> None:
    found = bulletin([replace(each, rule=saying("worst: {place}")) for each in letters("en")[:2]])
    assert [section.summary for section in found.sections] == ["worst: Province of Liège"]


def test_webhooks_get_it_in_english() -> None:
    posted = payload(letter("nl", "firing").transition, saying("{value}"), ARRIVALS, "hook", "http://board")
    assert posted["commonAnnotations"]["summary"] == "412 persons"


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("{valu} persons", "nl: nothing is known by {valu} (did you mean 'value'?)"),
        ("{}", "nothing is known by {}"),
        ("{0}", "nothing is known by {0}"),
        ("{value.real}", "nothing is known by {value.real}"),
        ("{value!r}", "{value} takes no format"),
        ("{value:>9}", "{value} takes no format"),
        ("a { brace", "a single brace: write {{ and }} for braces"),
        ("a } brace", "a single brace: write {{ and }} for braces"),
    ],
)
def test_what_cannot_be_filled_in_is_a_problem_of_the_rule(text: str, problem: str) -> None:
    with pytest.raises(ValidationError) as caught:
        saying(text)
    assert problem in str(caught.value)


def test_a_value_with_braces_is_left_as_it_is() -> None:
    words: dict[str, Any] = dict.fromkeys(("place", "value", "threshold", "since", "indicator"), "{place}")
    assert saying("{value}").summary.filled("en", words) == "{place}"
