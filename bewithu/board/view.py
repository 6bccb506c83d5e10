"""What a request asks to see: language, area, indicator and day, checked."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from difflib import get_close_matches
from urllib.parse import urlencode

from bewithu.board.data import IndicatorInfo
from bewithu.board.problems import RequestProblem, nearest_of
from bewithu.errors import Unavailable
from schemas.areas import COUNTRY, LANGUAGES, Area, Language, Level, UnknownArea, area, areas, municipalities

# No contract takes an older event.
EARLIEST = date(2000, 1, 1)

DEFAULT_LANGUAGE: Language = "en"


#: Parameters of all pages, in this order in addresses. `map`: the indicator on the start page's map.
PARAMETERS = ("lang", "area", "map", "day")


@dataclass(frozen=True, slots=True)
class View:
    """What to show. `chosen`: the parameters that the address itself names; the others follow a default."""

    language: Language
    area: Area
    indicator: IndicatorInfo
    day: date
    chosen: frozenset[str]

    def address(self, **changes: str) -> str:
        """The start page for this view with some parameters changed (lang, area, map, day)."""
        return _address("/", self._kept() | changes)

    def indicator_address(self, id_: str = "", **changes: str) -> str:
        """The page of an indicator, of this one when none is named."""
        return _address(f"/indicators/{id_ or self.indicator.id}", self._kept("map") | changes)

    def table_address(self) -> str:
        """What that page shows, as a CSV file. Of the day that is shown, whichever is the newest when it is opened."""
        return _address(
            f"/indicators/{self.indicator.id}.csv", self._kept("map") | {"day": self.day.isoformat()}
        )

    def alerts_address(self, **changes: str) -> str:
        return _address("/alerts", self._kept("map", "day") | changes)

    def alert_address(self, fingerprint: str, **changes: str) -> str:
        return _address(f"/alerts/{fingerprint}", self._kept("map", "day", "area") | changes)

    def methods_address(self, id_: str = "", **changes: str) -> str:
        anchor = f"#{id_}" if id_ else ""
        return _address("/methods", self._kept("map", "day") | changes) + anchor

    def note_address(self, **changes: str) -> str:
        """The monthly note of the area, of the last complete month when none is named."""
        return _address("/note", self._kept("map", "day") | changes)

    def note_pdf_address(self, **changes: str) -> str:
        return _address("/note.pdf", self._kept("map", "day") | changes)

    def _kept(self, *left_out: str) -> dict[str, str]:
        own = {
            "lang": self.language,
            "area": self.area.code,
            "map": self.indicator.id,
            "day": self.day.isoformat(),
        }
        return {name: value for name, value in own.items() if name in self.chosen and name not in left_out}


def _address(path: str, parameters: Mapping[str, str]) -> str:
    query = urlencode(
        {name: value for name, value in parameters.items() if value and (name != "area" or value != COUNTRY)}
    )
    return f"{path}?{query}" if query else path


def read_view(
    query: Mapping[str, str],
    accept_language: str,
    infos: Sequence[IndicatorInfo],
    latest: date,
    indicator: str | None = None,
) -> View:
    """`indicator`: the one that the path names. Raises `RequestProblem` that names the first wrong parameter."""
    named = indicator or query.get("map")
    return View(
        language=read_language(query.get("lang"), accept_language),
        area=read_area(query.get("area")),
        indicator=read_indicator(named, infos) if named else _first(infos),
        day=read_day(query.get("day"), latest),
        chosen=frozenset(name for name in PARAMETERS if query.get(name)),
    )


def read_language(text: str | None, accept_language: str) -> Language:
    """The language asked for, or else the best of those that the browser accepts."""
    if not text:
        return _accepted(accept_language)
    for language in LANGUAGES:
        if text == language:
            return language
    raise RequestProblem(400, "lang", text, f"one of {', '.join(LANGUAGES)}", nearest_of(text, LANGUAGES))


def read_area(text: str | None) -> Area:
    """The area with that code, Belgium when empty."""
    try:
        return area(text or COUNTRY)
    except UnknownArea as error:
        merged = municipalities().get(str(text))
        nearest = (merged.current_nis,) if merged else _codes_like(str(text))
        expected = f"a NIS code of today's geography or {COUNTRY!r}"
        raise RequestProblem(404, "area", str(text), expected, nearest) from error


def read_indicator(text: str, infos: Sequence[IndicatorInfo]) -> IndicatorInfo:
    """The indicator with that id."""
    by_id = {info.id: info for info in infos}
    if text in by_id:
        return by_id[text]
    raise RequestProblem(404, "indicator", text, f"one of {', '.join(by_id)}", nearest_of(text, by_id))


def read_day(text: str | None, latest: date, field: str = "day") -> date:
    """A day that values can be asked for, the latest when empty."""
    if not text:
        return latest
    try:
        day = date.fromisoformat(text)
    except ValueError:
        day = None
    # fromisoformat also takes 20251124 and 2025-W48-1, which would make several addresses of one page
    if day is None or text != day.isoformat() or not EARLIEST <= day <= latest:
        raise RequestProblem(400, field, text, f"a day as YYYY-MM-DD from {EARLIEST} to {latest}")
    return day


def read_moment(text: str | None, latest: datetime, field: str) -> datetime | None:
    """A moment up to now, with its offset or in UTC; None when empty."""
    if not text:
        return None
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        moment = None
    aware = moment if moment is None or moment.tzinfo else moment.replace(tzinfo=UTC)
    if aware is None or aware > latest or aware.date() < EARLIEST:
        raise RequestProblem(
            400, field, text, f"a moment like 2025-03-04T09:30:00Z from {EARLIEST} up to now"
        )
    return aware


def read_level(text: str | None) -> Level:
    """A level of areas, municipalities when empty."""
    try:
        return Level(text or Level.MUNICIPALITY)
    except ValueError as error:
        expected = f"one of {', '.join(Level)}"
        raise RequestProblem(400, "level", str(text), expected, nearest_of(str(text), Level)) from error


def read_limit(text: str | None, default: int, most: int) -> int:
    """How many rows to give at most."""
    if not text:
        return default
    if text.isascii() and text.isdecimal() and len(text) < 10 and 1 <= int(text) <= most:
        return int(text)
    raise RequestProblem(400, "limit", text, f"a whole number from 1 to {most}")


def check_parameters(given: Collection[str], known: Sequence[str]) -> None:
    """A misspelt or repeated parameter would otherwise be ignored, and the answer be about something else."""
    for name in given:
        if name not in known:
            expected = f"a parameter among {', '.join(known)}" if known else "no parameters"
            raise RequestProblem(400, "parameter", name, expected, nearest_of(name, known))
    repeated = [name for name in known if list(given).count(name) > 1]
    if repeated:
        raise RequestProblem(400, "parameter", repeated[0], "each parameter once")


def _first(infos: Sequence[IndicatorInfo]) -> IndicatorInfo:
    if not infos:
        raise Unavailable("the board", "no indicators are defined yet")
    return next((info for info in infos if info.headline), infos[0])


def _codes_like(text: str) -> tuple[str, ...]:
    """Up to two codes of areas whose code or name looks like the text."""
    codes: dict[str, str] = {}
    for each in areas().values():
        for word in (each.code, *each.names.values()):
            codes.setdefault(word.casefold(), each.code)
    words = get_close_matches(text.casefold()[:100], list(codes), n=2, cutoff=0.7)
    return tuple(dict.fromkeys(codes[word] for word in words))


def _accepted(header: str) -> Language:
    """The best match for an Accept-Language header, such as `fr-BE, fr;q=0.9, en;q=0.8`."""
    wanted: list[tuple[float, Language]] = []
    for part in header.split(","):
        tag, _, weight = part.strip().partition(";q=")
        try:
            quality = float(weight or 1)
        except ValueError:
            continue
        wanted += [
            (quality, language)
            for language in LANGUAGES
            if quality > 0 and tag.partition("-")[0].strip().lower() == language
        ]
    return max(wanted, key=lambda each: each[0])[1] if wanted else DEFAULT_LANGUAGE
