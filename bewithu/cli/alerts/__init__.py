"""Commands about alerts."""

from __future__ import annotations

import typer

from bewithu.cli.alerts.acknowledging import ack
from bewithu.cli.alerts.showing import list_, show
from bewithu.cli.alerts.silencing import app as silence
from bewithu.cli.alerts.tracing import trace
from bewithu.cli.alerts.undelivered import undelivered

app = typer.Typer(
    help="What fires, who looks after it, what came of it, and what nobody is to hear of.",
    no_args_is_help=True,
)
app.command("list")(list_)
app.command()(show)
app.command()(undelivered)
app.command()(trace)
app.command()(ack)
app.add_typer(silence, name="silence")
