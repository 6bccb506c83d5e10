"""The messages that the mails use, and their translations in `alerts/locales`.

`python -m alerts.catalogues` brings the `.po` files up to date with the sources and compiles them. New
messages come in untranslated; a test fails until they are translated.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from alerts.voice import DOMAIN
from schemas.areas import LANGUAGES, Language

SOURCE_LANGUAGE: Final[Language] = "en"

_HERE: Final = Path(__file__).parent
_METHODS: Final = [("**.py", "python"), ("**.jinja", "jinja2")]
_KEYWORDS: Final = {"gettext": None, "_": None, "mark": None, "mark_plural": (1, 2)}


def po_file(language: Language) -> Path:
    return _HERE / "locales" / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def extracted() -> Catalog:
    """Every message in this package's Python files and templates."""
    template = Catalog(domain=DOMAIN, project="bewithu")
    found = extract_from_dir(_HERE, method_map=_METHODS, keywords=_KEYWORDS)
    for file, _, message, comments, context in sorted(found, key=lambda entry: (entry[0], entry[1])):
        template.add(message, locations=[(Path(file).name, 0)], auto_comments=comments, context=context)
    return template


def catalogue(language: Language) -> Catalog:
    """The translations as they stand in the `.po` file."""
    with po_file(language).open("rb") as text:
        return read_po(text, locale=language, domain=DOMAIN)


def compiled(language: Language) -> bytes:
    """What the `.mo` file should hold."""
    binary = io.BytesIO()
    write_mo(binary, catalogue(language))
    return binary.getvalue()


def untranslated(known: Catalog) -> Iterator[str]:
    """Messages of the sources that the catalogue lacks, or translates only in part or not for sure."""
    for message in extracted():
        if not message.id:
            continue
        there = known.get(message.id)
        words = () if there is None else there.string if isinstance(there.string, tuple) else (there.string,)
        expected = known.num_plurals if message.pluralizable else 1
        if there is None or there.fuzzy or len(words) != expected or not all(words):
            yield str(message.id)


def update() -> None:
    """Brings every `.po` file up to date and compiles it."""
    for language in LANGUAGES:
        known = catalogue(language)
        known.update(extracted(), no_fuzzy_matching=True, update_creation_date=False)
        known.obsolete.clear()
        text = io.BytesIO()
        write_po(text, known, include_lineno=False, width=100)
        po_file(language).write_bytes(text.getvalue())
        po_file(language).with_suffix(".mo").write_bytes(compiled(language))


if __name__ == "__main__":
    update()
