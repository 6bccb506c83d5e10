"""Who a request is from."""

from __future__ import annotations

import hmac
from typing import Protocol

from aiohttp import web

from bewithu.board.access.visitor import PUBLIC, Visitor


class Login(Protocol):
    """`asks`: whether there is a login at all. `varies`: the request's headers that decide who it is from."""

    asks: bool
    varies: tuple[str, ...]

    def who(self, request: web.Request) -> Visitor:
        """Raises `LoginNeeded` that says why in words for the log."""

    def form_token(self, visitor: Visitor, form: str) -> str:
        """What a form of ours must hold: no other site, and no other visitor, can know it. The same on every worker."""


class OpenLogin:
    """Nobody is asked, and all see what is published."""

    asks = False
    varies: tuple[str, ...] = ()

    def who(self, request: web.Request) -> Visitor:
        return PUBLIC

    def form_token(self, visitor: Visitor, form: str) -> str:
        raise NotImplementedError("who may do nothing gets no form")


def signed(key: bytes, visitor: Visitor, form: str) -> str:
    """An HMAC-SHA256 over the form and who it was made for."""
    return hmac.new(key, f"form\n{visitor.name}\n{form}".encode(), "sha256").hexdigest()
