"""Pages as HTML, in one of four languages."""

from __future__ import annotations

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from bewithu.board.access.guard import visitor
from bewithu.board.access.visitor import decide
from bewithu.board.act_on_alert import AlertForm
from bewithu.board.act_page import LONGEST_REASON, ActPage, act_lengths
from bewithu.board.alert_list import AlertListPage
from bewithu.board.alert_page import AlertPage
from bewithu.board.asked import Asked
from bewithu.board.assets import assets
from bewithu.board.indicator_page import IndicatorPage
from bewithu.board.masthead import Masthead, masthead, plain_masthead
from bewithu.board.methods_page import MethodsPage
from bewithu.board.note import Note
from bewithu.board.note_asked import Month
from bewithu.board.page import Page
from bewithu.board.view import EARLIEST
from bewithu.board.words import Words, mark, plain, words
from schemas.areas import COUNTRY, Language, Level, areas_of_level

Options = tuple[tuple[str, str], ...]

_GROUPS = {
    Level.COUNTRY: mark("Country"),
    Level.REGION: mark("Regions"),
    Level.PROVINCE: mark("Provinces"),
    Level.ARRONDISSEMENT: mark("Arrondissements"),
    Level.MUNICIPALITY: mark("Municipalities"),
}


def render_page(page: Page, asked: Asked, *, fragment: bool, poll_milliseconds: int) -> str:
    """The whole start page, or only its content as the script asks for it: without what never changes in it."""
    view = page.view
    return _render(
        "fragment.html" if fragment else "board.html",
        masthead(view, "start", lambda language: view.address(lang=language)),
        page=page,
        fragment=fragment,
        area_groups=area_groups(view.language),
        indicator_options=_indicator_options(asked),
        earliest=EARLIEST,
        latest=asked.latest,
        poll_milliseconds=poll_milliseconds,
    )


def render_indicator(page: IndicatorPage) -> str:
    view = page.asked.view
    return _render(
        "indicator.html",
        masthead(view, "", lambda language: view.indicator_address(lang=language)),
        page=page,
        view=view,
        area_groups=area_groups(view.language),
        earliest=EARLIEST,
        latest=page.asked.latest,
    )


def render_alerts(page: AlertListPage) -> str:
    view, chosen = page.asked.view, page.filter.parameters()
    return _render(
        "alerts.html",
        masthead(view, "alerts", lambda language: view.alerts_address(**chosen, lang=language)),
        page=page,
        view=view,
        area_groups=area_groups(view.language),
    )


def render_alert(page: AlertPage, form: AlertForm | None = None) -> str:
    """`form`: for who may act on it."""
    view = page.asked.view
    return _render(
        "alert.html",
        masthead(view, "alerts", lambda language: view.alert_address(page.fingerprint, lang=language)),
        page=page,
        view=view,
        form=form,
        lengths=act_lengths(page.asked.words),
        longest_reason=LONGEST_REASON,
    )


def render_methods(page: MethodsPage) -> str:
    view = page.asked.view
    return _render(
        "methods.html",
        masthead(view, "methods", lambda language: view.methods_address(lang=language)),
        page=page,
        view=view,
    )


def render_note(note: Note) -> str:
    """The note as a page of the board."""
    asked = note.asked
    view = asked.asked.view
    own = {"month": str(asked.month)} if asked.names_month else {}
    return _render(
        "note.html",
        masthead(view, "", lambda language: view.note_address(**own, lang=language)),
        note=note,
        view=view,
        area_groups=area_groups(view.language),
        months=_months(asked.month, asked.newest, asked.asked.words),
        pdf_address=view.note_pdf_address(**asked.parameters()),
        lasting_address=view.note_address(**asked.parameters()),
    )


def render_note_alone(note: Note) -> str:
    """The note in one file that needs nothing else: to keep, to send, to print."""
    view = note.asked.asked.view
    return _render(
        "note_alone.html",
        plain_masthead(view.language, lambda language: view.note_address(lang=language)),
        note=note,
        # Ours, and no reader's word is in it.
        style=Markup(assets()["note.css"].body.decode()),  # noqa: S704
    )


def _months(shown: Month, newest: Month, spoken: Words) -> Options:
    """The last two years, and the one that is shown."""
    found, month = [], newest
    for _ in range(24):
        found.append(month)
        month = month.before
    if shown not in found:
        found.append(shown)
    return tuple((str(each), spoken.day(each.first, "MMMM y")) for each in found)


def render_act(page: ActPage) -> str:
    """Where a link in a mail leads to acknowledge or to silence."""
    return _render(
        "act.html", plain_masthead(page.language, page.address), page=page, longest_reason=LONGEST_REASON
    )


def render_error(
    language: Language, heading: str, text: str, detail: str = "", nearest: tuple[tuple[str, str], ...] = ()
) -> str:
    """A page that says what went wrong. `nearest`: (name, address) of what was perhaps meant."""
    return _render(
        "error.html",
        plain_masthead(language, lambda each: f"/?lang={each}"),
        heading=heading,
        text=text,
        detail=detail,
        nearest=nearest,
    )


def _render(template: str, head: Masthead, **context: object) -> str:
    return (
        _environment(head.language)
        .get_template(template)
        .render(head=head, language=head.language, **context)
    )


def _indicator_options(asked: Asked) -> Options:
    """By name, as there are many."""
    named = [(info.id, asked.words.named(info.names, info.id)) for info in asked.infos]
    return tuple(sorted(named, key=lambda option: plain(option[1])))


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
    environment.globals["sees_all"] = lambda code: decide(visitor(), "details", code).allowed
    environment.globals["sees_records"] = lambda: decide(visitor(), "records", COUNTRY).allowed
    return environment
