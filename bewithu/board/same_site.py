"""Whether a form was sent from a page of ours.

A second lock: the first one is that a form must hold a signed token, which no other site knows.
"""

from __future__ import annotations

from collections.abc import Mapping
from urllib.parse import urlsplit

from aiohttp import hdrs


def came_from_elsewhere(headers: Mapping[str, str], host: str) -> bool:
    """Whether the browser says that another site sent it. `host`: as the request names ours.

    A page that is served with `Referrer-Policy: no-referrer` sends its forms with `Origin: null`, so that says nothing;
    browsers then tell by `Sec-Fetch-Site`, except over plain HTTP.
    """
    site = headers.get("Sec-Fetch-Site")
    if site is not None:
        return site not in {"same-origin", "none"}
    origin = headers.get(hdrs.ORIGIN, "null")
    return origin != "null" and urlsplit(origin).netloc != host
