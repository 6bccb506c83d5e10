"""Who asks, as a proxy says; and everything by which somebody could pretend to be another."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import AsyncIterator, Callable, Iterable
from ipaddress import ip_network
from pathlib import Path

import pytest
from aiohttp.test_utils import TestClient, TestServer
from multidict import CIMultiDict
from pydantic import SecretStr

from bewithu.board.access.header_login import HeaderLogin, is_trusted
from bewithu.board.access.roles import load_roles
from bewithu.board_settings import Access
from tests.board.access.logins import GHENT, LIEGE_CITY
from tests.board.conftest import Client, World

SECRET = "5ec2e7" * 8
ROLES = f"""
roles:
  - {{group: cpas-liege, role: reader, areas: ["{LIEGE_CITY}"]}}
  - {{group: /bewithu/operators, role: operator}}
  - {{user: ghent@example.be, role: coordinator, areas: ["{GHENT}"]}}
"""
SENT = {
    "X-Bewithu-Proxy-Secret": SECRET,
    "X-Forwarded-User": "rik",
    "X-Forwarded-Groups": "other, cpas-liege",
}


def login(folder: Path, proxies: str = "127.0.0.1,::1") -> HeaderLogin:
    (folder / "roles.yaml").write_text(ROLES)
    access = Access(
        mode="header", roles=folder / "roles.yaml", trusted_proxies=proxies, proxy_secret=SecretStr(SECRET)
    )
    return HeaderLogin(access, load_roles(folder / "roles.yaml"))


@pytest.fixture
async def client(world: World, tmp_path: Path) -> AsyncIterator[Client]:
    world.login = login(tmp_path)
    async with TestClient(TestServer(world.app())) as started:
        yield started


async def status(client: Client, headers: object, path: str = f"/?area={LIEGE_CITY}") -> int:
    return (await client.get(path, headers=CIMultiDict(headers))).status  # type: ignore[call-overload]


async def test_groups_and_users_have_the_roles_that_were_written_down(client: Client) -> None:
    assert await status(client, SENT) == 200
    assert await status(client, SENT, f"/?area={GHENT}") == 403
    assert await status(client, SENT, "/api/v1/quarantine") == 403
    operators = SENT | {"X-Forwarded-Groups": "/bewithu/operators"}
    assert await status(client, operators, "/api/v1/quarantine") == 200
    ghent = SENT | {"X-Forwarded-User": "ghent@example.be", "X-Forwarded-Groups": ""}
    assert await status(client, ghent, f"/?area={GHENT}") == 200
    # Neither a part of a name nor another case of it is the name.
    for groups in ("cpas", "CPAS-liege", "cpas-liege2", ""):
        assert await status(client, SENT | {"X-Forwarded-Groups": groups}) == 403


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {name: value for name, value in SENT.items() if name != "X-Bewithu-Proxy-Secret"},
        SENT | {"X-Bewithu-Proxy-Secret": SECRET[:-1]},
        SENT | {"X-Bewithu-Proxy-Secret": SECRET + "0"},
        SENT | {"X-Bewithu-Proxy-Secret": "caf\u00e9"},
        SENT | {"X-Forwarded-User": ""},
        SENT | {"X-Forwarded-User": "x" * 201},
        SENT | {"X-Forwarded-User": "rik\tolga"},
        SENT | {"X_Forwarded_User": "olga"},
        SENT | {"X-Forwarded_Groups": "/bewithu/operators"},
        SENT | {"XForwardedGroups": "/bewithu/operators"},
        SENT | {"X_Bewithu_Proxy_Secret": SECRET},
    ],
)
async def test_whoever_could_have_made_it_up_is_nobody(client: Client, headers: object) -> None:
    assert await status(client, headers) == 401


@pytest.mark.parametrize("name", SENT)
@pytest.mark.parametrize("spelt", [str, str.lower, str.upper])
@pytest.mark.parametrize("first", [True, False])
async def test_a_header_that_is_there_twice_is_refused(
    client: Client, name: str, spelt: Callable[[str], str], first: bool
) -> None:
    """Written by hand, as a client's library may keep one of them."""
    extra = (spelt(name), SECRET if "Secret" in name else "/bewithu/operators")
    for more, status in (((), b"200"), ((extra,), b"401")):
        lines = [*more, *SENT.items()] if first else [*SENT.items(), *more]
        assert await status_by_hand(client, [(each, value.encode()) for each, value in lines]) == status


