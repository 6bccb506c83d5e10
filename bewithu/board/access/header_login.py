"""A proxy before the board asks for the login, and says in headers who asks."""

from __future__ import annotations

import hmac
from collections.abc import Sequence
from ipaddress import IPv6Address, ip_address

from aiohttp import web

from bewithu.board.access.login import signed
from bewithu.board.access.refused import LoginNeeded
from bewithu.board.access.roles import RoleBook
from bewithu.board.access.visitor import Visitor
from bewithu.board_settings import Access, Network

_LONGEST = 200
_MOST_GROUPS = 500


class HeaderLogin:
    """Headers count only from a trusted proxy's address, and with the secret that it shares with us.

    A header that is there twice, or in a spelling that some servers take for the same, is refused: a client may have
    sent it past the proxy.
    """

    asks = True

    def __init__(self, access: Access, book: RoleBook) -> None:
        if access.proxy_secret is None:
            raise ValueError("a proxy without a secret is not trusted")
        self._networks = access.networks
        self._secret = access.proxy_secret.get_secret_value().encode()
        self._secret_header = access.proxy_secret_header
        self._user_header = access.user_header
        self._groups_header = access.groups_header
        self._book = book
        self.varies: tuple[str, ...] = (self._user_header, self._groups_header)

    def who(self, request: web.Request) -> Visitor:
        if not is_trusted(request.remote, self._networks):
            raise LoginNeeded(f"{request.remote} is not among BEWITHU_ACCESS__TRUSTED_PROXIES")
        for name in request.headers:
            self._check_spelling(name)
        # Bytes that are no UTF-8 arrive as surrogates, which plain UTF-8 has no bytes for.
        sent = self._single(request, self._secret_header).encode(errors="surrogateescape")
        if not hmac.compare_digest(sent, self._secret):
            raise LoginNeeded(f"the proxy {request.remote} does not send the secret in {self._secret_header}")
        user = _clean(self._user_header, self._single(request, self._user_header))
        if not user:
            raise LoginNeeded(f"the proxy {request.remote} sends no user in {self._user_header}")
        given = _clean(
            self._groups_header, self._single(request, self._groups_header), _LONGEST * _MOST_GROUPS
        )
        groups = frozenset(filter(None, map(str.strip, given.split(","))))
        return Visitor(user, self._book.grants(user, groups))

    def form_token(self, visitor: Visitor, form: str) -> str:
        return signed(self._secret, visitor, form)

    def _single(self, request: web.Request, name: str) -> str:
        """Its value, empty where there is none."""
        found = request.headers.getall(name, [])
        if len(found) > 1:
            raise LoginNeeded(f"{name} is there {len(found)} times: let the proxy replace what clients send")
        return found[0].strip() if found else ""

    def _check_spelling(self, name: str) -> None:
        for meant in (self._secret_header, self._user_header, self._groups_header):
            alike = "".join(filter(str.isalnum, name.lower())) == "".join(filter(str.isalnum, meant.lower()))
            if alike and name.lower() != meant.lower():
                raise LoginNeeded(
                    f"a header is spelt almost like {meant}: let the proxy drop what clients send"
                )


def is_trusted(remote: str | None, networks: Sequence[Network]) -> bool:
    """Whether the other end of the connection is a trusted proxy; headers have no say in it."""
    try:
        address = ip_address(remote or "")
    except ValueError:
        return False
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    return any(address in network for network in networks)


def _clean(name: str, text: str, longest: int = _LONGEST) -> str:
    # Also bytes that are no UTF-8, which arrive as surrogates.
    if not text.isprintable() or len(text) > longest:
        raise LoginNeeded(f"{name} is longer than {longest} characters, or not all of it can be printed")
    return text
