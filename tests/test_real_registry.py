"""Our client, intake and compatibility rules against a real schema registry that judges compatibility itself."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import urllib.request
from collections.abc import Iterator, Mapping
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings

from bewithu.errors import BewithuError, Unavailable
from bewithu.settings import Registry
from schemas.compatibility import incompatibilities, parse
from schemas.contracts import Contract, contract_of, contracts
from schemas.examples import wire_value
from schemas.outward import outward_contracts
from sinks.clickhouse.database import Database
from streams.registry import SchemaRegistry
from tests.intake_samples import REGISTRATION, as_fact, batch, facts, intake_to, sample
from tests.parts.apicurio import Apicurio
from tests.schema_pairs import pairs

_numbers = itertools.count()
UNKNOWN_ID = 999_999


@pytest.fixture
def registry(apicurio: Apicurio) -> Iterator[SchemaRegistry]:
    with contextlib.closing(SchemaRegistry(Registry(url=apicurio.url))) as client:
        yield client


def contract_with(**field: Any) -> Contract:
    schema = json.loads(REGISTRATION.schema_text)
    schema["fields"].append(field)
    return dataclasses.replace(REGISTRATION, schema=schema)


def asked(apicurio: Apicurio, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
    request = urllib.request.Request(
        f"{apicurio.url}{path}",
        method=method,
        data=json.dumps(body).encode() if body else None,
        headers={"Content-Type": "application/vnd.schemaregistry.v1+json"},
    )
    with urllib.request.urlopen(request, timeout=10) as answer:
        return json.load(answer)


def test_all_contracts_are_registered_once_and_kept_compatible(
    apicurio: Apicurio, registry: SchemaRegistry
) -> None:
    ids = registry.register_all()
    assert registry.register_all() == ids
    assert set(ids) == {*contracts(), *outward_contracts()}
    for topic, contract in contracts().items():
        assert json.loads(registry.schema(ids[topic]) or "") == contract.schema
        assert (
            asked(apicurio, "GET", f"/config/{contract.subject}")["compatibilityLevel"] == "FULL_TRANSITIVE"
        )


def test_a_field_with_a_default_becomes_the_next_version(registry: SchemaRegistry) -> None:
    first = registry.register_all()[REGISTRATION.topic]
    later = contract_with(name="language", type=["null", "string"], default=None)
    assert registry.register(later) > first


def test_an_incompatible_change_is_refused_with_the_subject_and_what_to_do(registry: SchemaRegistry) -> None:
    registry.register_all()
    with pytest.raises(BewithuError) as caught:
        registry.register(contract_with(name="desk", type="string"))
    assert not isinstance(caught.value, Unavailable)
    for words in ("refuses registration.v1", REGISTRATION.subject, "desk", "needs a new major version"):
        assert words in str(caught.value)


def test_a_schema_that_is_no_avro_is_refused_and_not_waited_for(registry: SchemaRegistry) -> None:
    broken = dataclasses.replace(
        REGISTRATION, schema={"type": "record", "name": "No fields"}, event_type="broken"
    )
    with pytest.raises(BewithuError, match=r"no valid schema in broken\.v1 .* mend the file") as caught:
        registry.register(broken)
    assert not isinstance(caught.value, Unavailable)


def test_an_id_that_is_registered_after_it_was_asked_for_is_found_in_the_next_batch(
    registry: SchemaRegistry, database: Database
) -> None:
    registry.register_all()
    intake = intake_to(database, registry)  # type: ignore[arg-type]
    assert registry.schema(UNKNOWN_ID) is None
    housing = contract_of("housing_change")
    schema = json.loads(housing.schema_text)
    schema["fields"].append({"name": "floor", "type": ["null", "int"], "default": None})
    # The registry counts its ids: the one after the last is the one that comes next.
    coming = (
        registry.register(contract_with(name=f"f{next(_numbers)}", type=["null", "int"], default=None)) + 1
    )
    event = sample(housing) | {"floor": 3}
    values = [wire_value(schema, event, coming)] * 2
    refused = intake.take(batch(values, housing)).refused
    assert [each.reason for each in refused] == ["unknown_schema"] * 2
    assert registry.register(dataclasses.replace(housing, schema=schema)) == coming
    assert intake.take(batch(values, housing, first_offset=99)).refused == []
    assert facts(database, housing) == {as_fact(housing, event)}


def test_a_registry_that_goes_away_is_waited_for_and_knows_all_on_return(
    apicurio: Apicurio, registry: SchemaRegistry, database: Database
) -> None:
    ids = registry.register_all()
    value = wire_value(REGISTRATION.schema, event := sample(), ids[REGISTRATION.topic])
    apicurio.stop()
    try:
        with contextlib.closing(SchemaRegistry(Registry(url=apicurio.url))) as client:
            with pytest.raises(Unavailable, match=r"the schema registry is away: http://127\.0\.0\.1"):
                intake_to(database, client).take(batch([value]))  # type: ignore[arg-type]
            with pytest.raises(Unavailable):
                client.register_all()
            apicurio.restart()
            assert client.register_all() == ids
            assert intake_to(database, client).take(batch([value])).refused == []  # type: ignore[arg-type]
    finally:
        apicurio.restart()
    assert facts(database) == {as_fact(REGISTRATION, event)}


@settings(
    max_examples=150,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
)
@given(pair=pairs())
def test_our_rules_say_what_the_registry_says(pair: tuple[Any, Any], apicurio: Apicurio) -> None:
    reader, writer = pair
    subject = f"/subjects/pair-{next(_numbers)}"
    asked(apicurio, "POST", f"{subject}/versions", {"schema": json.dumps(writer)})
    asked(apicurio, "PUT", f"/config{subject.removeprefix('/subjects')}", {"compatibility": "BACKWARD"})
    answer = asked(
        apicurio, "POST", f"/compatibility{subject}/versions/latest", {"schema": json.dumps(reader)}
    )
    found = incompatibilities(parse(reader), parse(writer))
    assert answer["is_compatible"] == (not found), found
