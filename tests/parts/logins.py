"""How a user and a password look in HTTP."""

from __future__ import annotations

from base64 import b64encode


def basic_login(user: str, password: str) -> str:
    """The value of the header `Authorization`."""
    return "Basic " + b64encode(f"{user}:{password}".encode()).decode()
