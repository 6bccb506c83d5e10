"""`uv run python -m bench <name>`: runs one benchmark and prints what it found."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Mapping, Sequence

from rich.console import Console

from bench import board, chaos, dashboards, detect, ingest, latency, poison, refresh, scale, soak
from bench.errors import BenchError
from bench.result import Bench

BENCHES: Mapping[str, Bench] = {
    "ingest": ingest,
    "latency": latency,
    "scale": scale,
    "chaos": chaos,
    "poison": poison,
    "refresh": refresh,
    "detect": detect,
    "dashboards": dashboards,
    "board": board,
    "soak": soak,
}


def main(words: Sequence[str] | None = None) -> int:
    """0 when all went well, 1 when the run failed or ours broke a promise, 2 when the command is wrong."""
    arguments = _parser().parse_args(words)
    # So that the broker and the contender end with us, whoever ends us.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    console = Console(stderr=True)
    try:
        result = BENCHES[arguments.bench].run(arguments, console)
    except BenchError as error:
        console.print(str(error), style="red", markup=False, soft_wrap=True)
        return 1
    if arguments.json:
        print(json.dumps(result.to_json(), indent=2))
    else:
        Console().print(result.rendered())
    for promise in result.broken:
        console.print(promise, style="red", markup=False, soft_wrap=True)
    return 1 if result.broken else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    names = parser.add_subparsers(dest="bench", required=True, metavar="name")
    for name, bench in BENCHES.items():
        one = names.add_parser(name, help=bench.SUMMARY, description=bench.__doc__)
        one.add_argument("--json", action="store_true", help="print one JSON object on standard output")
        bench.add_arguments(one)
    return parser


if __name__ == "__main__":
    sys.exit(main())
