"""Events of several versions of a contract, in one batch and without a restart, are stored as Avro resolves them."""

from __future__ import annotations

import itertools
import json
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from schemas.contracts import Contract, contracts
from schemas.examples import PUBLISHED_AT, wire_value
from sinks.clickhouse.database import Database
from tests.evolutions import Writer, events, example, writers
from tests.intake_samples import (
    REGISTRATION,
    Clock,
    Registry,
    as_fact,
    batch,
    contract_id,
    facts,
    intake_to,
)
from tests.releases import evolved, release, upgraded

_seconds = itertools.count()
#: A failing case is not made smaller: each try is a batch into the store, and that would take minutes.
PATIENT = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.reuse, Phase.generate],
)
Sent = tuple[Writer, dict[str, Any]]


def contract_schema(**changes: Any) -> dict[str, Any]:
    """A copy of the registration contract's schema."""
    schema: dict[str, Any] = json.loads(REGISTRATION.schema_text)
    return schema | changes


def renamed(old: str, new: str) -> dict[str, Any]:
    """The contract with a field under another name, the old one as its alias."""
    fields = [
        each | ({"name": new, "aliases": [old]} if each["name"] == old else {})
        for each in contract_schema()["fields"]
    ]
    return contract_schema(fields=fields)


def with_field(**field: Any) -> dict[str, Any]:
    return contract_schema(fields=[*contract_schema()["fields"], {"doc": "For a test.", **field}])


def assert_stored_as_resolved(database: Database, contract: Contract, sent: Sequence[Sent]) -> None:
    """One batch of all; sound events are in the facts as fastavro resolves them, the others are refused."""
    clock = Clock(PUBLISHED_AT + timedelta(seconds=next(_seconds)))
    registry, ids = Registry({}), {}
    for number, (writer, _) in enumerate(sent, 21):
        ids[id(writer)] = number
        registry.texts[number] = json.dumps(writer.schema)
    values = [writer.value(event, ids[id(writer)]) for writer, event in sent]
    outcome = intake_to(database, registry, clock).take(batch(values, contract))
    resolved = [writer.resolved(event, contract.schema) for writer, event in sent]
    sound = [event for event in resolved if not contract.check(event, PUBLISHED_AT)]
    assert facts(database, contract, clock.moment) == {as_fact(contract, event) for event in sound}
    reasons = [contract.check(event, PUBLISHED_AT)[0].reason for event in resolved if event not in sound]
    assert sorted(each.reason for each in outcome.refused) == sorted(reasons)


# --- one batch of several versions ---


def test_four_versions_in_one_batch_are_stored_each_in_its_own_way(database: Database) -> None:
    newer = renamed("nationality", "citizenship")
    newer["fields"].append({"name": "language", "type": ["null", "string"], "default": None, "doc": "A."})
    contract = evolved(REGISTRATION, newer)
    own = {"citizenship": "UKR", "language": "uk"}
    versions = [
        Writer(newer, own),  # the contract's own
        Writer(contract_schema(), {}),  # an agency of the version before: no language, the field's old name
        Writer(with_field(name="desk", type=["null", "int"], default=None), {"desk": 7}),  # one that is ahead
        Writer(
            contract_schema(fields=contract_schema()["fields"][:-2]), {}
        ),  # one that lacks optional fields
    ]
    with upgraded(database, contract):
        assert_stored_as_resolved(database, contract, [(each, example()) for each in versions * 2])
        stored = facts(database, contract)
        place = [each.name for each in contract.fields].index("citizenship")
        assert sorted(str(row[place]) for row in stored) == ["None", "None", *["UKR"] * 6]


