"""The command `bewithu`. Exit 0 when well, 1 when the answer is no, 2 when misused."""

from __future__ import annotations

import sys

import typer

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
from bewithu.log_lines import log_as_command

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
    context: typer.Context,
    verbose: bool = typer.Option(False, "--verbose", "-v", help="Say more about what happens."),
    version: bool = typer.Option(
        False, "--version", callback=_print_version, is_eager=True, help="Print the version."
    ),
) -> None:
    """Options of every command."""
    context.obj = verbose
    log_as_command(verbose)


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
