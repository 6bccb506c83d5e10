"""The reasons for which a record is refused, and what its agency does about each (`schemas/reasons.yaml`)."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib.resources import files

from bewithu.definitions import read, validate
from schemas.areas import Language
from schemas.indicators import Texts


@cache
def reasons() -> Mapping[str, Texts]:
    """What to do, by reason. Raises `DefinitionError` when the file is wrong."""
    return validate(read(files("schemas") / "reasons.yaml"), dict[str, Texts])


def advice(reason: str, language: Language) -> str:
    """What to do about a reason; '' for one that only another version of bewithu gives."""
    known = reasons().get(reason)
    return known.in_language(language) if known else ""
