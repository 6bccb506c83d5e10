"""`uv run python -m bench <name>`: runs one benchmark and prints what it found."""

from __future__ import annotations

import argparse
import json
import signal
import sys
from collections.abc import Collection, Sequence
from functools import partial

from rich.console import Console

from bench import ingest
from bench.errors import BenchError
from bench.report import table_of

BENCHES = {"ingest": ingest}


def main(arguments: Sequence[str] | None = None) -> int:
    """0 when all went well, 1 when the run failed or ours broke a promise, 2 when the command is wrong."""
    parsed = _parser().parse_args(arguments)
    # So that the broker and the contender end with us, whoever ends us.
    signal.signal(signal.SIGTERM, lambda number, _: sys.exit(128 + number))
    bench = BENCHES[parsed.bench]
    console = Console(stderr=True)
    options = bench.Options(parsed.events, parsed.only, parsed.broker)
    try:
        comparison = bench.run(options, console)
    except BenchError as error:
        console.print(str(error), style="red", markup=False, soft_wrap=True)
        return 1
    if parsed.json:
        print(json.dumps(comparison.to_json(), indent=2))
    else:
        title = f"{bench.SUMMARY} ({options.events:,} events, {options.broker})"
        Console().print(table_of(comparison, title, bench.NOTE))
    for promise in comparison.broken:
        console.print(promise, style="red", markup=False, soft_wrap=True)
    return 1 if comparison.broken else 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m bench", description=__doc__)
    names = parser.add_subparsers(dest="bench", required=True, metavar="name")
    for name, bench in BENCHES.items():
        one = names.add_parser(name, help=bench.SUMMARY, description=bench.__doc__)
        one.add_argument("--json", action="store_true", help="print one JSON object on standard output")
        one.add_argument(
            "--events", type=_positive, default=bench.DEFAULT_EVENTS, help="default: %(default)s"
        )
        one.add_argument(
            "--only",
            type=partial(_chosen, bench.CONTENDERS),
            default=tuple(bench.CONTENDERS),
            metavar="NAME,NAME",
            help=f"some of {', '.join(bench.CONTENDERS)}; default: all",
        )
        one.add_argument(
            "--broker", choices=bench.BROKERS, default=bench.BROKERS[0], help="default: %(default)s"
        )
    return parser


def _positive(text: str) -> int:
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{text} given, expected 1 or more")
    return number


def _chosen(known: Collection[str], text: str) -> tuple[str, ...]:
    chosen = tuple(text.split(","))
    if unknown := set(chosen) - set(known):
        raise argparse.ArgumentTypeError(
            f"{', '.join(sorted(unknown))} given, expected some of {', '.join(known)}"
        )
    return chosen


if __name__ == "__main__":
    sys.exit(main())
