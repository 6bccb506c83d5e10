"""Commands about refused records."""

from __future__ import annotations

import typer

from bewithu.cli.quarantine.dropping import drop
from bewithu.cli.quarantine.listing import list_
from bewithu.cli.quarantine.replaying import replay
from bewithu.cli.quarantine.reporting import report
from bewithu.cli.quarantine.showing import show

app = typer.Typer(help="Records that were refused: why, and what becomes of them.", no_args_is_help=True)
app.command("list")(list_)
app.command("show")(show)
app.command("replay")(replay)
app.command("drop")(drop)
app.command("report")(report)
