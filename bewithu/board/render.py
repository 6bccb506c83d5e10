"""Pages as HTML, in one of four languages."""

from __future__ import annotations

from datetime import date
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined

from bewithu.board.act_page import LONGEST_REASON, ActPage
from bewithu.board.assets import assets
from bewithu.board.data import IndicatorInfo
from bewithu.board.origin import OriginPage
from bewithu.board.page import Page
from bewithu.board.view import EARLIEST
from bewithu.board.words import OWN_NAMES, Words, mark, plain, words
from schemas.areas import LANGUAGES, Language, Level, areas_of_level

Options = tuple[tuple[str, str], ...]

_GROUPS = {
    Level.COUNTRY: mark("Country"),
    Level.REGION: mark("Regions"),
    Level.PROVINCE: mark("Provinces"),
    Level.ARRONDISSEMENT: mark("Arrondissements"),
    Level.MUNICIPALITY: mark("Municipalities"),
}


def render_page(
    page: Page, infos: tuple[IndicatorInfo, ...], latest: date, *, fragment: bool, poll_milliseconds: int
) -> str:
    """The whole page, or only its content as the script asks for it: without what never changes in it."""
    language = page.view.language
    spoken = words(language)
    return (
        _environment(language)
        .get_template("fragment.html" if fragment else "board.html")
        .render(
            page=page,
            fragment=fragment,
            language=language,
            languages=[(each, OWN_NAMES[each], page.view.address(lang=each)) for each in LANGUAGES],
            home=f"/?lang={language}" if "lang" in page.view.chosen else "/",
            area_groups=area_groups(language),
            indicator_options=[(info.id, spoken.named(info.names, info.id)) for info in infos],
            earliest=EARLIEST,
            latest=latest,
            poll_milliseconds=poll_milliseconds,
        )
    )


def render_origin(page: OriginPage) -> str:
    """How a figure came about."""
    view = page.view
    return (
        _environment(view.language)
        .get_template("origin.html")
        .render(
            page=page,
            language=view.language,
            languages=[(each, OWN_NAMES[each], view.origin_address(lang=each)) for each in LANGUAGES],
            home=f"/?lang={view.language}" if "lang" in view.chosen else "/",
            board=view.address(**view.figure()),
        )
    )


def render_act(page: ActPage) -> str:
    """Where a link in a mail leads."""
    return (
        _environment(page.language)
        .get_template("act.html")
        .render(
            page=page,
            language=page.language,
            languages=[(each, OWN_NAMES[each], page.address(each)) for each in LANGUAGES],
            home=f"/?lang={page.language}",
            longest_reason=LONGEST_REASON,
        )
    )


def render_error(
    language: Language, heading: str, text: str, detail: str = "", nearest: tuple[tuple[str, str], ...] = ()
) -> str:
    """A page that says what went wrong. `nearest`: (name, address) of what was perhaps meant."""
    return (
        _environment(language)
        .get_template("error.html")
        .render(
            language=language,
            languages=[(each, OWN_NAMES[each], f"/?lang={each}") for each in LANGUAGES],
            home=f"/?lang={language}",
            heading=heading,
            text=text,
            detail=detail,
            nearest=nearest,
        )
    )


@cache
def area_groups(language: Language) -> tuple[tuple[str, Options], ...]:
    """All areas for the form, by level, within a level by name."""
    spoken: Words = words(language)
    return tuple(
        (spoken.gettext(title), tuple(sorted(_options(level, language), key=lambda option: plain(option[1]))))
        for level, title in _GROUPS.items()
    )


def _options(level: Level, language: Language) -> Options:
    return tuple((each.code, each.name(language)) for each in areas_of_level(level))


@cache
def _environment(language: Language) -> Environment:
    environment = Environment(
        loader=PackageLoader("bewithu.board"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        extensions=["jinja2.ext.i18n"],
    )
    environment.install_gettext_translations(words(language).translations, newstyle=True)  # type: ignore[attr-defined]
    environment.globals["asset"] = lambda name: assets()[name].address
    return environment
