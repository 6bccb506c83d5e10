"""Names of agencies, from their codes: `dvz`, `fedasil`, `cpas-62063` (the one of the municipality 62063)."""

from __future__ import annotations

from collections.abc import Sequence

from bewithu.board.labels import AGENCIES, LOCAL_AGENCIES, LOCAL_AGENCIES_TOGETHER, label
from bewithu.board.words import Words
from schemas import agencies
from schemas.areas import area, municipalities


def sort_of(code: str) -> str | None:
    """`cpas` for `cpas-62063`; None for an agency that there is only one of."""
    sort, _, nis = code.partition("-")
    return sort if sort in LOCAL_AGENCIES and nis in municipalities() else None


def municipality_of(code: str) -> str:
    """Today's code of a local agency's municipality."""
    return municipalities()[code.partition("-")[2]].current_nis


def agency_name(code: str, words: Words) -> str:
    """An agency's name in that language, of a sort of local agencies theirs; the code where there is no name."""
    sort = sort_of(code)
    if sort is not None:
        return f"{label(LOCAL_AGENCIES, sort, words)} {area(municipality_of(code)).name(words.language)}"
    if code in LOCAL_AGENCIES:
        return label(LOCAL_AGENCIES_TOGETHER, code, words)
    return label(AGENCIES, code, words) if code in AGENCIES else agencies.agency_names(code)[words.language]


def agency_names(codes: Sequence[str], words: Words) -> str:
    """The names in one line; all local agencies of one sort count once."""
    names = (agency_name(sort_of(code) or code, words) for code in codes)
    return ", ".join(dict.fromkeys(names))
