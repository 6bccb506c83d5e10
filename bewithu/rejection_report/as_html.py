"""The report as one page that needs nothing else: no script, no font, no request."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from functools import cache
from importlib.resources import files

from jinja2 import Environment, PackageLoader, StrictUndefined

from bewithu.clock import BRUSSELS
from bewithu.definitions import read, validate
from bewithu.rejection_report.report import Report
from schemas.agencies import agency_names
from schemas.areas import Language
from schemas.indicators import Texts
from schemas.reasons import advice


def render_html(report: Report, language: Language) -> str:
    """Moments are those of Belgium."""
    return (
        _environment()
        .get_template("report.html.jinja")
        .render(
            report=report,
            language=language,
            agency=agency_names(report.agency)[language],
            words={name: texts.in_language(language) for name, texts in words().items()},
            advice=lambda reason: advice(reason, language),
            moment=_moment,
        )
    )


@cache
def words() -> Mapping[str, Texts]:
    """Headings and sentences of the page, by name."""
    return validate(read(files("bewithu.rejection_report") / "words.yaml"), dict[str, Texts])


@cache
def _environment() -> Environment:
    # Everything that agencies sent is text here and never markup.
    return Environment(
        loader=PackageLoader("bewithu.rejection_report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _moment(moment: datetime) -> str:
    return moment.astimezone(BRUSSELS).strftime("%Y-%m-%d %H:%M:%S")
