"""A power cut without cutting power: of a killed ClickHouse's data, what it had not made the kernel write is dropped.

strace notes every fsync and rename. Of each part (a folder of files) that came about since, the files stay that were
synced, and the part stays at all only if its folder and the table's were synced after it got its name: until then a
disk may hold neither the files' contents nor the folder's entry.
"""

from __future__ import annotations

import re
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from tests.parts.clickhouse import ClickHouse
from tests.parts.deadlines import wait_until
from tests.parts.processes import answers_tcp, free_port, start_process
from tests.parts.require import require_part

_SYNCED = re.compile(r"\bf(?:data)?sync\(\d+<([^>]+)>")
_RENAMED = re.compile(r'\brename(?:at2?)?\(.*?"([^"]+?)/?", .*?"([^"]+?)/?"')


def start_traced(folder: Path) -> ClickHouse:
    """ClickHouse over HTTP whose syncs are noted in `folder`/trace. Skips the test where strace is missing."""
    require_part("strace", shutil.which("strace") is not None, "On Debian: apt-get install strace")
    folder.mkdir(parents=True)
    port = free_port()
    calls = "trace=fsync,fdatasync,rename,renameat,renameat2"
    tracer = ["strace", "-f", "--seccomp-bpf", "-y", "-e", calls, "-s", "4096", "-o", folder / "trace"]
    server = [sys.executable, "-m", "tests.parts.clickhouse_http", "--path", folder, "--port", str(port)]
    process = start_process([*tracer, *server], folder / "clickhouse.log", environment={"TZ": "UTC"})
    try:
        wait_until(lambda: answers_tcp(port), 60, "ClickHouse under strace to answer", process=process)
    except BaseException:
        process.kill()
        raise
    return ClickHouse(folder, port, process)


def parts_in(folder: Path) -> frozenset[Path]:
    """The folders of all parts, relative to `folder`; they hold a file named checksums.txt, as their projections do."""
    found = {file.parent.relative_to(folder) for file in folder.rglob("checksums.txt")}
    return frozenset(part for part in found if part.suffix != ".proj")


def drop_unsynced(folder: Path, written_before: frozenset[Path]) -> Sequence[Path]:
    """Leaves what a disk would hold, taking parts `written_before` as safe. Returns the files and parts dropped."""
    files, since_renamed = _synced(folder)
    dropped = []
    for part in sorted(parts_in(folder) - written_before):
        path = folder / part
        if not {path, path.parent} <= since_renamed.get(path, set()):
            shutil.rmtree(path)
            dropped.append(part)
            continue
        for file in path.rglob("*"):
            if file.is_file() and file not in files:
                file.unlink()
                dropped.append(file.relative_to(folder))
    return dropped


def _synced(folder: Path) -> tuple[set[Path], dict[Path, set[Path]]]:
    """Files synced under what is now their name, and for each renamed folder the folders synced after that."""
    files: set[Path] = set()
    since_renamed: dict[Path, set[Path]] = {}
    for line in (folder / "trace").read_text("utf-8", "replace").splitlines():
        if found := _SYNCED.search(line):
            path = Path(found[1])
            files.add(path)
            for after in since_renamed.values():
                after.add(path)
        elif found := _RENAMED.search(line):
            old, new = Path(found[1]), Path(found[2])
            files = {new / path.relative_to(old) if path.is_relative_to(old) else path for path in files}
            since_renamed[new] = set()
    return files, since_renamed
