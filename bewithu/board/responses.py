"""What goes around every answer: errors that say what was expected, security headers, compression."""

from __future__ import annotations

import logging
from collections.abc import Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Final

from aiohttp import hdrs, web

from bewithu.board.access.refused import AccessRefused, told
from bewithu.board.note_pdf import NoPdf
from bewithu.board.plain_json import json_response
from bewithu.board.problems import RequestProblem
from bewithu.board.render import render_error
from bewithu.board.view import DEFAULT_LANGUAGE, read_language
from bewithu.board.words import words
from bewithu.errors import Unavailable
from schemas.areas import Language, areas

logger = logging.getLogger(__name__)

Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]

# Everything comes from here, and nothing is inline: a text that slipped through escaping could still do nothing.
CONTENT_SECURITY_POLICY: Final = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "script-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "base-uri 'none'",
        "form-action 'self'",
        "frame-ancestors 'none'",
    )
)
SECURITY_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Content-Security-Policy": CONTENT_SECURITY_POLICY,
        "X-Content-Type-Options": "nosniff",
        "X-Frame-Options": "DENY",
        "Referrer-Policy": "same-origin",
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
        "Permissions-Policy": "camera=(), geolocation=(), microphone=()",
        # Instead of the versions of Python and aiohttp.
        "Server": "bewithu",
    }
)

#: Under this address a link's token is in the query: nobody else may learn it, and no search engine keep it.
LINKS: Final = "/act"
LINK_HEADERS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "Cache-Control": "no-store",
        "Referrer-Policy": "no-referrer",
        "X-Robots-Tag": "noindex, nofollow, noarchive",
    }
)

#: Shorter answers would hardly shrink.
COMPRESSED_FROM_BYTES = 1400
RETRY_SECONDS = 5


async def add_security_headers(request: web.Request, response: web.StreamResponse) -> None:
    """A signal of aiohttp, called before any response is sent."""
    response.headers.update(SECURITY_HEADERS)
    if request.path == LINKS:
        response.headers.update(LINK_HEADERS)


