"""Links in mails: nobody makes one without the key, no byte of one can be changed, and each expires."""

from __future__ import annotations

import hmac
import json
from base64 import urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from hashlib import sha256
from urllib.parse import parse_qs, urlsplit

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from alerts.links import VALID_FOR, VERBS, Action, Refused, actions_for, link, read, sign
from schemas.alerting import FIRING, KINDS, Kind
from tests.alerts.samples import NOON, transition

KEY = SecretStr("0123456789abcdef" * 4)
MOMENTS = st.datetimes(datetime(1970, 1, 1), datetime(2100, 1, 1), timezones=st.just(UTC)).map(  # noqa: DTZ001
    lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
)
ACTIONS = st.builds(
    Action,
    st.sampled_from(VERBS),
    st.text(max_size=60),
    st.text(max_size=5),
    MOMENTS,
    st.text(max_size=60),
    MOMENTS,
)
ACTION = Action("acknowledge", "arrivals_high", "60000", NOON, "ann@x.be", NOON + VALID_FOR)
TOKEN = sign(ACTION, KEY)
EARLIER = timedelta(milliseconds=1)
#: What an address can carry, and what may arrive instead.
CHARACTERS = st.characters(codec="utf-8")


@given(ACTIONS, st.text(min_size=1, max_size=80))
def test_what_is_signed_is_read_back_with_the_same_key_until_it_expires(action: Action, secret: str) -> None:
    key = SecretStr(secret)
    token = sign(action, key)
    assert read(token, key, action.expires - EARLIER) == action
    assert read(token, key, action.expires) == Refused("expired")


@given(st.integers(0, len(TOKEN) - 1), CHARACTERS)
def test_a_link_with_any_character_changed_is_refused(place: int, character: str) -> None:
    changed = TOKEN[:place] + character + TOKEN[place + 1 :]
    expected = ACTION if changed == TOKEN else Refused("tampered")
    assert read(changed, KEY, NOON) == expected


def test_every_bit_of_every_byte_counts() -> None:
    """Also the last ones, which base64 would drop: several texts stand for the same bytes."""
    for place, character in enumerate(TOKEN):
        for bit in range(8):
            changed = TOKEN[:place] + chr(ord(character) ^ 1 << bit) + TOKEN[place + 1 :]
            assert read(changed, KEY, NOON) == Refused("tampered"), (place, bit)


@given(st.integers(0, len(TOKEN)), st.text(CHARACTERS, min_size=1, max_size=5))
def test_nothing_can_be_put_in(place: int, more: str) -> None:
    assert read(TOKEN[:place] + more + TOKEN[place:], KEY, NOON) == Refused("tampered")


@given(st.integers(0, len(TOKEN) - 1))
def test_nothing_can_be_cut_off_as_a_mail_program_may(length: int) -> None:
    assert read(TOKEN[:length], KEY, NOON) == Refused("tampered")


@given(st.text(CHARACTERS, max_size=300))
def test_no_other_text_is_a_link(text: str) -> None:
    assert read(text, KEY, NOON) == Refused("tampered")


@given(ACTIONS, ACTIONS)
def test_parts_of_two_links_make_no_third(one: Action, other: Action) -> None:
    (said, _), (_, signature) = (sign(action, KEY).split(".") for action in (one, other))
    expected = one if one == other else Refused("tampered")
    assert read(f"{said}.{signature}", KEY, one.expires - EARLIER) == expected


@given(st.text(max_size=80).filter(lambda text: text != KEY.get_secret_value()))
def test_another_key_signs_nothing_that_counts(other: str) -> None:
    assert read(sign(ACTION, SecretStr(other)), KEY, NOON) == Refused("tampered")


@pytest.mark.parametrize(
    "said",
    [None, [], {}, 1, "x", ["acknowledge"], ["end", "r", "BE", 0, "a@x.be", 10**13],
     ["silence", "r", "BE", "0", "a@x.be", 10**13], ["silence", "r", "BE", 0, "a@x.be", 10**30],
     ["silence", "r", "BE", 0, "a@x.be", None]],
)  # fmt: skip
def test_what_another_version_may_have_signed_is_refused_and_not_guessed_at(said: object) -> None:
    def text(data: bytes) -> str:
        return urlsafe_b64encode(data).decode().rstrip("=")

    what = text(json.dumps(said).encode())
    purpose = b"bewithu link in an alert mail\n"
    signature = text(hmac.digest(KEY.get_secret_value().encode(), purpose + what.encode(), sha256))
    assert read(f"{what}.{signature}", KEY, NOON) == Refused("tampered")


def test_a_signature_for_another_purpose_is_none_for_a_link() -> None:
    what = TOKEN.split(".")[0]
    signature = urlsafe_b64encode(hmac.digest(KEY.get_secret_value().encode(), what.encode(), sha256))
    assert read(f"{what}.{signature.decode().rstrip('=')}", KEY, NOON) == Refused("tampered")


def test_very_long_texts_are_refused_unread() -> None:
    assert read(TOKEN + "A" * 2000, KEY, NOON) == Refused("tampered")
    assert read("A" * 10_000_000, KEY, NOON) == Refused("tampered")


def test_a_mail_that_an_alert_fires_has_both_links_for_two_weeks() -> None:
    found = actions_for(transition(), "ann@x.be", "fr", KEY, "https://board.invalid/", NOON)
    assert [label for label, _ in found] == ["Acknowledge", "Silence…"]
    for verb, (_, address) in zip(VERBS, found, strict=True):
        parts = urlsplit(address)
        assert (parts.scheme, parts.netloc, parts.path) == ("https", "board.invalid", "/act")
        query = parse_qs(parts.query)
        assert query["lang"] == ["fr"]
        step = transition()
        action = read(query["token"][0], KEY, NOON + timedelta(days=14) - EARLIER)
        expires = NOON + timedelta(days=14)
        assert action == Action(verb, step.rule, step.area, step.since, "ann@x.be", expires)
        assert read(query["token"][0], KEY, expires) == Refused("expired")


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind not in FIRING])
def test_a_mail_about_an_alert_that_does_not_go_on_has_none(kind: Kind) -> None:
    assert actions_for(transition(kind), "ann@x.be", "en", KEY, "https://board.invalid", NOON) == ()


def test_there_are_none_without_a_key() -> None:
    assert actions_for(transition(), "ann@x.be", "en", None, "https://board.invalid", NOON) == ()


def test_a_link_needs_no_escape_and_shows_no_key() -> None:
    address = link(ACTION, KEY, "https://board.invalid", "nl")
    assert set(address) <= set("abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_.:/?&=")
    assert KEY.get_secret_value() not in address + repr(ACTION) + repr(KEY)