@pytest.mark.parametrize("contract", contracts().values(), ids=lambda contract: contract.name)
@settings(PATIENT, max_examples=30)
@given(data=st.data())
def test_whatever_writers_change_their_events_are_stored_as_avro_resolves_them(
    contract: Contract, data: st.DataObject, database: Database
) -> None:
    different = data.draw(st.lists(writers(contract.schema), min_size=1, max_size=3))
    sent = [
        (writer, event)
        for writer in different
        for event in data.draw(st.lists(events(contract), min_size=1, max_size=3))
    ]
    assert_stored_as_resolved(database, contract, sent)


ORIGIN = {"type": "enum", "name": "Origin", "symbols": ["desk", "unknown"], "default": "unknown"}
NEW_FIELDS: Sequence[Mapping[str, Any]] = (
    {"name": "mother_tongue", "type": ["null", "string"], "default": None},
    {"name": "visits", "type": "int", "default": 7},
    {"name": "checked", "type": "boolean", "default": True},
    {"name": "channel", "type": "string", "default": "it's a \\ desk"},
    {"name": "score", "type": ["double", "null"], "default": 1.5},
    {"name": "origin", "type": ORIGIN, "default": "unknown"},
)  # fmt: skip


@settings(PATIENT, max_examples=10)
@given(data=st.data())
def test_a_newer_contract_reads_all_older_writers_as_avro_resolves_them(
    data: st.DataObject, database: Database
) -> None:
    old = data.draw(st.sampled_from(["nationality", "valid_until", "sex", "age_group"]))
    schema = renamed(old, f"{old}_now")
    for field in data.draw(st.lists(st.sampled_from(NEW_FIELDS), unique_by=lambda each: each["name"])):
        place = data.draw(st.integers(9, len(schema["fields"])))
        schema["fields"].insert(place, {"doc": "For a test.", **field})
    newer = evolved(REGISTRATION, schema)
    different = data.draw(st.lists(writers(REGISTRATION.schema), min_size=1, max_size=3))
    sent = [
        (writer, event)
        for writer in different
        for event in data.draw(st.lists(events(REGISTRATION), min_size=1, max_size=2))
    ]
    with upgraded(database, newer):
        assert_stored_as_resolved(database, newer, sent)
    # And so does a worker of the release before, beside it.
    again = [(writer, event | {"event_id": uuid4()}) for writer, event in sent]
    assert_stored_as_resolved(database, REGISTRATION, again)


# --- an upgrade, and workers of two releases side by side ---


def stored(database: Database, column: str) -> list[Any]:
    return [
        value
        for (value,) in database.rows(
            f"SELECT {column} FROM facts_registration FINAL ORDER BY known_at, {column}"
        )
    ]


def test_facts_from_before_a_renaming_are_read_under_the_new_name(database: Database) -> None:
    contract = evolved(REGISTRATION, renamed("nationality", "citizenship"))
    own = contract_id(REGISTRATION)
    before, beside = Writer(contract_schema(), {}), intake_to(database)
    beside.take(batch([before.value(example(nationality="SYR"), own)]))
    with upgraded(database, contract):
        # The worker that is not upgraded yet goes on with the landing table of its own version.
        registry = Registry({own: json.dumps(before.schema), 21: json.dumps(dict(contract.schema))})
        event = example() | {"citizenship": "MDA"}
        value = wire_value(contract.schema, event, 21)
        intake_to(database, registry).take(batch([value], first_offset=99))
        assert sorted(stored(database, "citizenship")) == ["MDA", "SYR"]


@pytest.mark.parametrize("field", NEW_FIELDS, ids=lambda field: field["name"])
def test_a_worker_of_the_release_before_stores_a_new_fields_default(
    field: Mapping[str, Any], database: Database
) -> None:
    contract = evolved(REGISTRATION, with_field(**field))
    older = Writer(contract_schema(), {})
    with upgraded(database, contract), release(REGISTRATION):
        registry = Registry({3: json.dumps(older.schema)})
        assert intake_to(database, registry).take(batch([older.value(example(), 3)])).refused == []
        assert stored(database, field["name"]) == [field["default"]]
