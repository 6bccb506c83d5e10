"""Commands about contracts."""

from __future__ import annotations

import contextlib
import json
from typing import Annotated

import typer

from bewithu.cli.printing import Json, print_json, print_records
from bewithu.settings import load_settings
from schemas.contracts import Contract, contract_of, contracts
from schemas.rejections import rejections
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
            help="registration, benefit_grant or housing_change; rejection for our answers to agencies"
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
    return rejections() if event_type == "rejection" else contract_of(event_type)


@app.command()
def register(as_json: Json = False) -> None:
    """Register all contracts at the schema registry and require FULL_TRANSITIVE compatibility."""
    with contextlib.closing(SchemaRegistry(load_settings().registry.url)) as registry:
        ids = registry.register_all()
    print_records(as_json, ["topic", "id"], list(ids.items()), "no contracts")
