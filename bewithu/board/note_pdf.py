"""A note as a PDF file, through WeasyPrint, which is an extra of the package: `pip install bewithu[pdf]`."""

from __future__ import annotations

import logging
from typing import Any, Final

from bewithu.errors import BewithuError

MEND: Final = (
    "install the extra `pdf` (uv sync --extra pdf, or pip install 'bewithu[pdf]') and Pango from the system "
    "(Debian: libpango-1.0-0 libpangoft2-1.0-0 libharfbuzz-subset0); the note in HTML needs neither"
)


class NoPdf(BewithuError):
    """This installation cannot make PDF files; the message says what is missing and how to mend it."""


def pdf_of(html: str) -> bytes:
    """A tagged PDF (PDF/UA-1) with title, language and bookmarks, from a page that needs nothing else.

    Nothing is fetched. Raises `NoPdf` where WeasyPrint or Pango is missing.
    """
    weasyprint, urls = _weasyprint()

    class Refusing(urls.URLFetcher):  # type: ignore[misc, name-defined]
        """A note has all that it needs; whatever it would fetch does not belong in it."""

        def fetch(self, url: str, headers: object = None) -> Any:
            raise urls.FatalURLFetchingError(f"a note fetches nothing, and {url} was asked for")

    document = weasyprint.HTML(string=html, url_fetcher=Refusing())
    try:
        made: bytes = document.write_pdf(pdf_variant="pdf/ua-1")
    except urls.FatalURLFetchingError as error:
        # No `Exception` of Python's, so nobody up to the event loop would answer for it.
        raise RuntimeError(str(error)) from error
    return made


def _weasyprint() -> tuple[Any, Any]:
    """Imported when the first PDF is asked for: it loads Pango."""
    try:
        import weasyprint
        from weasyprint import urls
    except ModuleNotFoundError as error:
        raise NoPdf(f"no PDF here, as the package {error.name} is not installed: {MEND}") from error
    except OSError as error:
        raise NoPdf(f"no PDF here, as a library of the system is missing ({error}): {MEND}") from error
    # What of our style sheet it does not know is for browsers.
    logging.getLogger("weasyprint").setLevel(logging.ERROR)
    return weasyprint, urls
