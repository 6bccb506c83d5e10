"""Logins of tests, and who asks."""

from __future__ import annotations

from dataclasses import dataclass

from aiohttp import web

from bewithu.board.access import Grant, Role, Visitor
from bewithu.board.access.login import signed

LIEGE_CITY, LIEGE, WALLONIA, GHENT, FLANDERS = "62063", "60000", "03000", "44021", "02000"


def person(name: str, *grants: tuple[Role, str]) -> Visitor:
    return Visitor(name, frozenset(Grant(role, area) for role, area in grants))


OPERATOR = person("olga", ("operator", "BE"))
READER = person("rik", ("reader", LIEGE_CITY))
COORDINATOR = person("cleo", ("coordinator", LIEGE))


@dataclass
class AlwaysBy:
    """Every request is from the same visitor, until a test changes it."""

    visitor: Visitor
    asks: bool = True
    varies: tuple[str, ...] = ("X-Forwarded-User",)

    def who(self, request: web.Request) -> Visitor:
        return self.visitor

    def form_token(self, visitor: Visitor, form: str) -> str:
        return signed(b"k" * 32, visitor, form)
