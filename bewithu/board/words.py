"""One language of the board: its texts, and how it writes numbers, days and times."""

from __future__ import annotations

import gettext
import io
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from types import MappingProxyType
from typing import Final

from babel import Locale
from babel.dates import format_date, format_datetime, format_timedelta
from babel.lists import format_list
from babel.numbers import format_currency, format_decimal, format_percent

from bewithu.clock import BRUSSELS
from schemas.areas import Language

DOMAIN: Final = "board"

# English as in Great Britain, not as in Belgium: "8.412" would be read as eight and a bit.
LOCALES: Final[Mapping[Language, str]] = MappingProxyType(
    {"nl": "nl_BE", "fr": "fr_BE", "de": "de_BE", "en": "en_GB"}
)
OWN_NAMES: Final[Mapping[Language, str]] = MappingProxyType(
    {"nl": "Nederlands", "fr": "Français", "de": "Deutsch", "en": "English"}
)

MINUS: Final = "\N{MINUS SIGN}"


def mark(message: str) -> str:
    """Marks a text for the catalogues where it is only named; `Words.gettext` translates it later."""
    return message


class Words:
    """Texts and formats of one language."""

    def __init__(self, language: Language) -> None:
        self.language = language
        self.locale = Locale.parse(LOCALES[language])
        catalogue = files("bewithu.board").joinpath("locales", language, "LC_MESSAGES", f"{DOMAIN}.mo")
        self.translations = gettext.GNUTranslations(io.BytesIO(catalogue.read_bytes()))

    def gettext(self, message: str, **values: object) -> str:
        """The text in this language, with `%(name)s` filled in."""
        translated = self.translations.gettext(message)
        return translated % values if values else translated

    def ngettext(self, one: str, many: str, count: int, **values: object) -> str:
        """The text for that count; `%(count)s` is the count as this language writes it."""
        return self.translations.ngettext(one, many, count) % {"count": self.number(count), **values}

    def named(self, names: Mapping[str, str], otherwise: str) -> str:
        """The name in this language, else in English, else what it is called in the code."""
        return names.get(self.language) or names.get("en") or otherwise

    def either(self, names: Sequence[str]) -> str:
        """`a, b or c`."""
        text: str = format_list(list(names), style="or", locale=self.locale)
        return text

    def length(self, length: timedelta) -> str:
        """`3 days`."""
        text: str = format_timedelta(length, threshold=1.5, locale=self.locale)
        return text

    def number(self, value: float, decimals: int = 0) -> str:
        """`8 412`; a real minus sign, so that it does not look like a dash."""
        text: str = format_decimal(value, format=_with_decimals("#,##0", decimals), locale=self.locale)
        return text.replace("-", MINUS)

    def fewer_than(self, count: int) -> str:
        """`< 5`, unbroken."""
        return f"<\N{NO-BREAK SPACE}{self.number(count)}"

    def percentage(self, fraction: float, decimals: int = 0) -> str:
        """`12.5 %` for 0.125."""
        pattern = self.locale.percent_formats[None].pattern
        text: str = format_percent(fraction, format=_with_decimals(pattern, decimals), locale=self.locale)
        return text.replace("-", MINUS)

    def euros(self, amount: float, decimals: int = 0) -> str:
        """An amount with the euro sign where this language puts it."""
        pattern = self.locale.currency_formats["standard"].pattern.replace("0.00", "0")
        text: str = format_currency(
            amount, "EUR", format=_with_decimals(pattern, decimals), locale=self.locale, currency_digits=False
        )
        return text.replace("-", MINUS)

    def day(self, day: date, width: str = "long") -> str:
        """`24 November 2025`; `width` is one of Babel's: full, long, medium, short, or a pattern."""
        text: str = format_date(day, width, locale=self.locale)
        return text

    def moment(self, moment: datetime) -> str:
        """Day and minute in Brussels."""
        local = moment.astimezone(BRUSSELS)
        return f"{self.day(local.date(), 'medium')}, {self.clock_time(moment)}"

    def clock_time(self, moment: datetime) -> str:
        """`22:05`, Brussels time."""
        text: str = format_datetime(moment.astimezone(BRUSSELS), "HH:mm", locale=self.locale)
        return text

    def ago(self, then: datetime, now: datetime) -> str:
        """`2 hours ago`."""
        text: str = format_timedelta(then - now, add_direction=True, locale=self.locale)
        return text


@cache
def words(language: Language) -> Words:
    """The same object each time, as reading a catalogue takes a while."""
    return Words(language)


def plain(name: str) -> str:
    """A key to sort names by: without accents and capitals."""
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().casefold()


def _with_decimals(pattern: str, decimals: int) -> str:
    return pattern.replace("#,##0", "#,##0." + "0" * decimals) if decimals else pattern
