"""Addresses `scheme://user:password@host`: the login is taken out before anything can show it."""

from __future__ import annotations

import re
from ipaddress import ip_address
from typing import NamedTuple
from urllib.parse import unquote, urlsplit

_LOGIN = re.compile(r"(?<=://).*@")
_OVER_HTTP = ("http://", "https://")


class Address(NamedTuple):
    """An address without its login, and the login's two halves, decoded."""

    url: str
    username: str | None
    password: str | None


def take_login(url: str) -> Address:
    """Raises `ValueError`, which quotes nothing, when `url` has no host or port, or a login that cannot be read.

    Only addresses of HTTP have a host; others are given back as they are.
    """
    if not url.startswith(_OVER_HTTP):
        return Address(url, None, None)
    scheme, _, rest = url.partition("://")
    authority = re.split(r"[/?#]", rest, maxsplit=1)[0]
    if "@" in rest[len(authority) :]:
        raise ValueError(
            "has an @ behind its host: write the / ? # @ and : of a login as %2F %3F %23 %40 and %3A, "
            "or set username and password_file instead"
        )
    login, _, place = authority.rpartition("@")
    clean = f"{scheme}://{place}{rest[len(authority) :]}"
    try:
        named = bool(urlsplit(clean).hostname) and urlsplit(clean).port is not None
    except ValueError:
        named = False
    if not named:
        raise ValueError("has no host and port as in https://host:port")
    username, _, password = login.partition(":")
    return Address(clean, unquote(username) or None, unquote(password) or None)


def checked(url: str) -> str:
    """`url` as it is. Raises as `take_login` does."""
    take_login(url)
    return url


def mask_logins(text: str) -> str:
    """`text` without what may be a login in an address; rather too much is masked than too little."""
    return _LOGIN.sub("***@", text)


def is_loopback(host: str) -> bool:
    """Whether a host's name or address is this machine's own, which nothing leaves."""
    try:
        return ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"