async def status_by_hand(client: Client, lines: Iterable[tuple[str, bytes]]) -> bytes:
    """Values are sent as they are, byte by byte."""
    reader, writer = await asyncio.open_connection(client.host, client.port)
    head = b"".join(each.encode() + b": " + value + b"\r\n" for each, value in lines)
    path = f"/api/v1/indicators?area={LIEGE_CITY}"
    writer.write(f"GET {path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n".encode() + head + b"\r\n")
    answer = await reader.read()
    writer.close()
    return answer.split()[1]


@pytest.mark.parametrize("name", SENT)
@pytest.mark.parametrize("value", [b"\xff", SECRET.encode() + b"\xff", b"\xed\xb3\xbf"])
async def test_a_header_that_is_no_utf_8_is_refused_like_any_wrong_one(
    client: Client, name: str, value: bytes
) -> None:
    sent = {each: text.encode() for each, text in SENT.items()}
    assert await status_by_hand(client, sent.items()) == b"200"
    assert await status_by_hand(client, (sent | {name: value}).items()) == b"401"


async def test_headers_count_from_a_trusted_proxy_alone(world: World, tmp_path: Path) -> None:
    world.login = login(tmp_path, "10.1.2.3, 192.0.2.0/24")
    async with TestClient(TestServer(world.app())) as client:
        assert await status(client, SENT) == 401
        assert (
            await status(client, SENT | {"X-Forwarded-For": "10.1.2.3", "Forwarded": "for=10.1.2.3"}) == 401
        )
        assert await status(client, {}, "/health/live") == 200


@pytest.mark.parametrize(
    ("remote", "trusted"),
    [("10.1.2.3", True), ("::ffff:10.1.2.3", True), ("fd00::7", True), ("10.1.3.3", False), ("::1", False)]
    + [(remote, False) for remote in (None, "", "unix", "10.1.2.3:80")],
)
def test_the_other_end_of_the_connection_is_trusted_or_not(remote: str | None, trusted: bool) -> None:
    assert is_trusted(remote, [ip_network("10.1.2.0/24"), ip_network("fd00::/8")]) is trusted


async def test_who_is_refused_is_told_little_and_the_log_what_to_mend(
    client: Client, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.INFO)
    wrong = SENT | {"X-Bewithu-Proxy-Secret": "wr0ng" * 8}
    answer = await client.get("/api/v1/alerts", headers=wrong)
    assert answer.headers["WWW-Authenticate"] == 'Bearer realm="bewithu"'
    assert answer.headers["Cache-Control"] == "no-store"
    assert (await answer.json())["title"] == "login needed"
    assert "does not send the secret in X-Bewithu-Proxy-Secret" in caplog.text
    for text in (await answer.text(), caplog.text):
        assert SECRET not in text
        assert "wr0ng" not in text


@pytest.mark.parametrize(
    ("language", "heading", "said"),
    [
        ("nl", "Dit is niet voor iedereen", "de rol \u201clezer\u201d voor Gent"),
        ("fr", "Ceci n\u2019est pas pour tout le monde", "\u00ab\u00a0lecteur\u00a0\u00bb pour\u00a0: Gand"),
        ("de", "Das ist nicht f\u00fcr alle", "\u201eLesender\u201c f\u00fcr: Gent"),
        ("en", "This is not for everybody", "the role \u201creader\u201d for Ghent"),
    ],
)
async def test_a_page_says_which_role_is_missing(
    client: Client, language: str, heading: str, said: str
) -> None:
    answer = await client.get(f"/?area={GHENT}&lang={language}", headers=SENT)
    page = await answer.text()
    assert answer.status == 403
    assert heading in page
    assert said in page
