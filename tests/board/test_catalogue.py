"""Translations: complete, in step with the code, compiled."""

from __future__ import annotations

import re
from collections.abc import Sequence

import pytest

from bewithu.board.catalogue import HERE, compiled, po_file, read_translations, texts
from bewithu.board.labels import REASONS
from schemas.areas import LANGUAGES, Language
from schemas.rules import __doc__ as rule_reasons

PLACEHOLDER = re.compile(r"%\(\w+\)s")


def strings(message: str | Sequence[str] | None) -> list[str]:
    """Singular and plural, or the only one."""
    return [message] if isinstance(message, str) else list(message or [])


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_is_translated_and_nothing_else_is(language: Language) -> None:
    wanted = {message.id for message in texts() if message.id}
    translated = {message.id: message for message in read_translations(language) if message.id}
    assert set(translated) == wanted, "run: python -m bewithu.board.catalogue"
    assert all(all(strings(message.string)) and not message.fuzzy for message in translated.values())


@pytest.mark.parametrize("language", LANGUAGES)
def test_translations_keep_the_places_for_numbers_and_names(language: Language) -> None:
    for message in read_translations(language):
        expected = {tuple(sorted(PLACEHOLDER.findall(text))) for text in strings(message.id)}
        assert {
            tuple(sorted(PLACEHOLDER.findall(text))) for text in strings(message.string)
        } == expected or not message.id


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_the_board_reads_is_what_the_translators_wrote(language: Language) -> None:
    catalogue = read_translations(language)
    assert po_file(language).with_suffix(".mo").read_bytes() == compiled(catalogue), (
        "run: python -m bewithu.board.catalogue"
    )


@pytest.mark.parametrize("language", ["nl", "fr", "de"])
def test_only_words_that_are_the_same_stay_the_same(language: Language) -> None:
    same = {
        str(message.id)
        for message in read_translations(language)
        if message.id == message.string and message.id
    }
    allowed = {
        "nl": {
            "1 week",
            "status",
            "Indicator",
            "Provinces",
            "%(what)s: %(which)s",
            "provisional",
            "arrondissement",
            "School",
        },
        "fr": {
            "Arrondissements",
            "Provinces",
            "places",
            "certificates",
            "arrondissement",
            "province",
            "Source",
        },
        "de": {"%(what)s: %(which)s"},
    }
    assert same <= allowed[language]


@pytest.mark.parametrize(
    ("language", "terms"),
    [
        ("nl", {"Ontheemden", "(OCMW)", "Dienst Vreemdelingenzaken", "Rijksregister"}),
        ("fr", {"Personnes déplacées", "(CPAS)", "Office des étrangers", "Registre national"}),
        ("de", {"Vertriebene", "(ÖSHZ)", "Ausländeramt", "Nationalregister"}),
    ],
)
def test_the_official_terms_are_used(language: Language, terms: set[str]) -> None:
    said = " | ".join(text for message in read_translations(language) for text in strings(message.string))
    assert {term for term in terms if term not in said} == set()


def test_french_keeps_its_space_before_two_part_signs_unbroken() -> None:
    for message in read_translations("fr"):
        for text in strings(message.string) if message.id else []:
            assert not re.search(r" [:;?!»]|« ", text), text


def test_every_reason_of_the_contracts_has_a_name() -> None:
    reasons = set(
        re.findall(r"`([a-z]+(?:_[a-z]+)*)`", (rule_reasons or "").partition("refuses, with reason")[2])
    )
    codes = {"bad_format", "missing", "unknown_value", "national_number", "in_future", "out_of_range"}
    assert codes <= reasons
    assert {reason for reason in reasons if reason in codes | {"wrong_order", "too_early", "too_old"}} <= set(
        REASONS
    )


def test_templates_have_no_text_of_their_own() -> None:
    for template in sorted(HERE.joinpath("templates").glob("*.html")):
        bare = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", template.read_text("utf-8"), flags=re.DOTALL)
        said = set(re.findall(r"[^\W\d_]{2,}", re.sub(r"<[^>]*>", " ", bare)))
        assert said <= {"bewithu"}, template.name
