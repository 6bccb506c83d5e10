"""What is defined, as dashboards read it from the store (sinks/clickhouse/description.py)."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence

from alerts.rules import Rule
from bewithu.board.agencies import agency_name
from bewithu.board.labels import AGENCIES, LOCAL_AGENCIES, REASONS, label
from bewithu.board.words import Words
from schemas.agencies import agency_codes
from schemas.areas import LANGUAGES, municipalities
from schemas.indicators import (
    Change,
    Derived,
    Indicator,
    Indicators,
    Ratio,
    counts_persons,
    sides_of,
)
from schemas.symbols import field_name, symbol_name
from sinks.clickhouse.description import Described, Description, Name
from sinks.clickhouse.published import breakdown_values


def description(indicators: Indicators, rules: Sequence[Rule]) -> Description:
    """Of these definitions."""
    described = [_described(found, indicators) for found in indicators.values()]
    parts = {part for each in described for part in each.breakdowns}
    return Description(
        described,
        [
            *_indicator_names(indicators.values()),
            *_named("agency", _agencies(), agency_name),
            *_named("breakdown", sorted(parts), breakdown_name),
            *_named("reason", REASONS, lambda code, words: label(REASONS, code, words)),
        ],
        {rule.id: rule.severity for rule in rules},
    )


def breakdown_name(part: str, words: Words) -> str:
    """`Sex: women and girls` for sex=female; of several fields all of them."""
    language = words.language
    named = (each.split("=", 1) for each in part.split(";"))
    return " · ".join(
        f"{field_name(field, language)}: {symbol_name(field, symbol, language)}" for field, symbol in named
    )


def _described(indicator: Indicator, indicators: Indicators) -> Described:
    first, second = sides_of(indicator) if isinstance(indicator, Derived) else (indicator.id, "")
    is_share = isinstance(indicator, Change) and indicator.relative
    return Described(
        indicator=indicator.id,
        kind="relative change" if is_share else indicator.kind,
        unit=indicator.unit,
        headline=indicator.headline or 0,
        minimum_cell=indicator.minimum_cell,
        counts_persons=counts_persons(indicator),
        usual_delay_days=indicator.usual_delay_days,
        publishers=indicator.publishers,
        breakdowns=tuple(part for family in breakdown_values(indicator, indicators) for part in family),
        first=first,
        second=second,
        days=indicator.days if isinstance(indicator, Change) else 0,
        per=indicator.per if isinstance(indicator, Ratio) else 1,
    )


def _indicator_names(indicators: Iterable[Indicator]) -> Iterator[Name]:
    for found in indicators:
        for sort, texts in (("indicator", found.name), ("explanation", found.explanation)):
            yield Name(
                sort, found.id, *(texts.in_language(language) for language in ("nl", "fr", "de", "en"))
            )


def _agencies() -> Iterator[str]:
    """Every code that an agency may have, and those for all of a sort."""
    yield from sorted({*agency_codes(), *AGENCIES, *LOCAL_AGENCIES})
    for sort in sorted(LOCAL_AGENCIES):
        yield from (f"{sort}-{nis}" for nis in sorted(municipalities()))


def _named(sort: str, codes: Iterable[str], name: Callable[[str, Words], str]) -> Iterator[Name]:
    words = {language: Words(language) for language in LANGUAGES}
    for code in codes:
        yield Name(sort, code, *(name(code, words[language]) for language in ("nl", "fr", "de", "en")))
