"""Searches for bytes that do harm: `make fuzz`, `make fuzz ARGS="--seconds 600 an_event"`.

Each target runs in a process of its own, as atheris ends the one that it runs in. What it found is kept in var/fuzz and
can be tried again: `make fuzz ARGS="an_event --again var/fuzz/an_event-crash-…"`.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

FOUND = Path("var/fuzz")
_LONGEST = 4096
#: Seconds that one input may take; more is a finding.
_PATIENCE = 100


def main() -> int:
    words = argparse.ArgumentParser(prog="make fuzz", description="Looks for bytes that do harm.")
    words.add_argument("targets", nargs="*", help="all of them if none is named")
    words.add_argument("--seconds", type=float, default=60.0, help="for all targets together (60)")
    words.add_argument("--again", type=Path, help="a file that was found: only this is tried")
    words.add_argument("--inside", action="store_true", help=argparse.SUPPRESS)
    given, flags = words.parse_known_args()
    if given.inside:
        return _search(given.targets[0], flags)
    try:
        import atheris  # noqa: F401
    except ImportError:
        print("atheris is missing: uv sync --group fuzz (Linux on x86-64)", file=sys.stderr)
        return 2
    from tests.fuzz.targets import TARGETS

    unknown = set(given.targets) - set(TARGETS)
    if unknown:
        words.error(f"no target {', '.join(sorted(unknown))}; there are {', '.join(TARGETS)}")
    names = given.targets or list(TARGETS)
    return max(_run(name, max(1, round(given.seconds / len(names))), given.again) for name in names)


def _run(name: str, seconds: int, again: Path | None) -> int:
    """Searches in a process of its own, and tells in one line what came of it."""
    from tests.fuzz.targets import seeds

    FOUND.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tests.fuzz", "--inside", name, f"-artifact_prefix={FOUND}/{name}-"]
    with tempfile.TemporaryDirectory() as corpus:
        for number, seed in enumerate(seeds()[name]):
            (Path(corpus) / str(number)).write_bytes(seed)
        limits = [
            f"-max_total_time={seconds}",
            f"-max_len={_LONGEST}",
            f"-timeout={_PATIENCE}",
            "-rss_limit_mb=2048",
        ]
        done = subprocess.run(
            [*command, *([str(again)] if again else [*limits, corpus])], capture_output=True, text=True
        )
    said = done.stderr + done.stdout
    tries = [word for line in said.splitlines() if line.startswith("Done ") for word in line.split()[1:2]]
    if done.returncode == 0:
        print(f"{name:20} {tries[-1] if tries else '1'} tries, nothing found")
        return 0
    print(said[-6000:])
    print(f"{name:20} FAILED, see above and {FOUND}/")
    return 1


def _search(name: str, flags: Sequence[str]) -> int:
    import atheris

    with atheris.instrument_imports(include=["streams", "schemas"]):
        from tests.fuzz.targets import TARGETS
    atheris.Setup([sys.argv[0], *flags], TARGETS[name])
    atheris.Fuzz()
    return 0


if __name__ == "__main__":
    sys.exit(main())
