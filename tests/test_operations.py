"""The run book: every command in it exists, with the options that it is given there."""

from __future__ import annotations

import re
import shlex
from typing import Any

import pytest
import typer.main

from bewithu import cli
from bewithu.cli.doctor.finding import ok
from sinks.clickhouse.database import statement
from sinks.clickhouse.error_codes import is_state
from tests.parts.processes import REPOSITORY

RUN_BOOK = (REPOSITORY / "docs/operations.md").read_text("utf-8")


def commands_in(text: str) -> list[str]:
    """What stands in back ticks, or on a line of a shell's block, and begins with `bewithu`."""
    blocks = re.findall(r"^```sh\n(.*?)^```", text, re.MULTILINE | re.DOTALL)
    prose = re.sub(r"^```.*?^```", "", text, flags=re.MULTILINE | re.DOTALL)
    lines = [*re.findall(r"`([^`]+)`", prose), *(line for block in blocks for line in block.splitlines())]
    found = (re.search(r"(?:^|\s)(bewithu (?!_).*)", line) for line in lines)
    return sorted({match[1].partition("#")[0].partition(";")[0].strip() for match in found if match})


def section(title: str) -> str:
    """From a heading to the next one."""
    (found,) = re.findall(rf"^##+ {re.escape(title)}\n(.*?)(?=^#)", RUN_BOOK, re.MULTILINE | re.DOTALL)
    return str(found)


def parse(words: list[str]) -> None:
    """As the command line itself does it, without running it."""
    command: Any = typer.main.get_command(cli.app)
    while hasattr(command, "commands"):
        assert words, "a command is missing"
        assert words[0] in command.commands, f"there is no command {words[0]}"
        command, words = command.commands[words[0]], words[1:]
    command.make_parser(command.context_class(command)).parse_args(words)


def test_the_run_book_names_commands() -> None:
    assert len(commands_in(RUN_BOOK)) > 20


@pytest.mark.parametrize("line", commands_in(RUN_BOOK))
def test_a_command_of_the_run_book_can_be_given_like_this(line: str) -> None:
    parse(shlex.split(line)[1:])


@pytest.mark.parametrize(
    "line", ["bewithu recover nothing", "bewithu backup create a --nothing", "bewithu rules"]
)
def test_a_command_that_does_not_exist_would_be_noticed(line: str) -> None:
    with pytest.raises(Exception, match=r"there is no command|No such option|a command is missing"):
        parse(shlex.split(line)[1:])


def test_after_a_restore_workers_start_and_read_again_before_persons_are_erased_again() -> None:
    """An erasure waits for the worker that leads, and does not reach what is read from Kafka later."""
    steps, _, set_back = section("Restore").partition("--set-back")
    for words, waiting in ((steps, "shows nothing `missing`"), (set_back, "nothing is `missing`")):
        started = re.search(r"[Ss]tart (the workers|them)\b", words)
        assert started
        erasing = words.lower().index("erase again")
        assert started.start() < words.index(waiting) < erasing


def test_the_daily_look_has_the_doctors_own_word() -> None:
    assert f"| `bewithu doctor` | every part `{ok('a part', '').state}` |" in RUN_BOOK


def test_a_backup_is_given_the_right_to_read_what_it_asks_for() -> None:
    asked = set(re.findall(r"FROM (\w+)", statement("taken_out")))
    assert asked
    (given,) = re.findall(r"^- `SELECT` on its tables (.*);?\.$", section("Backup"), re.MULTILINE)
    assert set(re.findall(r"`(\w+)`", given)) == asked


def test_a_right_that_is_missing_is_told_of_where_its_alert_leads() -> None:
    """The server's state, as a worker goes on once the right is given: so it is the alert that ClickHouse is down."""
    assert is_state(497, "Not enough privileges")
    assert "ACCESS_DENIED" in section("ClickHouse down")
    assert "right" not in section("ClickHouse statements")
