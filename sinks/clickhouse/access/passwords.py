"""Passwords of ClickHouse's users, read from files. Only a salted hash leaves this process."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from bewithu.errors import SettingsError

#: A hash can be tried at leisure by whoever reads the server's files.
LEAST = 16


@dataclass(frozen=True, slots=True)
class Secret:
    """As ClickHouse keeps it: the SHA-256 of the password and the salt behind it."""

    hash: str = field(repr=False)
    salt: str = field(repr=False)

    @classmethod
    def of(cls, password: str) -> Secret:
        salt = secrets.token_hex(16)
        return cls(hashlib.sha256(f"{password}{salt}".encode()).hexdigest(), salt)


def read_passwords(folder: Path, users: Iterable[str]) -> Mapping[str, Secret]:
    """Of each user who has a file of that name in `folder`; the end of its line is cut off.

    Raises `SettingsError` for one that is too short or cannot be read, without its content.
    """
    found = {}
    for user in users:
        file = folder / user
        if not file.exists():
            continue
        try:
            password = file.read_text("utf-8").rstrip("\r\n")
        except (OSError, UnicodeDecodeError) as error:
            raise SettingsError(
                f"cannot read the password of {user} in {file}: {type(error).__name__}"
            ) from None
        if len(password) < LEAST:
            raise SettingsError(
                f"the password of {user} in {file} has fewer than {LEAST} characters: "
                "make one with `openssl rand -hex 24`"
            )
        found[user] = Secret.of(password)
    return found
