"""Settings: environment over `bewithu.toml` over defaults, and what is said of a wrong one."""

from __future__ import annotations

from pathlib import Path

import pytest

from bewithu.errors import SettingsError
from bewithu.settings import load_settings
from tests.command_line import CommandLine, forget_settings


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder that settings are read in; it is empty, as is the environment."""
    forget_settings(monkeypatch)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def write_toml(folder: Path, text: str) -> None:
    (folder / "bewithu.toml").write_text(text, "utf-8")


def problems(**overrides: object) -> list[str]:
    with pytest.raises(SettingsError) as caught:
        load_settings(**overrides)
    return str(caught.value).splitlines()


def test_nothing_needs_to_be_set(folder: Path) -> None:
    settings = load_settings()
    assert settings.kafka.bootstrap_servers == "127.0.0.1:9092"
    assert settings.clickhouse.url == "chdb://var/clickhouse"
    assert settings.clickhouse.password is None
    assert settings.rules is None


def test_the_environment_wins_over_the_file_and_the_file_over_the_default(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_toml(folder, 'rules = "from-toml"\n[kafka]\ngroup = "from-toml"\npartitions = 8\n[http]\nport = 1')
    monkeypatch.setenv("BEWITHU_KAFKA__GROUP", "from-environment")
    monkeypatch.setenv("BEWITHU_RULES", "from-environment")
    settings = load_settings(http={"port": 2})
    assert settings.rules == Path("from-environment")
    assert (settings.kafka.group, settings.kafka.partitions) == ("from-environment", 8)
    assert settings.kafka.replication == 1
    assert settings.http.port == 2


def test_a_variable_s_case_does_not_matter_and_empty_text_is_a_value(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("bewithu_http__host", "::1")
    monkeypatch.setenv("BEWITHU_SMTP__USERNAME", "")
    settings = load_settings()
    assert (settings.http.host, settings.smtp.username) == ("::1", "")


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("clickhouse.url", "ftp://127.0.0.1", "http://host:port/database"),
        ("http.port", "65536", "less than or equal to 65535"),
        ("http.port", "many", "valid integer"),
        ("kafka.partitions", "0", "greater than or equal to 1"),
        ("refresh.interval_seconds", "-1", "greater than 0"),
        ("smtp.starttls", "perhaps", "valid boolean"),
    ],
)
def test_a_wrong_setting_is_told_with_its_name_its_value_and_what_was_expected(
    bewithu: CommandLine, name: str, value: str, expected: str
) -> None:
    variable = name.upper().replace(".", "__")
    bewithu.set(**{variable: value})
    answer = bewithu("rules", "check", "--json")
    assert (answer.code, answer.out) == (2, "")
    (told,) = answer.err.splitlines()
    assert told.startswith(f"setting {name}: ")
    assert expected in told
    assert f"got {value!r}" in told
    assert f"BEWITHU_{variable}" in told


def test_every_wrong_setting_is_told_at_once(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_toml(folder, "[http]\nport = -1\n[sheep]\nlegs = 4\n")
    monkeypatch.setenv("BEWITHU_KAFKA__REPLICATION", "none")
    told = [problem.split(":")[0] for problem in problems()]
    assert sorted(told) == ["setting http.port", "setting kafka.replication", "setting sheep"]


def test_a_misspelt_setting_is_not_ignored(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEWITHU_KAFKA__GRUOP", "x")
    write_toml(folder, "[http]\nprot = 1\n")
    assert [problem.split(":")[0] for problem in problems()] == ["setting kafka.gruop", "setting http.prot"]


def test_a_file_that_is_not_toml_is_named(folder: Path) -> None:
    write_toml(folder, "kafka = [")
    (problem,) = problems()
    assert problem.startswith("bewithu.toml: is not TOML: ")


def test_a_level_s_variable_that_is_not_json_is_named(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEWITHU_KAFKA", "127.0.0.1:9092")
    (problem,) = problems()
    assert '"kafka"' in problem
