"""Says why a link failed in words that lead to the setting to mend: certificate, host name, TLS itself, login."""

from __future__ import annotations

import socket
import ssl
from collections.abc import Iterator

from bewithu.links import Link, tls_context

# X509_V_ERR_… in OpenSSL's x509_vfy.h
_NOT_YET_VALID, _EXPIRED = 9, 10
_OTHER_NAME = frozenset({62, 64})
_UNKNOWN_AUTHORITY = frozenset({2, 18, 19, 20, 21})
_NO_TLS = frozenset({"WRONG_VERSION_NUMBER", "RECORD_LAYER_FAILURE", "PACKET_LENGTH_TOO_LONG"})


def tls_refusal(error: BaseException, server: str, link: Link) -> str | None:
    """Why TLS with `server` (host:port) failed and what to do; None when `error` is about something else."""
    for each in _chain(error):
        if isinstance(each, ssl.SSLCertVerificationError):
            return _certificate_refusal(each, server, link)
        if isinstance(each, ssl.SSLError):
            reason = (each.reason or "").upper()
            if reason in _NO_TLS:
                return f"{server} does not speak TLS: check the port, and whether it is to be encrypted"
            if "ALERT" in reason:
                return (
                    f"{server} refused our side of TLS ({reason.replace('_', ' ').lower()}): "
                    f"check {link.variable('certificate_file')}"
                )
    return None


def login_refusal(server: str, username: str | None, link: Link, name: str = "") -> str:
    """What to do when `server` does not take the login; `name` stands before username and password."""
    return (
        f"{server} refused the login of {username or 'nobody'}: check {link.variable(f'{name}username')} and "
        f"{link.variable(f'{name}password')} or {link.variable(f'{name}password_file')}"
    )


def probe_tls(host: str, port: int, link: Link, seconds: float) -> str | None:
    """Shakes hands with a server that speaks TLS at once; why that fails, or None when it does not."""
    try:
        with (
            socket.create_connection((host, port), seconds) as plain,
            tls_context(link).wrap_socket(plain, server_hostname=host),
        ):
            return None
    except OSError as error:
        return tls_refusal(error, f"{host}:{port}", link)


def _certificate_refusal(error: ssl.SSLCertVerificationError, server: str, link: Link) -> str:
    code = error.verify_code
    if code in _OTHER_NAME:
        return (
            f"the certificate of {server} is for another host name: "
            "connect by a name that the certificate has, or have it issued for this one"
        )
    if code in _UNKNOWN_AUTHORITY:
        variable = link.variable("ca_file")
        if link.ca_file is None:
            return (
                f"the certificate of {server} is not signed by an authority that this machine trusts: "
                f"set {variable} to the certificate of the authority that signed it"
            )
        return (
            f"the certificate of {server} is not signed by ca_file {link.ca_file}: "
            f"set {variable} to the certificate of the authority that signed it"
        )
    if code in (_NOT_YET_VALID, _EXPIRED):
        what = "has expired" if code == _EXPIRED else "is not valid yet"
        return f"the certificate of {server} {what}: have it renewed, and check the clocks"
    return f"the certificate of {server} is refused: {error.verify_message}"


def _chain(error: BaseException) -> Iterator[BaseException]:
    """`error` and everything that it comes from; urllib3 keeps that in `reason` and in its arguments."""
    seen: list[BaseException] = [error]
    for each in seen:
        yield each
        for deeper in (each.__cause__, each.__context__, getattr(each, "reason", None), *each.args):
            if isinstance(deeper, BaseException) and deeper not in seen:
                seen.append(deeper)
