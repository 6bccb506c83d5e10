"""Settings of the board: where it is served, and who may see what of it."""

from __future__ import annotations

import re
from ipaddress import IPv4Network, IPv6Network, ip_network
from pathlib import Path
from typing import Final, Literal

from pydantic import Field, SecretStr, field_validator, model_validator

from bewithu.links import Level

#: Characters of a key: those of 128 random bits in hexadecimal.
LEAST_KEY: Final = 32

Network = IPv4Network | IPv6Network

# What HTTP calls a token, less the underscore: many servers take X_User for X-User, so neither name would be safe.
_HEADER: Final = re.compile(r"[A-Za-z0-9]+(-[A-Za-z0-9]+)*")


class Http(Level):
    """The board, the API, metrics and health, served by the worker."""

    host: str = "127.0.0.1"
    port: int = Field(8080, ge=0, le=65535, description="0 takes a free port")
    public_url: str | None = Field(None, description="the board's address in mails, where it differs")
    link_key: SecretStr | None = Field(
        None, description="signs the links in mails that acknowledge or silence an alert; no links without it"
    )
    link_key_file: Path | None = Field(None, description="a file with it, for container secrets")

    @model_validator(mode="after")
    def _check_key(self) -> Http:
        if self.link_key is not None and len(self.link_key.get_secret_value()) < LEAST_KEY:
            raise ValueError(
                f"link_key has fewer than {LEAST_KEY} characters, and can be guessed from a single mail: "
                "make one with `openssl rand -hex 32`"
            )
        return self


class Access(Level):
    """Who may see what of the board (docs/security.md#who-may-see-what)."""

    mode: Literal["open", "header"] = Field(
        "open", description="open: published values, for all; header: a proxy before the board says who asks"
    )
    roles: Path | None = Field(
        None, description="YAML file: which group or user has which role of which area"
    )
    trusted_proxies: str = Field("", description="addresses and networks of the proxies, with commas between")
    proxy_secret: SecretStr | None = Field(None, description="sent by the proxies with each request")
    proxy_secret_file: Path | None = Field(None, description="a file with it, for container secrets")
    proxy_secret_header: str = "X-Bewithu-Proxy-Secret"  # noqa: S105 - its name
    user_header: str = "X-Forwarded-User"
    groups_header: str = Field("X-Forwarded-Groups", description="groups, with commas between")

    @property
    def networks(self) -> tuple[Network, ...]:
        """The trusted proxies; an address is a network of one."""
        return tuple(ip_network(each.strip()) for each in self.trusted_proxies.split(",") if each.strip())

    @field_validator("trusted_proxies")
    @classmethod
    def _check_networks(cls, text: str) -> str:
        for each in filter(None, map(str.strip, text.split(","))):
            try:
                network = ip_network(each)
            except ValueError as error:
                raise ValueError(
                    f"{each!r} is no address and no network such as 10.0.0.0/24: {error}"
                ) from None
            if network.prefixlen == 0:
                raise ValueError(f"{each!r} trusts everybody: name the proxies alone")
        return text

    @field_validator("proxy_secret_header", "user_header", "groups_header")
    @classmethod
    def _check_header(cls, name: str) -> str:
        if not _HEADER.fullmatch(name):
            raise ValueError(
                "must be a header's name of letters, digits and hyphens, such as X-Forwarded-User"
            )
        return name

    @model_validator(mode="after")
    def _check_mode(self) -> Access:
        needed = {
            "roles": self.roles,
            "trusted_proxies": self.networks,
            "proxy_secret_file": self.proxy_secret,
        }
        missing = [name for name, value in needed.items() if not value]
        if self.mode == "header" and missing:
            raise ValueError(
                f"mode is header, and {' and '.join(missing)} not set: without them anybody could say to be "
                "anybody; set them (docs/security.md), or mode to open"
            )
        if self.mode == "open" and len(missing) < len(needed):
            raise ValueError(
                "roles or proxies are set, and mode is open, which asks nobody: set mode to header"
            )
        if self.proxy_secret is not None and len(self.proxy_secret.get_secret_value()) < LEAST_KEY:
            raise ValueError(
                f"proxy_secret has fewer than {LEAST_KEY} characters: make one with `openssl rand -hex 32`"
            )
        names = [each.lower() for each in (self.proxy_secret_header, self.user_header, self.groups_header)]
        if len(set(names)) < len(names):
            raise ValueError(
                "proxy_secret_header, user_header and groups_header must be three different headers"
            )
        return self
