"""Keeps the translations in step with the texts: `python -m bewithu.board.catalogue`.

Texts are English in the code and the templates. This adds new ones to each `locales/<language>/LC_MESSAGES/board.po`,
drops the ones that are gone, and compiles the `.mo` files that the board reads.
"""

from __future__ import annotations

import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from babel.messages.catalog import Catalog
from babel.messages.extract import extract_from_dir
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po

from bewithu.board.words import DOMAIN
from schemas.areas import LANGUAGES, Language

_NO_DATE = datetime(2025, 1, 1, tzinfo=UTC)

HERE = Path(__file__).parent

_METHODS = [("templates/**.html", "jinja2.ext:babel_extract"), ("**.py", "python")]
_KEYWORDS: dict[str, Any] = {"_": None, "gettext": None, "mark": None, "ngettext": (1, 2)}
_OPTIONS = {"templates/**.html": {"trimmed": "false", "silent": "false"}}


def texts() -> Catalog:
    """Every text in the code and the templates, in the order of their files."""
    catalogue = Catalog(domain=DOMAIN, project="bewithu", charset="utf-8")
    found = extract_from_dir(HERE, _METHODS, options_map=_OPTIONS, keywords=_KEYWORDS)
    for file, _line, message, _comments, context in sorted(found, key=lambda each: (each[0], each[1])):
        catalogue.add(message, locations=[(Path(file).as_posix(), 0)], context=context)
    return catalogue


def po_file(language: Language) -> Path:
    return HERE / "locales" / language / "LC_MESSAGES" / f"{DOMAIN}.po"


def read_translations(language: Language) -> Catalog:
    """The translations as they are written in the `.po` file; none where there is no such file yet."""
    path = po_file(language)
    if path.exists():
        with path.open("rb") as stream:
            catalogue = read_po(stream, locale=language, domain=DOMAIN)
    else:
        catalogue = Catalog(locale=language, domain=DOMAIN, charset="utf-8", fuzzy=False)
    catalogue.header_comment = (
        "# Texts of the board. `python -m bewithu.board.catalogue` brings this file in step with the code."
    )
    # Git knows who changed what and when; a date here would make every run a change.
    catalogue.project, catalogue.version = "bewithu", "board"
    catalogue.creation_date = catalogue.revision_date = _NO_DATE
    catalogue.last_translator, catalogue.language_team = "bewithu", language
    catalogue.msgid_bugs_address = ""
    return catalogue


def compiled(catalogue: Catalog) -> bytes:
    """The content of the `.mo` file; it depends on the translations alone."""
    stream = io.BytesIO()
    write_mo(stream, catalogue)
    return stream.getvalue()


def update(language: Language) -> int:
    """Brings one language in step; returns how many texts wait for a translation."""
    catalogue = read_translations(language)
    catalogue.update(texts(), no_fuzzy_matching=True, update_creation_date=False)
    catalogue.obsolete.clear()
    path = po_file(language)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("wb") as stream:
        write_po(stream, catalogue, width=110, include_lineno=False, ignore_obsolete=True)
    path.with_suffix(".mo").write_bytes(compiled(catalogue))
    return sum(not _is_translated(message.string) for message in catalogue if message.id)


def _is_translated(string: Any) -> bool:
    return all(string) if isinstance(string, tuple | list) else bool(string)


def main() -> None:
    for language in LANGUAGES:
        waiting = update(language)
        print(f"{po_file(language)}: {waiting} texts wait for a translation")


if __name__ == "__main__":
    main()
