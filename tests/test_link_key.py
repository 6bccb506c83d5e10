"""The key that links in mails are signed with, as a setting."""

from __future__ import annotations

import traceback
from pathlib import Path

import pytest

from bewithu.errors import SettingsError
from bewithu.settings import load_settings
from tests.command_line import forget_settings

KEY = "0123456789abcdef" * 2


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder that settings are read in; it is empty, as is the environment."""
    forget_settings(monkeypatch)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def problem(**http: object) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(http=http)
    return "".join(traceback.format_exception(caught.value))


def test_there_is_none_unless_it_is_set() -> None:
    assert load_settings().http.link_key is None


def test_it_comes_from_the_environment_or_a_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "key").write_text(f"{KEY}from file\n")
    monkeypatch.setenv("BEWITHU_HTTP__LINK_KEY_FILE", "key")
    found = [load_settings().http]
    monkeypatch.setenv("BEWITHU_HTTP__LINK_KEY", KEY)
    found.append(load_settings().http)
    keys = [each.link_key.get_secret_value() for each in found if each.link_key]
    assert keys == [f"{KEY}from file", KEY]
    assert KEY not in repr(found)


@pytest.mark.parametrize("key", ["geheim-7f3a", "", KEY[:-1]])
def test_one_that_can_be_guessed_is_refused_and_not_shown(key: str) -> None:
    told = problem(link_key=key)
    assert "setting http: link_key has fewer than 32 characters" in told
    assert "openssl rand -hex 32" in told
    assert not key or key not in told


def test_a_file_that_is_not_there_is_named() -> None:
    assert "link_key_file nowhere: No such file" in problem(link_key_file="nowhere")
