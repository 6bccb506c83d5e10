"""The style sheet, the script and the icon, from memory; their address changes with their content."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from importlib.resources import files
from types import MappingProxyType

from aiohttp import web

from bewithu.board.problems import RequestProblem, nearest_of

_TYPES = {".css": "text/css", ".js": "text/javascript", ".svg": "image/svg+xml"}


@dataclass(frozen=True, slots=True)
class Asset:
    """`version`: of the content, as part of the address."""

    name: str
    content_type: str
    body: bytes
    version: str

    @property
    def address(self) -> str:
        return f"/static/{self.name}?v={self.version}"


@cache
def assets() -> Mapping[str, Asset]:
    """All files of the folder `static`, by name."""
    found = {}
    for entry in files("bewithu.board").joinpath("static").iterdir():
        body = entry.read_bytes()
        content_type = _TYPES["." + entry.name.rpartition(".")[2]]
        found[entry.name] = Asset(entry.name, content_type, body, sha256(body).hexdigest()[:12])
    return MappingProxyType(found)


async def serve_asset(request: web.Request) -> web.Response:
    """GET /static/<name>."""
    name = request.match_info["name"]
    asset = assets().get(name)
    if asset is None:
        raise RequestProblem(404, "file", name, f"one of {', '.join(assets())}", nearest_of(name, assets()))
    current = request.query.get("v") == asset.version
    # Under its versioned address a file never changes; under the bare one it may.
    keeping = "public, max-age=31536000, immutable" if current else "no-cache"
    return web.Response(
        body=asset.body,
        content_type=asset.content_type,
        charset="utf-8",
        headers={"Cache-Control": keeping},
    )
