"""Speaks one of the four languages: messages from the catalogues, numbers and dates by Babel."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from functools import cache
from importlib.resources import files
from typing import Final, Literal

from babel.core import Locale
from babel.dates import format_date, format_time, format_timedelta
from babel.numbers import format_currency, format_decimal, format_percent
from babel.support import Translations

from bewithu.clock import BRUSSELS
from schemas.areas import Language

DOMAIN: Final = "bewithu"

# en_BE writes 1.234,5, which readers of English take for one and a bit.
_LOCALES: Final[Mapping[Language, str]] = {"nl": "nl_BE", "fr": "fr_BE", "de": "de_BE", "en": "en_GB"}


def mark(message: str) -> str:
    """Puts a message into the catalogues (see `alerts.catalogues`); it is translated where it is used."""
    return message


def mark_plural(one: str, many: str) -> tuple[str, str]:
    """As `mark`, with the message for one and for many."""
    return one, many


_UNITS: Final[Mapping[str, tuple[str, str]]] = {
    "persons": mark_plural("%(number)s person", "%(number)s persons"),
    "files": mark_plural("%(number)s file", "%(number)s files"),
    "households": mark_plural("%(number)s household", "%(number)s households"),
    "certificates": mark_plural("%(number)s certificate", "%(number)s certificates"),
    "places": mark_plural("%(number)s place", "%(number)s places"),
    "days": mark_plural("%(number)s day", "%(number)s days"),
}


class Voice:
    """Everything that depends on the reader's language. Use `voice(language)`."""

    def __init__(self, language: Language) -> None:
        self.language: Final = language
        self.locale: Final = Locale.parse(_LOCALES[language])
        catalogue = files("alerts") / "locales" / language / "LC_MESSAGES" / f"{DOMAIN}.mo"
        with catalogue.open("rb") as compiled:
            self.translations: Final = Translations(compiled, domain=DOMAIN)

    def gettext(self, message: str, **values: str) -> str:
        translated: str = self.translations.ugettext(message)
        return translated % values if values else translated

    def counted(self, words: tuple[str, str], number: int, **values: str) -> str:
        """`words`: as marked by `mark_plural`; `number` is one of the values."""
        translated: str = self.translations.ungettext(*words, number)
        return translated % {"number": self.figure(number, ""), **values}

    def amount(self, value: float, unit: str) -> str:
        """A number with its unit: `412 persons`, `62%`, `€1,200`. An unknown unit is left as it is."""
        number = self.figure(value, unit)
        if unit in ("%", "EUR"):
            return number
        if unit not in _UNITS:
            return f"{number} {unit}"
        one, many = _UNITS[unit]
        count = int(value) if value == int(value) else 2
        translated: str = self.translations.ungettext(one, many, count)
        return translated % {"number": number}

    def figure(self, value: float, unit: str) -> str:
        """As `amount`, without the word: `412`, `62%`, `€1,200`; at most one decimal."""
        if unit == "%":
            pattern = self.locale.percent_formats[None].pattern.replace("#,##0", "#,##0.#")
            return str(format_percent(value, format=pattern, locale=self.locale))
        if unit == "EUR":
            pattern = self.locale.currency_formats["standard"].pattern.replace(".00", "")
            whole = round(value)
            return str(
                format_currency(whole, "EUR", format=pattern, currency_digits=False, locale=self.locale)
            )
        return str(format_decimal(round(value, 1), locale=self.locale))

    def day(self, day: date) -> str:
        """`14 March 2022`"""
        return str(format_date(day, format="long", locale=self.locale))

    def short_day(self, day: date) -> str:
        """`Mon 14 Mar`, for the axis of a chart."""
        return str(format_date(day, format="EEE d MMM", locale=self.locale))

    def moment(self, moment: datetime) -> str:
        """`14 March 2022 at 10:02`, in Belgian time."""
        local = moment.astimezone(BRUSSELS)
        time = str(format_time(local, format="short", locale=self.locale))
        return self.gettext("%(date)s at %(time)s", date=self.day(local.date()), time=time)

    def length(self, length: timedelta) -> str:
        """`2 days`, `5 hours`, `10 minutes`: the largest of these units that fits, rounded down."""
        if length >= timedelta(days=1):
            return self._counted(timedelta(days=length.days), "day")
        if length >= timedelta(hours=1):
            return self._counted(timedelta(hours=length // timedelta(hours=1)), "hour")
        return self._counted(max(length, timedelta(minutes=1)), "minute")

    def _counted(self, length: timedelta, unit: Literal["day", "hour", "minute"]) -> str:
        # A threshold that nothing reaches keeps Babel from moving on to weeks and months, which it rounds.
        return str(format_timedelta(length, granularity=unit, threshold=1e9, locale=self.locale))


@cache
def voice(language: Language) -> Voice:
    """The one Voice of a language; reading a catalogue takes a few milliseconds."""
    return Voice(language)