@web.middleware
async def compress(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Gzip for what is long enough, where the client takes it."""
    response = await handler(request)
    accepted = request.headers.get(hdrs.ACCEPT_ENCODING, "").replace(" ", "").lower().split(",")
    size = (
        len(response.body) if isinstance(response, web.Response) and isinstance(response.body, bytes) else 0
    )
    if size >= COMPRESSED_FROM_BYTES and any(
        each == "gzip" or each.startswith("gzip;q=1") for each in accepted
    ):
        response.enable_compression(web.ContentCoding.gzip)
    return response


@web.middleware
async def answer_errors(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Every failure becomes an answer: JSON for machines, a page in their language for people."""
    try:
        return await handler(request)
    except RequestProblem as problem:
        return _problem(request, problem)
    except AccessRefused as refused:
        return _refused(request, refused)
    except Unavailable as error:
        return _unavailable(request, error)
    except NoPdf as error:
        return _no_pdf(request, error)
    except web.HTTPException as error:
        return _http_error(request, error)
    except Exception:
        logger.exception("%s %s failed", request.method, request.path)
        return _failed(request)


def _problem(request: web.Request, problem: RequestProblem) -> web.Response:
    if _is_page(request):
        spoken = words(_language(request))
        text = spoken.gettext("This address asks for something that the board does not have.")
        return _page(
            request,
            problem.status,
            spoken.gettext("Not found"),
            text,
            str(problem),
            _nearest(problem, spoken.language),
        )
    return json_response(
        {
            "status": problem.status,
            "title": "not found" if problem.status == 404 else "bad request",
            "detail": str(problem),
            "field": problem.field,
            "value": problem.value,
            "expected": problem.expected,
            "nearest": list(problem.nearest),
        },
        status=problem.status,
        content_type="application/problem+json",
    )


def _unavailable(request: web.Request, error: Unavailable) -> web.Response:
    spoken = words(_language(request))
    text = spoken.gettext("The figures cannot be reached at the moment. Please try again in a few seconds.")
    response = _error(request, 503, spoken.gettext("Out of service for a moment"), text, str(error))
    response.headers["Retry-After"] = str(RETRY_SECONDS)
    return response


def _refused(request: web.Request, refused: AccessRefused) -> web.Response:
    said = told(refused, words(_language(request)))
    response = _error(request, refused.status, said.heading, said.text, str(refused))
    response.headers[hdrs.CACHE_CONTROL] = "no-store"
    if refused.status == 401:
        # HTTP wants a scheme; a proxy that asks for logins takes this one from programs.
        response.headers[hdrs.WWW_AUTHENTICATE] = 'Bearer realm="bewithu"'
    return response


def _no_pdf(request: web.Request, error: NoPdf) -> web.Response:
    spoken = words(_language(request))
    text = spoken.gettext(
        "This installation makes no PDF files. The note itself is there, to read and to print."
    )
    address = request.path_qs.replace("/note.pdf", "/note", 1)
    nearest = ((spoken.gettext("Monthly situation note"), address),)
    return _page(request, 501, spoken.gettext("No PDF files here"), text, str(error), nearest)


def _http_error(request: web.Request, error: web.HTTPException) -> web.Response:
    spoken = words(_language(request))
    detail = f"{request.method} {request.path}: {error.reason}"
    if error.status == 404:
        detail += f"; expected one of {', '.join(_addresses(request))}"
    heading = spoken.gettext("Not found") if error.status == 404 else error.reason
    text = spoken.gettext("This address asks for something that the board does not have.")
    response = _error(request, error.status, heading, text, detail)
    if hdrs.ALLOW in error.headers:
        response.headers[hdrs.ALLOW] = error.headers[hdrs.ALLOW]
    return response


def _failed(request: web.Request) -> web.Response:
    spoken = words(_language(request))
    heading = spoken.gettext("Something went wrong")
    text = spoken.gettext("The board made a mistake; it has been noted. Please try again.")
    return _error(request, 500, heading, text, "the worker's log has the details")


def _error(request: web.Request, status: int, heading: str, text: str, detail: str) -> web.Response:
    if _is_page(request):
        return _page(request, status, heading, text, detail, ())
    title = {
        401: "login needed",
        403: "not allowed",
        404: "not found",
        405: "method not allowed",
        500: "failed",
        503: "unavailable",
    }.get(status, "error")
    return json_response(
        {"status": status, "title": title, "detail": detail},
        status=status,
        content_type="application/problem+json",
    )


def _page(
    request: web.Request,
    status: int,
    heading: str,
    text: str,
    detail: str,
    nearest: tuple[tuple[str, str], ...],
) -> web.Response:
    html = render_error(_language(request), heading, text, detail, nearest)
    headers = {"Cache-Control": "no-store"}
    return web.Response(text=html, status=status, content_type="text/html", headers=headers)


def _nearest(problem: RequestProblem, language: Language) -> tuple[tuple[str, str], ...]:
    def name(value: str) -> str:
        return areas()[value].name(language) if problem.field == "area" else value

    path = "/alerts" if problem.field in {"state", "severity"} else "/"
    return tuple((name(each), f"{path}?lang={language}&{problem.field}={each}") for each in problem.nearest)


def _is_page(request: web.Request) -> bool:
    return not request.path.startswith(("/api/", "/health/", "/metrics", "/static/"))


def _language(request: web.Request) -> Language:
    try:
        return read_language(request.query.get("lang"), request.headers.get(hdrs.ACCEPT_LANGUAGE, ""))
    except RequestProblem:
        return DEFAULT_LANGUAGE


def _addresses(request: web.Request) -> list[str]:
    resources = (resource.canonical for resource in request.app.router.resources())
    # Nobody types the address that links in mails or forms have.
    hidden = ("/static", "/alerts/{fingerprint}/")
    return sorted(address for address in resources if not address.startswith(hidden) and address != LINKS)
