"""What a rule says to its readers, with what is only known when it fires: `In {place} there are {value}.`"""

from __future__ import annotations

from collections.abc import Mapping
from string import Formatter
from typing import Final

from pydantic import model_validator
from pydantic_core import PydanticCustomError

from bewithu.definitions import suggestion
from schemas.areas import LANGUAGES
from schemas.indicators import Texts

#: Each is written in the reader's language: `Province of Liège`, `412 persons`, `150 persons`, `12 March 2022`, and the
#: name of the indicator.
PLACEHOLDERS: Final = ("place", "value", "threshold", "since", "indicator")


class Annotation(Texts):
    """The same text in the four languages. {place}, {value}, {threshold}, {since}, {indicator} are filled in; a brace
    is written twice.
    """

    @model_validator(mode="after")
    def _only_known(self) -> Annotation:
        for language in LANGUAGES:
            if wrong := _wrong(self.in_language(language)):
                raise PydanticCustomError(
                    "annotation", "{language}: {wrong}", {"language": language, "wrong": wrong}
                )
        return self

    def filled(self, language: str, facts: Mapping[str, str]) -> str:
        """`facts`: a value for each of `PLACEHOLDERS`."""
        return self.in_language(language).format_map(facts)


def _wrong(text: str) -> str | None:
    try:
        parts = list(Formatter().parse(text))
    except ValueError:
        return "a single brace: write {{ and }} for braces"
    for _, name, form, conversion in parts:
        if name is None:
            continue
        if name not in PLACEHOLDERS:
            known = suggestion(name, PLACEHOLDERS) or f"; there are {', '.join(PLACEHOLDERS)}"
            return f"nothing is known by {{{name}}}{known}"
        if form or conversion:
            return f"{{{name}}} takes no format"
    return None
