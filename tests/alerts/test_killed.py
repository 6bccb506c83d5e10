"""Law 5 under SIGKILL: a process that dies at a write of an alert's life loses no mail, and which may come twice."""

from __future__ import annotations

import asyncio
import signal
import sys
from collections import Counter
from pathlib import Path

import pytest

from tests.alerts.mail_server import new_post, serving

#: pending; firing; addressed and queued; sending and sent for each of two mails. What follows for the end of the alert
#: are the same writes once more: of these one. Each takes two processes, so not all; test_crashes.py has all in one.
WRITES = (1, 2, 3, 4, 5, 6, 7, 11)
#: The server has taken the mail, and the note of it is the write.
SENT = (5, 7, 11)


async def process(folder: Path, *words: object) -> tuple[int, str]:
    """Its exit code, and what it printed."""
    command = (sys.executable, "-m", "tests.alerts.telling_process", folder, *words)
    made = await asyncio.create_subprocess_exec(*map(str, command), stdout=asyncio.subprocess.PIPE)
    printed, _ = await made.communicate()
    return made.returncode or 0, printed.decode().strip()


@pytest.fixture(scope="module")
def prepared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a store that nothing was told in."""
    folder = tmp_path_factory.mktemp("prepared")
    assert asyncio.run(process(folder)) == (0, "")
    return folder


@pytest.mark.timeout(300)
@pytest.mark.parametrize("write", WRITES)
async def test_whoever_goes_on_after_a_kill_tells_the_rest_and_repeats_only_what_was_not_noted(
    prepared: Path, write: int
) -> None:
    post, named = new_post(), f"rule_{write}"
    when = "before" if write in SENT else "after"
    async with serving(post):
        code, _ = await process(prepared, named, post.port, write, when)
        assert code == -signal.SIGKILL
        code, said = await process(prepared, named, post.port, 0, when)
    assert (code, said) == (0, "pending firing resolved; 0 mails wait")
    arrived = Counter(post.ids)
    assert len(arrived) == 4
    assert sum(arrived.values()) - 4 == (1 if write in SENT else 0)
