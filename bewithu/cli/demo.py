"""`bewithu demo`: the whole platform on this machine, fed by synthetic agencies."""

from __future__ import annotations

import asyncio
import contextlib
import signal
from datetime import datetime
from pathlib import Path
from typing import Annotated

import typer

from bewithu.cli.printing import Json, print_json
from bewithu.demo.platform import Choices, embedded_platform
from bewithu.demo.report import Report
from bewithu.demo.run import run_demo
from bewithu.demo.story import Asked, Story
from bewithu.demo.watch import watching

# Typer parses days as naive moments; only their dates are used.
_DAY_ONE = datetime(2022, 3, 1)  # noqa: DTZ001
_LAST_DAY = datetime(2024, 12, 31)  # noqa: DTZ001


def demo(
    seconds: Annotated[
        float | None,
        typer.Option("--for", min=15, help="End by itself after so many seconds; else on Ctrl-C."),
    ] = None,
    as_json: Json = False,
    seed: Annotated[int, typer.Option(help="The same seed gives the same agencies.")] = 1,
    scale: Annotated[float, typer.Option(min=0.005, max=1, help="1 is every certificate of Belgium.")] = 0.1,
    days_per_second: Annotated[
        float, typer.Option(min=0.1, max=60, help="Replay at most so fast; the clock waits for the mails.")
    ] = 8,
    since: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="First day.")] = _DAY_ONE,
    until: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="Last day.")] = _LAST_DAY,
    mails: Annotated[Path | None, typer.Option(help="Folder to keep the mails in, as .eml files.")] = None,
    store: Annotated[
        Path | None, typer.Option(help="Empty folder to keep ClickHouse's data in, for other commands.")
    ] = None,
    host: Annotated[str, typer.Option(help="Where the board is served.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=0, max=65535, help="0 takes a free port.")] = 0,
) -> None:
    """Start broker, ClickHouse, mail catcher, worker and simulator; watch the past three years go by.

    Agencies' events of 2022 to 2024 are replayed, all persons are invented. The board's address is shown. Ctrl-C
    ends it once what was sent is stored and told; a second one does not wait for that. With --json one object is
    printed at the end; exit 0 when nothing was lost and values, an alert and a mail came.
    """
    if store is not None and store.exists() and (not store.is_dir() or any(store.iterdir())):
        raise typer.BadParameter(
            f"{store} is not an empty folder: name one that is, or a new one", param_hint="--store"
        )
    choices = Choices(seed, scale, days_per_second, since.date(), until.date(), mails, host, port, store)
    report = asyncio.run(_demo(choices, seconds))
    if as_json:
        print_json(report.document())
    if store is not None:
        typer.echo(
            f"kept: BEWITHU_CLICKHOUSE__URL=chdb://{store.absolute()} bewithu rules backtest …", err=True
        )
    missing = report.failures()
    for line in missing:
        typer.secho(line, fg="red", err=True)
    raise typer.Exit(1 if missing and seconds is not None else 0)


async def _demo(choices: Choices, seconds: float | None) -> Report:
    asked = Asked()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, asked.ask)
    story = Story()
    with contextlib.ExitStack() as stack:
        platform = stack.enter_context(embedded_platform(choices))
        show = stack.enter_context(watching(platform, story))
        return await run_demo(platform, choices, asked, seconds, story, show)
