"""The command `bewithu`. Exit 0 when well, 1 when the answer is no, 2 when misused."""

from __future__ import annotations

import logging
import sys

import typer
from rich.console import Console
from rich.logging import RichHandler

from bewithu import __version__
from bewithu.cli import (
    access,
    alerts,
    backup,
    beside,
    demo,
    doctor,
    indicators,
    note,
    operate,
    privacy,
    quarantine,
    recover,
    rules,
    schemas,
    simulate,
)
from bewithu.errors import BewithuError, DefinitionError, SettingsError

app = typer.Typer(
    name="bewithu",
    help="Monitors the social situation of displaced people in Belgium.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.command("worker")(operate.worker)
app.command("migrate")(operate.migrate)
app.command("doctor")(doctor.doctor)
app.command("note")(note.note)
app.command("simulate")(simulate.simulate)
app.command("publish")(simulate.publish)
app.add_typer(schemas.app, name="schemas")
app.add_typer(indicators.app, name="indicators")
app.add_typer(rules.app, name="rules")
app.add_typer(alerts.app, name="alerts")
app.add_typer(quarantine.app, name="quarantine")
app.add_typer(privacy.app, name="privacy")
app.add_typer(access.app, name="access")
app.add_typer(backup.app, name="backup")
app.add_typer(recover.app, name="recover")
app.add_typer(beside.app, name="beside")


def _print_version(wanted: bool) -> None:
    if wanted:
        typer.echo(f"bewithu {__version__}")
        raise typer.Exit


@app.callback()
def options(
    verbose: bool = typer.Option(False, "--verbose", "-v", help="Say more about what happens."),
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Options of every command."""
    handler, line = _log_handler()
    level = logging.INFO if verbose else logging.WARNING
    logging.basicConfig(level=level, format=line, handlers=[handler], force=True)
    logging.getLogger("bewithu").setLevel(logging.INFO)
    logging.getLogger("alerts").setLevel(logging.INFO)
    # Faust and aiokafka tell of every rebalance, the store's client of every try that failed; what matters of
    # it is in readiness, metrics and our own messages.
    for name in ("faust", "mode", "aiokafka", "urllib3", "clickhouse_connect"):
        logging.getLogger(name).setLevel(logging.INFO if verbose else logging.ERROR)


def _log_handler() -> tuple[logging.Handler, str]:
    """Colours in a terminal; in a file one whole line for each message, so that it can be searched."""
    if sys.stderr.isatty():
        return RichHandler(
            console=Console(stderr=True), show_path=False, rich_tracebacks=False
        ), "%(message)s"
    return logging.StreamHandler(), "%(asctime)s %(levelname)s %(name)s: %(message)s"


def main() -> None:
    """Turns our own errors into a clear message and an exit code."""
    try:
        app(prog_name="bewithu")
    except (DefinitionError, SettingsError) as error:
        typer.secho(str(error), fg="red", err=True)
        sys.exit(2)
    except BewithuError as error:
        typer.secho(str(error), fg="red", err=True)
        sys.exit(1)
