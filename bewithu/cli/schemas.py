"""Commands about contracts."""

from __future__ import annotations

import contextlib
import dataclasses
import json
from pathlib import Path
from typing import Annotated

import typer

from bewithu.cli.printing import Json, print_json, print_records
from bewithu.settings import load_settings
from schemas import avro
from schemas.contracts import Contract, contract_of, contracts
from schemas.evolution import Report, check_contracts
from schemas.history import NoHistory
from schemas.outward import outward_contract, outward_records
from streams.registry import SchemaRegistry

app = typer.Typer(help="The contracts that agencies publish against.", no_args_is_help=True)


@app.command("list")
def list_(as_json: Json = False) -> None:
    """All contracts with their topics."""
    rows = [
        (contract.name, topic, contract.subject, len(contract.fields), len(contract.rules))
        for topic, contract in contracts().items()
    ]
    print_records(as_json, ["contract", "topic", "subject", "fields", "rules"], rows, "no contracts")


@app.command()
def show(
    event_type: Annotated[
        str,
        typer.Argument(
            help="the event type, for example registration; rejection or alert for what we publish"
        ),
    ],
    as_json: Json = False,
) -> None:
    """The fields and rules of a contract; with --json its Avro schema."""
    try:
        contract = _named(event_type)
    except LookupError as error:
        raise typer.BadParameter(str(error)) from error
    if as_json:
        print_json(json.loads(contract.schema_text))
        return
    rules: dict[str, list[str]] = {}
    for rule in contract.rules:
        rules.setdefault(rule.field, []).append(rule.kind)
    rows = [
        (field.name, field.logical_type or field.avro_type, "yes" if field.optional else "no",
         ", ".join(rules.get(field.name, [])), field.doc)
        for field in contract.fields
    ]  # fmt: skip
    print_records(False, ["field", "type", "null", "rules", "meaning"], rows, "")


def _named(event_type: str) -> Contract:
    return outward_contract(event_type) if event_type in outward_records() else contract_of(event_type)


@app.command()
def register(as_json: Json = False) -> None:
    """Register all contracts at the schema registry and require FULL_TRANSITIVE compatibility."""
    with contextlib.closing(SchemaRegistry(load_settings().registry)) as registry:
        ids = registry.register_all()
    print_records(as_json, ["topic", "id"], list(ids.items()), "no contracts")


@app.command()
def check(
    against: Annotated[
        str, typer.Option(metavar="REV", help="Compare with the history of this commit, branch or tag.")
    ] = "HEAD",
    folder: Annotated[
        Path, typer.Option(help="The contracts' folder in a git checkout.", show_default="ours")
    ] = Path(avro.__path__[0]),
    as_json: Json = False,
) -> None:
    """Refuse a contract that events of an earlier version, or their readers, could not live with.

    Every contract is compared with all its committed versions, both ways, and with the rules of bewithu.
    """
    try:
        report = check_contracts(folder, against)
    except NoHistory as error:
        typer.secho(str(error), fg="red", err=True)
        raise typer.Exit(2) from error
    if report.shallow:
        message = "warning: a shallow clone, older versions are not compared: git fetch --unshallow"
        typer.secho(message, fg="yellow", err=True)
    if as_json:
        print_json(dataclasses.asdict(report))
    else:
        _print_report(report)
    raise typer.Exit(1 if report.findings else 0)


def _print_report(report: Report) -> None:
    for finding in report.findings:
        typer.secho(str(finding), fg="red", err=True)
    if not report.findings:
        typer.echo(f"{report.contracts} contracts fit all of their {report.versions} committed versions")
