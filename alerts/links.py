"""Links in mails that acknowledge or silence an alert: what each says, signed, and how that is checked. Pure.

A link is one coordinator's, for one alert and one thing to do, and expires. Whoever has it can do that one thing, and
nobody can make another without the key (docs/security.md). It leads to a page that asks first
(bewithu/board/act_pages.py).
"""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64decode, urlsafe_b64encode
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from typing import Final, Literal, get_args
from urllib.parse import urlencode

from pydantic import SecretStr

from alerts.evaluate import to_millisecond
from alerts.voice import mark
from schemas.alerting import FIRING, Transition
from schemas.areas import Language

#: Of the board, which answers there.
PATH: Final = "/act"
VALID_FOR: Final = timedelta(days=14)

Verb = Literal["acknowledge", "silence"]
VERBS: Final[tuple[Verb, ...]] = get_args(Verb)
_LABELS: Final[dict[Verb, str]] = {"acknowledge": mark("Acknowledge"), "silence": mark("Silence…")}

#: So that nothing else that is ever signed with the key can pass for a link.
_PURPOSE: Final = b"bewithu link in an alert mail\n"
_EPOCH: Final = datetime(1970, 1, 1, tzinfo=UTC)
_MILLISECOND: Final = timedelta(milliseconds=1)
#: Longer than any that is made here; a longer one is not even hashed.
_LONGEST: Final = 2000


@dataclass(frozen=True, slots=True)
class Action:
    """What a link does: `verb` to the alert of `rule` in `area` that began at `since`, for the coordinator `email`.

    Both moments are UTC in whole milliseconds; at `expires` it is too late.
    """

    verb: Verb
    rule: str
    area: str
    since: datetime
    email: str
    expires: datetime


@dataclass(frozen=True, slots=True)
class Refused:
    """`tampered`: not signed with this key, or not whole; `expired`: it was good once."""

    reason: Literal["tampered", "expired"]


def actions_for(
    transition: Transition,
    email: str,
    language: Language,
    key: SecretStr | None,
    board: str,
    now: datetime,
) -> tuple[tuple[str, str], ...]:
    """The links of a mail, each with its label: a message of the catalogues. None without a key, and none when there
    is nothing to do about the alert any more.

    `board`: its address. `now`: when the mail was queued, so that a mail that is sent again is the same mail.
    """
    if key is None or transition.kind not in FIRING:
        return ()
    expires = to_millisecond(now + VALID_FOR)
    alert = transition.rule, transition.area, transition.since
    return tuple(
        (_LABELS[verb], link(Action(verb, *alert, email, expires), key, board, language)) for verb in VERBS
    )


def link(action: Action, key: SecretStr, board: str, language: Language) -> str:
    """The address of the page that asks whether to do it."""
    # The token is not the end: what finds links in plain text may cut a last - or _ off.
    query = urlencode({"token": sign(action, key), "lang": language})
    return f"{board.rstrip('/')}{PATH}?{query}"


def sign(action: Action, key: SecretStr) -> str:
    """The action as `<what>.<signature>`, in characters that need no escape in an address."""
    since, expires = ((moment - _EPOCH) // _MILLISECOND for moment in (action.since, action.expires))
    said = [action.verb, action.rule, action.area, since, action.email, expires]
    what = _text(json.dumps(said, ensure_ascii=False, separators=(",", ":")).encode())
    return f"{what}.{_signature(what, key)}"


def read(token: str, key: SecretStr, now: datetime) -> Action | Refused:
    """The action, if it was signed with this key and has not expired by `now`."""
    what, _, signature = token[: _LONGEST + 1].partition(".")
    # As text, not as the bytes that it stands for: several texts stand for the same bytes.
    if (
        len(token) > _LONGEST
        or not token.isascii()
        or not hmac.compare_digest(_signature(what, key), signature)
    ):
        return Refused("tampered")
    try:
        verb, rule, area, since, email, expires = json.loads(urlsafe_b64decode(_padded(what)))
        action = Action(VERBS[VERBS.index(verb)], rule, area, _moment(since), email, _moment(expires))
    except (ValueError, TypeError, OverflowError):
        # Signed by another version of this program.
        return Refused("tampered")
    return action if now < action.expires else Refused("expired")


def _signature(what: str, key: SecretStr) -> str:
    secret = key.get_secret_value().encode()
    return _text(hmac.digest(secret, _PURPOSE + what.encode(), sha256))


def _text(data: bytes) -> str:
    return urlsafe_b64encode(data).decode().rstrip("=")


def _padded(text: str) -> str:
    return text + "=" * (-len(text) % 4)


def _moment(milliseconds: int) -> datetime:
    return _EPOCH + milliseconds * _MILLISECOND
