"""Processes start, are waited for, and end with all their children; a missing part is named."""

from __future__ import annotations

import re
import socket
import subprocess
import sys
import time
from pathlib import Path

import psutil
import pytest

from tests.parts import deadlines
from tests.parts.deadlines import DeadlineMissedError, wait_until, wait_until_async
from tests.parts.processes import REPOSITORY, Process, answers_tcp, free_port, running, start_process
from tests.parts.require import require_part

WITH_A_CHILD = "sleep 600 & echo child $!; wait"


def child_of(process: Process) -> int:
    def announced() -> re.Match[str] | None:
        return re.search(r"child (\d+)\n", process.log.read_text())

    found = wait_until(announced, 10, "the child's number", process=process)
    assert found is not None
    return int(found.group(1))


def is_gone(pid: int) -> bool:
    """Ended, even if nobody has asked for its exit status yet."""
    try:
        return psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return True


@pytest.mark.parametrize("reaction", ["", "trap '' TERM; "])
def test_a_stopped_process_is_gone_with_its_children_even_if_unwilling(tmp_path: Path, reaction: str) -> None:
    with running(start_process(["sh", "-c", reaction + WITH_A_CHILD], tmp_path / "log")) as process:
        child = child_of(process)
        assert process.alive
        process.stop(seconds=0.5)
        assert not process.alive
        assert process.popen.returncode is not None
        wait_until(lambda: is_gone(child), 5, "the child to end")


def test_a_killed_process_is_gone_with_its_children(tmp_path: Path) -> None:
    with running(start_process(["sh", "-c", WITH_A_CHILD], tmp_path / "log")) as process:
        child = child_of(process)
        process.kill()
        assert process.popen.returncode == -9
        wait_until(lambda: is_gone(child), 5, "the child to end")


def test_the_children_of_a_process_that_ended_by_itself_are_stopped_too(tmp_path: Path) -> None:
    with running(start_process(["sh", "-c", "sleep 600 & echo child $!"], tmp_path / "log")) as process:
        child = child_of(process)
        wait_until(lambda: not process.alive, 5, "the shell to end")
        assert not is_gone(child)
        process.stop()
        wait_until(lambda: is_gone(child), 5, "the child to end")


def test_waiting_ends_early_when_the_process_dies_and_shows_its_last_words(tmp_path: Path) -> None:
    command = [sys.executable, "-c", "raise SystemExit('port is taken')"]
    started = time.monotonic()
    with (
        running(start_process(command, tmp_path / "server.log")) as process,
        pytest.raises(DeadlineMissedError, match=r"an answer, but the process ended[^$]*port is taken"),
    ):
        wait_until(lambda: answers_tcp(free_port()), 60, "an answer", process=process)
    assert time.monotonic() - started < 30


def test_waiting_in_vain_says_for_what_and_how_long(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(deadlines, "PATIENCE", 3)
    log = tmp_path / "server.log"
    log.write_text("".join(f"line {number}\n" for number in range(100)))
    with pytest.raises(DeadlineMissedError, match=r"waited 0\.3 s for rain, in vain[^$]*line 99") as missed:
        wait_until(lambda: False, 0.1, "rain", log=log)
    assert "line 10\n" not in str(missed.value)
    with pytest.raises(DeadlineMissedError, match=r"waited 0\.1 s for an end"):
        wait_until(lambda: False, 0.1, "an end", promised=True)


async def test_a_condition_may_be_awaited() -> None:
    answers = iter([0, 0, 7])

    async def condition() -> int:
        return next(answers)

    assert await wait_until_async(condition, 5, "a seven") == 7
    with pytest.raises(DeadlineMissedError, match="waited 0 s for rain, in vain"):
        await wait_until_async(lambda: False, 0, "rain")


def test_free_ports_are_free_and_never_the_same() -> None:
    ports = [free_port() for _ in range(50)]
    assert len(set(ports)) == 50
    assert not any(answers_tcp(port) for port in ports)


def test_a_free_port_is_kept_from_other_processes_and_open_to_its_server() -> None:
    port = free_port()
    choosing = "from tests.parts import processes; processes._PORTS = [{0}]; processes.free_port()"
    chosen = subprocess.run(
        [sys.executable, "-c", choosing.format(port)],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
        check=False,
    )
    assert "no free port found" in chosen.stderr
    serving = "import socket; socket.create_server(('127.0.0.1', {0})).close()"
    subprocess.run([sys.executable, "-c", serving.format(port)], check=True)
    with socket.create_server(("127.0.0.1", port)):
        assert answers_tcp(port)
    assert not answers_tcp(port)


def test_a_missing_part_skips_the_test_and_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("BEWITHU_TEST_REQUIRE", raising=False)
    require_part("Chromium", True, "unused")
    with pytest.raises(pytest.skip.Exception, match=r"Chromium is missing\. Install it"):
        require_part("Chromium", False, "Install it")


def test_a_missing_part_fails_the_test_where_all_are_required(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BEWITHU_TEST_REQUIRE", "all")
    require_part("Chromium", True, "unused")
    with pytest.raises(pytest.fail.Exception, match=r"Chromium is missing\. Install it"):
        require_part("Chromium", False, "Install it")
