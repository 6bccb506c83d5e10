"""Settings of the links: secrets from files, contradictions that are refused, and nothing secret in any text."""

from __future__ import annotations

import traceback
from pathlib import Path
from ssl import CERT_REQUIRED, TLSVersion

import pytest
from pydantic import SecretStr

from bewithu.errors import SettingsError
from bewithu.links import Link, tls_context
from bewithu.settings import ClickHouse, Kafka, Registry, Settings, Smtp, load_settings
from tests.command_line import forget_settings
from tests.parts.authority import Authority
from tests.parts.processes import REPOSITORY

SECRET = "geheim-7f3a"
#: Every setting that is a secret: its level and name.
SECRETS = [
    (level, name)
    for level, field in Settings.model_fields.items()
    if isinstance(field.annotation, type) and issubclass(field.annotation, Link)
    for name, secret in field.annotation.model_fields.items()
    if secret.annotation == (SecretStr | None)
]
SASL = {"security_protocol": "SASL_SSL", "sasl_username": "me", "sasl_password": SECRET}


@pytest.fixture(autouse=True)
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder that settings are read in; it is empty, as is the environment."""
    forget_settings(monkeypatch)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def problem(**levels: object) -> str:
    with pytest.raises(SettingsError) as caught:
        load_settings(**levels)
    told = str(caught.value)
    assert SECRET not in "".join(traceback.format_exception(caught.value)), "a traceback shows the secret"
    return told


# --- secrets from files ---


def complete(level: str, **secret: object) -> dict[str, object]:
    """A level with `secret`, and what it needs beside it."""
    others: dict[str, dict[str, object]] = {
        "kafka": {"security_protocol": "SASL_SSL", "sasl_username": "me", "sasl_password": "other"},
        "registry": {"url": "https://localhost:1", "username": "me", "password": "other"},
        "clickhouse": {"url": "https://localhost:1"},
        "smtp": {"username": "me", "password": "other", "starttls": True},
    }
    (name,) = secret
    kept = others[level]
    kept.pop(str(name).removesuffix("_file"), None)
    return {**kept, **secret}


def test_every_link_has_its_secrets_also_as_files() -> None:
    expected = {
        ("kafka", "sasl_password"),
        *((each, "password") for each in ("registry", "clickhouse", "smtp")),
    }
    assert expected <= set(SECRETS)
    for level, name in SECRETS:
        assert f"{name}_file" in type(getattr(Settings(), level)).model_fields


@pytest.mark.parametrize("end", ["", "\n", "\r\n"])
@pytest.mark.parametrize(("level", "name"), [each for each in SECRETS if each[1] != "key_password"])
def test_a_secret_is_what_its_file_holds_without_the_end_of_the_line(
    folder: Path, level: str, name: str, end: str
) -> None:
    (folder / "secret").write_bytes(f"  in file {end}".encode())
    settings = load_settings(**{level: complete(level, **{f"{name}_file": "secret"})})
    assert getattr(getattr(settings, level), name) == SecretStr("  in file ")


def test_a_secret_that_is_given_wins_over_its_file(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (folder / "secret").write_text("in-file")
    monkeypatch.setenv("BEWITHU_CLICKHOUSE__PASSWORD_FILE", "secret")
    monkeypatch.setenv("BEWITHU_CLICKHOUSE__PASSWORD", "given")
    assert load_settings().clickhouse.password == SecretStr("given")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "No such file or directory"),
        (b"\n", "is empty"),
        (b"\xff" + SECRET.encode(), "is not UTF-8 text"),
    ],
)
@pytest.mark.parametrize(("level", "name"), SECRETS)
def test_a_file_without_a_secret_is_told_with_its_setting_its_path_and_what_to_do(
    folder: Path, level: str, name: str, content: bytes | None, expected: str
) -> None:
    if content is not None:
        (folder / "secret").write_bytes(content)
    told = problem(**{level: complete(level, **{f"{name}_file": "secret"})})
    assert told.startswith(f"setting {level}: {name}_file secret: {expected}")
    assert "; " in told


# --- contradictions ---


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        ({"kafka": {"security_protocol": "SASL_SSL"}}, "needs a login: set sasl_username, and sasl_password"),
        ({"kafka": {**SASL, "sasl_password": ""}}, "needs a login"),
        ({"kafka": {**SASL, "security_protocol": "PLAINTEXT"}}, "is PLAINTEXT, which sends no login"),
        ({"kafka": {**SASL, "security_protocol": "SSL"}}, "is SSL, which sends no login"),
        (
            {"kafka": {"security_protocol": "TLS"}},
            "'SASL_SSL', got 'TLS'; set BEWITHU_KAFKA__SECURITY_PROTOCOL",
        ),
        ({"kafka": {**SASL, "sasl_mechanism": "GSSAPI"}}, "'SCRAM-SHA-256' or 'SCRAM-SHA-512', got 'GSSAPI'"),
        ({"kafka": {"ca_file": "ca.pem"}}, "set security_protocol to SSL or SASL_SSL"),
        ({"kafka": {**SASL, "ca_file": "ca.pem"}}, "ca_file ca.pem: No such file or directory"),
        ({"kafka": {**SASL, "key_file": "key.pem"}}, "key_file is set without a certificate"),
        ({"kafka": {"bootstrap_servers": f"SSL://me:{SECRET}@kafka:9093"}}, "must be host:port,host:port"),
        (
            {
                "kafka": {
                    **SASL,
                    "security_protocol": "SASL_PLAINTEXT",
                    "sasl_mechanism": "PLAIN",
                    "bootstrap_servers": "localhost:1,kafka:2",
                }
            },
            "shows the password to the network",
        ),
        ({"registry": {"ca_file": "ca.pem"}}, "use an address with https://"),
        ({"registry": {"username": "me"}}, "username and password are set together"),
        ({"registry": {"password": SECRET}}, "username and password are set together"),
        ({"registry": {"username": "a:b", "password": SECRET}}, "must not contain a colon"),
        ({"registry": {"url": "registry:8081"}}, "got 'registry:8081'; set BEWITHU_REGISTRY__URL"),
        ({"registry": {"url": f"http://me:{SECRET}@h:1", "username": "me"}}, "username is set too"),
        ({"registry": {"url": f"http://me:{SECRET}/x@h:1"}}, "has an @ behind its host"),
        ({"clickhouse": {"ca_file": "ca.pem"}}, "use an address with https://"),
        ({"clickhouse": {"url": f"http://me:{SECRET}@h"}}, "has no host and port"),
        ({"clickhouse": {"url": f"https://me:{SECRET}@h:x1"}}, "has no host and port"),
        ({"smtp": {"starttls": True, "tls": True}}, "starttls and tls are both set"),
        ({"smtp": {"ca_file": "ca.pem"}}, "set starttls or tls to true"),
        ({"smtp": {"password": SECRET}}, "username and password are set together"),
        (
            {"smtp": {"host": "mail.example", "username": "me", "password": SECRET}},
            "a login to mail.example would go over the network for all to read: set starttls or tls to true",
        ),
    ],
)
def test_a_contradiction_is_refused_with_what_to_do(levels: dict[str, object], expected: str) -> None:
    assert expected in problem(**levels)


def test_a_login_in_the_clear_is_taken_on_this_machine_and_scram_everywhere() -> None:
    login = {"username": "me", "password": SECRET}
    for host in ("127.0.0.1", "::1", "localhost"):
        assert load_settings(smtp={"host": host, **login}).smtp.host == host
    plain = {**SASL, "security_protocol": "SASL_PLAINTEXT"}
    Kafka.model_validate({**plain, "sasl_mechanism": "PLAIN", "bootstrap_servers": "127.0.0.1:1, [::1]:2"})
    Kafka.model_validate({**plain, "bootstrap_servers": "kafka:1"})


def test_files_that_are_no_certificates_are_named(folder: Path) -> None:
    authority = Authority(folder / "authority")
    one, other = authority.issue("one"), authority.issue("other", password=SECRET)
    (folder / "ca.pem").write_text("sheep")
    assert "ca_file ca.pem: " in problem(kafka={**SASL, "ca_file": "ca.pem"})
    for files in (
        {"certificate_file": one.file, "key_file": other.key, "key_password": SECRET},
        {"certificate_file": other.file, "key_file": other.key},
        {"certificate_file": other.file, "key_file": other.key, "key_password": "wrong"},
        {"certificate_file": one.file},
    ):
        told = problem(registry={"url": "https://localhost:1", **files})
        assert f"certificate_file {files['certificate_file']}" in told
        assert "expected a certificate and its key in PEM" in told
    right = {"certificate_file": other.file, "key_file": other.key, "key_password": SECRET}
    assert load_settings(registry={"url": "https://localhost:1", **right}).registry.key_file == other.key
    assert "reads no encrypted key" in problem(clickhouse={"url": "https://localhost:1", **right})


def test_certificate_and_host_name_are_verified_and_old_tls_is_not_spoken(folder: Path) -> None:
    authority = Authority(folder / "authority")
    for link in (
        Kafka.model_validate({**SASL, "ca_file": authority.file}),
        Registry(url="https://localhost:1"),
        Smtp(tls=True),
    ):
        context = tls_context(link)
        assert (context.verify_mode, context.check_hostname) == (CERT_REQUIRED, True)
        assert context.minimum_version >= TLSVersion.TLSv1_2
    only = tls_context(Kafka.model_validate({**SASL, "ca_file": authority.file}))
    assert only.cert_store_stats()["x509_ca"] == 1, "with ca_file no other authority is trusted"


def test_every_setting_of_a_link_is_documented() -> None:
    """In full, or by the end of its name where all links have it."""
    text = (REPOSITORY / "docs" / "security.md").read_text("utf-8")
    readme = (REPOSITORY / "README.md").read_text("utf-8")
    missing = [
        variable
        for level in (Kafka, Registry, ClickHouse, Smtp)
        for name in level.model_fields
        if (variable := f"{level.prefix}{name.upper()}") not in text
        and not (name in Link.model_fields and f"`{name.upper()}`" in text)
        and not (variable in readme or f"`__{name.upper()}`" in readme)
    ]
    assert missing == []


# --- what is said and shown ---


@pytest.mark.parametrize(
    ("url", "clean", "username", "password"),
    [
        ("http://me:p%40ss@host:1/x", "http://host:1/x", "me", "p@ss"),
        ("https://me:p@ss@host:1", "https://host:1", "me", "p@ss"),
        ("http://me@host:1/x", "http://host:1/x", "me", None),
        ("https://[::1]:1/", "https://[::1]:1/", None, None),
    ],
)
def test_a_login_in_an_address_is_kept_apart_as_a_secret(
    url: str, clean: str, username: str | None, password: str | None
) -> None:
    found = load_settings(clickhouse={"url": url}).clickhouse
    secret = found.password.get_secret_value() if found.password else None
    assert (found.url, found.username, secret) == (clean, username, password)


def test_no_secret_is_in_the_text_of_the_settings(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    authority = Authority(folder / "authority")
    made = authority.issue("me", password=SECRET)
    certificate = {"certificate_file": made.file, "key_file": made.key, "key_password": SECRET}
    login = {"username": "me", "password": SECRET}
    settings = load_settings(
        kafka={**SASL, **certificate},
        registry={"url": f"https://me:{SECRET}@localhost:1", **certificate},
        clickhouse={"url": f"https://me:{SECRET}@localhost:1"},
        smtp={**login, **certificate, "tls": True},
    )
    for text in (repr(settings), str(settings), str(settings.model_dump()), settings.model_dump_json()):
        assert "me" in text
        assert SECRET not in text


@pytest.mark.parametrize(
    ("variable", "value"),
    [
        ("BEWITHU_KAFKA__SASL_PASWORD", SECRET),
        ("BEWITHU_CLICKHOUSE", f'"{SECRET}"'),
        ("BEWITHU_CLICKHOUSE", f'{{"password": "{SECRET}"'),
        ("BEWITHU_CLICKHOUSE", f'{{"password": "{SECRET}", "url": "ftp://me:{SECRET}@host"}}'),
        ("BEWITHU_SMTP__PASSWORD__X", SECRET),
        ("BEWITHU_KAFKA__GROUP__X", SECRET),
        ("BEWITHU_REGISTRY__URL", f"ftp://me:{SECRET}@host:1"),
    ],
)
def test_a_wrong_setting_is_told_without_what_may_be_a_secret(
    monkeypatch: pytest.MonkeyPatch, variable: str, value: str
) -> None:
    monkeypatch.setenv(variable, value)
    told = problem(**({"smtp": {"username": "me"}} if "SMTP" in variable else {}))
    assert SECRET not in told
    assert variable.split("__")[0].removeprefix("BEWITHU_").lower() in told


def test_a_wrong_bewithu_toml_is_told_without_its_secrets(folder: Path) -> None:
    for text in (f'[smtp]\npassword = "{SECRET}', f"[smtp]\npassword = {SECRET}", f'smtp = "{SECRET}"'):
        (folder / "bewithu.toml").write_text(text)
        assert SECRET not in problem()
