"""The demo as a newcomer runs it: one command, the whole story, nothing left behind."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.request
from email import message_from_bytes
from pathlib import Path

import psutil

from tests.parts.deadlines import PATIENCE, wait_until
from tests.parts.processes import free_port

DEMO = [sys.executable, "-m", "bewithu", "demo"]


def test_the_demo_ends_by_itself_with_one_json_object_and_everything_accounted_for(tmp_path: Path) -> None:
    mails, store, temporary = tmp_path / "mails", tmp_path / "store", tmp_path / "tmp"
    temporary.mkdir()
    # So long that alerts fire, and their mails go.
    seconds = str(round(40 * PATIENCE))
    done = subprocess.run(
        [*DEMO, "--for", seconds, "--json", "--mails", str(mails), "--store", str(store)],
        env={**os.environ, "TMPDIR": str(temporary)},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        timeout=150 * PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    report = json.loads(done.stdout)
    assert report["published"] == report["accepted"] + report["quarantined"] + report["duplicates"]
    assert report["quarantined"] > 0
    assert report["duplicates"] > 0
    assert report["indicators"]["persons_protected"]["BE"] > 0
    assert report["alerts"]["fired"] > 0
    assert report["mails"] == len(list(mails.glob("*.eml"))) > 0

    # One mail for each coordinator and group of alerts, and each readable by a mail program.
    messages = [message_from_bytes(file.read_bytes()) for file in mails.glob("*.eml")]
    ids = [(message["To"], message["Message-ID"]) for message in messages]
    assert len(ids) == len(set(ids))
    texts = [part.get_payload(decode=True) for message in messages for part in message.walk()]
    links = [link for text in texts if text for link in re.findall(rb"http://127\.0\.0\.1:([0-9]+)/", text)]
    assert links, "mails lead to the board"
    assert all(int(port) > 0 for port in links)
    assert list(temporary.iterdir()) == []
    alerts_of_the_kept_history(store, report["day"])


def alerts_of_the_kept_history(store: Path, until: str) -> None:
    """A rule for all of Belgium is tried on the history of the demo's small one."""
    options = ["--since", "2022-03-03", "--until", until, "--vary", "threshold=20:60:20", "--json"]
    done = subprocess.run(
        [sys.executable, "-m", "bewithu", "rules", "backtest", "registrations_country", *options],
        env={**os.environ, "BEWITHU_CLICKHOUSE__URL": f"chdb://{store}"},
        capture_output=True,
        text=True,
        timeout=60 * PATIENCE,
    )
    assert done.returncode == 0, done.stderr
    found = {each["variant"]: each["alerts"] for each in json.loads(done.stdout)["variants"]}
    assert found["as it is"] == 0
    assert found["threshold=20"] > 0


def test_a_folder_with_something_in_it_is_no_place_for_a_demos_store(tmp_path: Path) -> None:
    (tmp_path / "something").touch()
    done = subprocess.run(
        [*DEMO, "--store", str(tmp_path)], capture_output=True, text=True, timeout=60 * PATIENCE, check=False
    )
    assert done.returncode == 2
    assert "is not an empty folder" in " ".join(done.stderr.replace("│", " ").split())


def test_ctrl_c_stops_the_demo_cleanly_and_nothing_is_left_behind(tmp_path: Path) -> None:
    port = free_port()
    process = subprocess.Popen(
        [*DEMO, "--port", str(port)],
        env={**os.environ, "TMPDIR": str(tmp_path)},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        start_new_session=True,
    )
    try:
        wait_until(lambda: published(port) > 0, 60, "the board to show events")
        family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
        assert len(family) > 1, "the broker runs in a process of its own"
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60 * PATIENCE)
        assert process.returncode == 0, output
        assert "trouble: it was told" not in output, "an end that was asked for is no trouble"
        wait_until(lambda: not any(map(alive, family)), 10, "all of the demo's processes to end")
        assert list(tmp_path.iterdir()) == []
    finally:
        if process.poll() is None:
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate()


def published(port: int) -> int:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/api/v1/status", timeout=5) as answer:
            return int(json.load(answer)["status"]["published"])
    except OSError:
        return 0


def alive(process: psutil.Process) -> bool:
    try:
        return bool(process.is_running() and process.status() != psutil.STATUS_ZOMBIE)
    except psutil.NoSuchProcess:
        return False
