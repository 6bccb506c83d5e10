"""Posts one payload to a webhook and says what came of it, in the words of mails (alerts/send.py)."""

from __future__ import annotations

import json
from collections.abc import Mapping
from ssl import SSLContext
from typing import Any, Final

import aiohttp

from alerts.address_book import Webhook
from alerts.send import Delivery

#: Seconds until a connection stands, and for the whole of a post. `SENDING_TAKES` in outbox.py must stay longer.
CONNECT_SECONDS: Final = 5.0
POST_SECONDS: Final = 20.0
#: Bytes of a refusal that are noted.
_WORDS: Final = 200

#: The server's trouble, not this payload's: another post to it would fare no better.
_SERVER_AWAY: Final = frozenset({429, 502, 503, 504})


class HookPost:
    """One connection for each post: alerts are rare, and idle connections go stale.

    A webhook's address may be all that keeps others from posting to it, so no `Delivery` quotes its path.
    """

    def __init__(self, tls: SSLContext | None = None) -> None:
        """`tls`: whom to trust for https; the machine's authorities when None."""
        self._tls: SSLContext | bool = True if tls is None else tls

    async def send(self, payload: Mapping[str, Any], webhook: Webhook) -> Delivery:
        """Never raises for what the network or the server does.

        `server_away` is about this webhook alone: mails and other webhooks can go on.
        """
        try:
            return await self._post(payload, webhook)
        except TimeoutError:
            return _away(webhook, "no answer in time")
        except (aiohttp.ClientError, OSError, ValueError) as error:
            return _away(webhook, _explained(error))

    async def _post(self, payload: Mapping[str, Any], webhook: Webhook) -> Delivery:
        body = json.dumps(payload, ensure_ascii=False).encode()
        headers = {"Content-Type": "application/json", "User-Agent": "bewithu"}
        timeout = aiohttp.ClientTimeout(total=POST_SECONDS, sock_connect=CONNECT_SECONDS)
        async with (
            aiohttp.ClientSession(
                connector=aiohttp.TCPConnector(ssl=self._tls), timeout=timeout, auto_decompress=False
            ) as session,
            # A redirect would send the alert where the address book does not say.
            session.post(webhook.url, data=body, headers=headers, allow_redirects=False) as response,
        ):
            words = f"{response.status} {_printable(response.reason or '')}".rstrip()
            if response.status >= 400:
                words = f"{words}: {await _body(response)}".removesuffix(": ")
            return verdict(response.status, f"webhook {webhook.name}: {words}")


def verdict(status: int, detail: str) -> Delivery:
    """What an HTTP status means for the post."""
    if 200 <= status < 300:
        return Delivery("sent", detail)
    if 300 <= status < 400:
        # Somebody can mend it, by the server's address in the book: so the alert waits for that.
        return Delivery("retry", f"{detail}, and redirects are not followed: give the address that answers")
    if status in (408, 429) or status >= 500:
        return Delivery("retry", detail, server_away=status in _SERVER_AWAY)
    return Delivery("given_up", detail)


async def _body(response: aiohttp.ClientResponse) -> str:
    """The beginning of what the server says; its status counts, also where the rest never comes."""
    try:
        return _printable((await response.content.read(_WORDS)).decode(errors="replace"))
    except (aiohttp.ClientError, OSError):
        return ""


def _printable(text: str) -> str:
    words = " ".join(text.split())
    return "".join(letter for letter in words if letter.isprintable())


def _explained(error: Exception) -> str:
    """A connection's errors name host and port; others may quote the whole address."""
    if isinstance(error, aiohttp.ClientConnectorError):
        return str(error)
    return type(error).__name__


def _away(webhook: Webhook, detail: str) -> Delivery:
    return Delivery("retry", f"webhook {webhook.name}: {detail}", server_away=True)
