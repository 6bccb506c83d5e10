"""Log lines: ids in fields of their own, and nothing of a person in any of them."""

from __future__ import annotations

import asyncio
import io
import json
import logging
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from bewithu.correlation import FIELDS, bound, ids
from bewithu.log_lines import TRAIL, JsonLines, TextLines, log_as_command, log_as_worker, without_persons
from bewithu.log_settings import Log
from schemas.batch_ids import new_batch_id
from tests.command_line import CommandLine

PSEUDONYM = "0123456789abcdef0123456789abcdef"
SECRETS = ("85.07.30-033.28", "85073003328", PSEUDONYM, "ann.peeters@example.invalid", "geheim")
UGLY = (
    "550 <ann.peeters@example.invalid>: no 85.07.30-033.28 or 85073003328,"
    f" person={PSEUDONYM} at https://me:geheim@host:1/"
)


@pytest.fixture(params=[TextLines, JsonLines])
def lines(request: pytest.FixtureRequest) -> Iterator[tuple[logging.Logger, io.StringIO]]:
    """A logger of this test's own, and what it wrote."""
    written = io.StringIO()
    handler = logging.StreamHandler(written)
    handler.setFormatter(request.param())
    logger = logging.getLogger("tests.lines")
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)
    yield logger, written
    logger.handlers, logger.propagate = [], True


def test_no_line_tells_of_a_person_whatever_quotes_one(
    lines: tuple[logging.Logger, io.StringIO],
) -> None:
    logger, written = lines
    logger.info("a server said %s", UGLY)
    try:
        raise ValueError(UGLY)
    except ValueError:
        logger.exception("it failed")
    assert "a server said" in written.getvalue()
    assert "ValueError" in written.getvalue()
    assert not [secret for secret in SECRETS if secret in written.getvalue()]


def test_what_an_operator_needs_is_left_in_a_line() -> None:
    told = (
        "ClickHouse at 127.0.0.1:8123 is away: Connection refused; bewithu.registration.v1, 2025-03-03 12:00"
    )
    assert without_persons(told) == told
    batch = str(new_batch_id())
    assert without_persons(batch) == batch


def test_ids_are_fields_also_of_what_is_logged_in_threads(lines: tuple[logging.Logger, io.StringIO]) -> None:
    logger, written = lines

    async def step() -> None:
        with bound({"refresh": 17}):
            await asyncio.to_thread(logger.info, "fires", extra=ids({"alert": PSEUDONYM, "rule": "many"}))
        logger.info("later", extra=ids({"message_id": "<a@b>", "batches": ["b1", "b2"]}))

    asyncio.run(step())
    first, second = written.getvalue().splitlines()
    if first.startswith("{"):
        assert {name: json.loads(first)[name] for name in ("alert", "rule", "refresh")} == {
            "alert": PSEUDONYM,
            "rule": "many",
            "refresh": 17,
        }
        assert json.loads(second)["batches"] == ["b1", "b2"]
        assert "refresh" not in json.loads(second)
    else:
        assert first == f"fires alert={PSEUDONYM} rule=many refresh=17"
        assert second == "later message_id=<a@b> batches=b1,b2"


def test_only_the_fields_that_are_listed_reach_a_line(lines: tuple[logging.Logger, io.StringIO]) -> None:
    logger, written = lines
    logger.info("x", extra={"ids": {"person": PSEUDONYM, "batch": "b1"}})
    assert "b1" in written.getvalue()
    assert PSEUDONYM not in written.getvalue()
    assert not {"person", "household", "coordinator", "address"} & set(FIELDS)


@pytest.mark.parametrize(
    ("terminal", "chosen", "is_json", "has_trail"),
    [
        (False, None, True, True),
        (False, "text", False, True),
        (True, None, False, False),
        (True, "json", True, True),
    ],
)
def test_a_worker_logs_text_on_a_terminal_and_json_elsewhere(
    bewithu: CommandLine, monkeypatch: pytest.MonkeyPatch,
    terminal: bool, chosen: str | None, is_json: bool, has_trail: bool,
) -> None:  # fmt: skip
    # `bewithu` leaves logging as it was.
    screen = io.StringIO()
    monkeypatch.setattr(screen, "isatty", lambda: terminal)
    monkeypatch.setattr(sys, "stderr", screen)
    log_as_worker(Log.model_validate({"format": chosen}), verbose=False)
    (handler,) = logging.getLogger().handlers
    assert isinstance(handler.formatter, JsonLines) == is_json
    assert logging.getLogger(TRAIL).isEnabledFor(logging.INFO) == has_trail
    log_as_command(verbose=False)
    (handler,) = logging.getLogger().handlers
    assert isinstance(handler.formatter, TextLines)


@pytest.mark.parametrize("level", ["debug", "info", "warning", "error"])
def test_the_level_is_of_our_own_lines(bewithu: CommandLine, level: str) -> None:
    log_as_worker(Log.model_validate({"level": level}), verbose=False)
    for name in ("alerts.teller", "bewithu.ingest", "sinks.clickhouse.audit", "streams.coordinator", TRAIL):
        assert logging.getLogger(name).getEffectiveLevel() == logging.getLevelNamesMapping()[level.upper()]
    assert logging.getLogger("another").getEffectiveLevel() == logging.WARNING


def test_a_level_or_format_that_is_none_stops_the_start(bewithu: CommandLine) -> None:
    bewithu.set(LOG__LEVEL="loud", LOG__FORMAT="xml")
    answer = bewithu("worker")
    assert answer.code == 2
    assert "BEWITHU_LOG__LEVEL" in answer.err
    assert "BEWITHU_LOG__FORMAT" in answer.err


def test_ids_of_batches_are_version_7_and_ascend_with_time(tmp_path: Path) -> None:
    made = [new_batch_id() for _ in range(2_000)]
    assert {each.version for each in made} == {7}
    assert {each.variant for each in made} == {"specified in RFC 4122"}
    assert len(set(made)) == len(made)
    moments = [each.int >> 80 for each in made]
    assert moments == sorted(moments)
