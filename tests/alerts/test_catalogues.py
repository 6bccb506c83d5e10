"""The translations are complete, current and compiled."""

from __future__ import annotations

import io
import re
from collections.abc import Mapping

import pytest
from babel.messages.catalog import Catalog
from babel.messages.mofile import read_mo

from alerts.catalogues import SOURCE_LANGUAGE, catalogue, compiled, extracted, po_file, untranslated
from schemas.areas import LANGUAGES, Language

TRANSLATED = [language for language in LANGUAGES if language != SOURCE_LANGUAGE]


def forms(text: object) -> tuple[str, ...]:
    """The one form of a message, or its forms for one and many."""
    return tuple(map(str, text)) if isinstance(text, tuple | list) else (str(text or ""),)


def words(found: Catalog) -> Mapping[tuple[str, ...], tuple[str, ...]]:
    return {
        forms(message.id): forms(message.string)
        for message in found
        if message.id and any(forms(message.string))
    }


@pytest.mark.parametrize("language", TRANSLATED)
def test_every_message_is_translated(language: Language) -> None:
    assert list(untranslated(catalogue(language))) == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_catalogue_keeps_a_message_that_the_mails_no_longer_use(language: Language) -> None:
    wanted = {message.id for message in extracted() if message.id}
    assert len(wanted) > 30
    assert {message.id for message in catalogue(language) if message.id} == wanted


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_compiled_catalogue_is_current(language: Language) -> None:
    with po_file(language).with_suffix(".mo").open("rb") as stored:
        assert words(read_mo(stored)) == words(read_mo(io.BytesIO(compiled(language))))


@pytest.mark.parametrize("language", TRANSLATED)
def test_a_translation_keeps_the_placeholders_of_its_message(language: Language) -> None:
    for source, translation in words(catalogue(language)).items():
        wanted = {tuple(sorted(re.findall(r"%\(\w+\)s", form))) for form in source}
        assert {tuple(sorted(re.findall(r"%\(\w+\)s", form))) for form in translation} == wanted


def test_a_message_that_no_catalogue_has_is_reported() -> None:
    assert "ALERT" in list(untranslated(Catalog(locale="nl")))
