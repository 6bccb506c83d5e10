"""What the settings of all links to other parts share: TLS, a login, and secrets that are read from files."""

from __future__ import annotations

import ssl
from pathlib import Path
from typing import ClassVar

from pydantic import BaseModel, ConfigDict, Field, SecretStr, model_validator

from bewithu.addresses import take_login


class Level(BaseModel):
    """Settings that belong together; a misspelt one is an error and not ignored."""

    # What was read may be a secret: no text of an error may quote it.
    model_config = ConfigDict(extra="forbid", hide_input_in_errors=True)

    @model_validator(mode="after")
    def _read_secrets(self) -> Level:
        """`x_file` is where `x` is read from, unless `x` is given."""
        for name in type(self).model_fields:
            file = getattr(self, f"{name}_file", None)
            if file is not None and getattr(self, name) is None:
                setattr(self, name, read_secret(f"{name}_file", file))
        return self


class Link(Level):
    """A link that may be encrypted. The server's certificate and host name are then verified, always."""

    #: Environment variables of this level start so; errors name them.
    prefix: ClassVar[str]
    #: What to do when a certificate is set and nothing is encrypted.
    to_encrypt: ClassVar[str]

    ca_file: Path | None = Field(None, description="PEM file of the only authorities that may vouch for it")
    certificate_file: Path | None = Field(None, description="PEM file of our own certificate, for mutual TLS")
    key_file: Path | None = Field(
        None, description="PEM file of its key, unless the certificate's file has it"
    )
    key_password: SecretStr | None = Field(None, description="of an encrypted key")
    key_password_file: Path | None = Field(None, description="a file with it, for container secrets")

    @property
    def encrypted(self) -> bool:
        """Whether the link uses TLS."""
        raise NotImplementedError

    def variable(self, name: str) -> str:
        """The environment variable of one of this level's settings."""
        return f"{self.prefix}{name.upper()}"

    @model_validator(mode="after")
    def _check_certificates(self) -> Link:
        named = [
            name
            for name in ("ca_file", "certificate_file", "key_file", "key_password")
            if getattr(self, name)
        ]
        if named and not self.encrypted:
            raise ValueError(
                f"{named[0]} is set, and the link is not encrypted: {self.to_encrypt}, or unset it"
            )
        if self.certificate_file is None and (self.key_file or self.key_password):
            raise ValueError(
                f"{named[-1]} is set without a certificate: set certificate_file too, or unset it"
            )
        if self.encrypted:
            tls_context(self)
        return self


class LoginLink(Link):
    """A link with a user's name and password."""

    username: str | None = None
    password: SecretStr | None = None
    password_file: Path | None = Field(None, description="a file with the password, for container secrets")


class HttpLink(LoginLink):
    """A link over HTTP, encrypted when its address says https."""

    to_encrypt: ClassVar[str] = "use an address with https://"

    url: str

    @property
    def encrypted(self) -> bool:
        return self.url.startswith("https://")

    @model_validator(mode="after")
    def _take_login(self) -> HttpLink:
        """A login in the address becomes `username` and `password`: so it is kept and shown as a secret."""
        address = take_login(self.url)
        for name, found in (("username", address.username), ("password", address.password)):
            if found is None:
                continue
            if getattr(self, name) is not None:
                raise ValueError(f"url has a {name}, and {name} is set too: remove one of them")
            setattr(self, name, SecretStr(found) if name == "password" else found)
        self.url = address.url
        return self


def read_secret(setting: str, file: Path) -> SecretStr:
    """The secret in a file, without the end of its line. Raises `ValueError` that names setting and file."""
    try:
        text = file.read_text("utf-8")
    except OSError as error:
        raise ValueError(
            f"{setting} {file}: {error.strerror}; give the path of a readable file with the secret"
        ) from error
    except UnicodeDecodeError:
        # Not chained: the error holds what was read.
        raise ValueError(f"{setting} {file}: is not UTF-8 text; write the secret alone into it") from None
    secret = text.removesuffix("\n").removesuffix("\r")
    if not secret:
        raise ValueError(f"{setting} {file}: is empty; write the secret into it, or unset {setting}")
    return SecretStr(secret)


def tls_context(link: Link) -> ssl.SSLContext:
    """Verifies certificate and host name. Raises `ValueError` that names the setting and the file that is wrong."""
    # With a file of authorities, only these are trusted, and none of the machine's own.
    try:
        context = ssl.create_default_context(cafile=link.ca_file)
    except OSError as error:
        raise ValueError(
            f"ca_file {link.ca_file}: {_wrong_with(error)}; expected certificates in PEM"
        ) from error
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if link.certificate_file is not None:
        _load_certificate(context, link.certificate_file, link.key_file, link.key_password)
    return context


def _load_certificate(
    context: ssl.SSLContext, certificate: Path, key: Path | None, key_password: SecretStr | None
) -> None:
    def password() -> str:
        # Without an answer from here OpenSSL would ask at the terminal, and wait.
        return key_password.get_secret_value() if key_password else ""

    try:
        context.load_cert_chain(certificate, key, password)
    except OSError as error:
        named = f"certificate_file {certificate}" + (f", key_file {key}" if key else "")
        raise ValueError(
            f"{named}: {_wrong_with(error)}; expected a certificate and its key in PEM, "
            "and the key's password in key_password if it has one"
        ) from error


def _wrong_with(error: OSError) -> str:
    if not isinstance(error, ssl.SSLError):
        return error.strerror or type(error).__name__
    return (error.reason or "NO_PEM_CERTIFICATE_IN_IT").replace("_", " ").lower()
