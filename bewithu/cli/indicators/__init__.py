"""Commands about indicators."""

from __future__ import annotations

import typer

from bewithu.cli.indicators.explaining import explain
from bewithu.cli.indicators.listing import catalogue, check, list_, show
from bewithu.cli.indicators.pruning import prune_
from bewithu.cli.indicators.rebuilding import rebuild
from bewithu.cli.indicators.valuing import value

app = typer.Typer(help="What is counted, and how many.", no_args_is_help=True)
app.command("list")(list_)
app.command("show")(show)
app.command("check")(check)
app.command("catalogue")(catalogue)
app.command("value")(value)
app.command("explain")(explain)
app.command("rebuild")(rebuild)
app.command("prune")(prune_)
