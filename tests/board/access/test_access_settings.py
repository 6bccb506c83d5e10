"""Settings of the login: what would let anybody in is refused at the start, with what to do."""

from __future__ import annotations

from pathlib import Path

import pytest

from bewithu.board.access import OpenLogin
from bewithu.board.access.header_login import HeaderLogin
from bewithu.errors import DefinitionError, SettingsError
from bewithu.settings import load_settings
from bewithu.wiring import make_login
from tests.command_line import forget_settings

SECRET = "5ec2e7" * 8


@pytest.fixture(autouse=True)
def given(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> dict[str, str]:
    """All that header mode needs."""
    forget_settings(monkeypatch)
    monkeypatch.chdir(tmp_path)
    (tmp_path / "secret").write_text(f"{SECRET}\n")
    (tmp_path / "roles.yaml").write_text("roles: [{group: ops, role: operator}]\n")
    return {
        "mode": "header",
        "roles": "roles.yaml",
        "trusted_proxies": "127.0.0.1, 10.0.0.0/24",
        "proxy_secret_file": "secret",
    }


def test_the_board_is_open_until_a_login_is_set(
    given: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    assert isinstance(make_login(load_settings()), OpenLogin)
    for name, value in given.items():
        monkeypatch.setenv(f"BEWITHU_ACCESS__{name.upper()}", value)
    assert isinstance(make_login(load_settings()), HeaderLogin)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"trusted_proxies": ""}, "trusted_proxies not set: without them anybody could say to be anybody"),
        ({"proxy_secret_file": None}, "proxy_secret_file not set"),
        ({"roles": None}, "roles not set"),
        ({"trusted_proxies": "proxy.example"}, "'proxy.example' is no address and no network"),
        ({"trusted_proxies": "10.0.0.1/24"}, "'10.0.0.1/24' is no address and no network"),
        ({"trusted_proxies": "10.0.0.1, 0.0.0.0/0"}, "'0.0.0.0/0' trusts everybody"),
        ({"trusted_proxies": "::/0"}, "'::/0' trusts everybody"),
        ({"mode": "open"}, "mode is open, which asks nobody"),
        ({"mode": "oidc"}, "'open' or 'header'"),
        ({"proxy_secret": "short"}, "proxy_secret has fewer than 32 characters"),
        ({"user_header": "X_User"}, "letters, digits and hyphens"),
        ({"user_header": "x-forwarded-groups"}, "must be three different headers"),
    ],
)
def test_what_contradicts_itself_or_trusts_everybody_is_refused(
    given: dict[str, str], changes: dict[str, str | None], said: str
) -> None:
    with pytest.raises(SettingsError) as caught:
        load_settings(access={name: value for name, value in (given | changes).items() if value is not None})
    assert said in str(caught.value)
    assert SECRET not in str(caught.value)


def test_wrong_roles_stop_the_start(given: dict[str, str], tmp_path: Path) -> None:
    (tmp_path / "roles.yaml").write_text("roles: [{group: ops, role: oprator}]\n")
    with pytest.raises(DefinitionError, match=r"roles.yaml:1"):
        make_login(load_settings(access=given))
