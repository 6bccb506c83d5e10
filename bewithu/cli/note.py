"""`bewithu note`: the monthly situation note of an area, as a file."""

from __future__ import annotations

import contextlib
from pathlib import Path
from typing import Annotated

import typer

from alerts.address_book import load_address_book
from bewithu.board.note import build_note
from bewithu.board.note_asked import read_note_asked
from bewithu.board.note_pdf import pdf_of
from bewithu.board.problems import RequestProblem
from bewithu.board.render import render_note_alone
from bewithu.clock import SystemClock
from bewithu.errors import BewithuError
from bewithu.settings import load_settings
from bewithu.wiring import connect, make_board, read_definitions
from schemas.areas import Language

_FORMS = (".html", ".pdf")


def note(
    output: Annotated[Path, typer.Option(help="The file to write: its name ends with .html or .pdf.")],
    area: Annotated[str, typer.Option(help="BE, or a NIS code.")] = "BE",
    month: Annotated[
        str, typer.Option(metavar="YYYY-MM", help="A month that is over; the last one when left out.")
    ] = "",
    lang: Annotated[Language, typer.Option(help="Of the note.")] = "en",
    as_of: Annotated[
        str,
        typer.Option(
            metavar="MOMENT",
            help="What was known then, like 2022-07-10T09:30:00Z; what is known now when left out.",
        ),
    ] = "",
) -> None:
    """The monthly situation note of an area: key messages, figures, charts, alerts, quality of the data.

    Its foot says up to which moment what was known is in it; asked for as of that moment it is the same again. A PDF
    needs the extra `pdf` and Pango from the system. Exit 1 when the note cannot be made or written.
    """
    if output.suffix not in _FORMS:
        raise typer.BadParameter(f"{output}: expected a name that ends with {' or '.join(_FORMS)}")
    asked_for = {"area": area, "month": month, "lang": lang, "as_of": as_of}
    settings, clock = load_settings(), SystemClock()
    with contextlib.closing(connect(settings)) as database:
        board = make_board(
            database, read_definitions(settings), load_address_book(settings.address_book), clock
        )
        try:
            asked = read_note_asked(board, clock, {k: v for k, v in asked_for.items() if v}, "")
        except RequestProblem as problem:
            raise typer.BadParameter(str(problem)) from problem
        html = render_note_alone(build_note(board, asked))
    content = pdf_of(html) if output.suffix == ".pdf" else html.encode()
    try:
        output.write_bytes(content)
    except OSError as error:
        raise BewithuError(f"{output}: cannot be written: {error.strerror}") from error
    typer.echo(f"{output}: {asked.asked.view.area.code}, {asked.month}, as known at {asked.stamp}", err=True)
