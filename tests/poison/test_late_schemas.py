"""Schemas that come late, that a registry does not give, or that are none."""

from __future__ import annotations

import pytest

from bewithu.errors import Unavailable
from schemas.contracts import contracts
from sinks.clickhouse.database import Database
from tests.intake_samples import (
    REGISTRATION,
    Registry,
    encoded,
    quarantined,
)
from tests.intake_samples import sample as example
from tests.kafka_batches import Written, with_client
from tests.poison.logs import Taking, as_facts, in_log, new_events
from tests.poison.one_value import (
    FOREIGN,
    assert_taken_as,
)
from tests.poison.oracle import REFUSED


def test_an_id_that_is_registered_late_is_refused_until_then_and_found_at_the_next_delivery(
    database: Database,
) -> None:
    registry, events = Registry({}), new_events(40)
    batch = in_log(with_client([Written(encoded(event)) for event in events], 0))
    take = Taking(database, registry)
    assert {each.reason for each in take.take(batch).refused} == {"unknown_schema"}
    registry.texts |= Registry().texts
    assert take.take(batch).refused == []
    assert take.facts() == as_facts(events)
    assert database.value("SELECT uniqExact(offset) FROM quarantine_steps WHERE kind = 'accepted'") == 40


def test_a_registry_that_is_away_blames_nobody(database: Database) -> None:
    class Away(Registry):
        def schema(self, schema_id: int) -> str | None:
            raise Unavailable("the schema registry", "no answer")

    batch = in_log(with_client([Written(encoded(event)) for event in new_events(40)], 0))
    take = Taking(database, Away())
    with pytest.raises(Unavailable):
        take.take(batch)
    assert (take.facts(), quarantined(database)) == (set(), [])


GARBAGE = [
    "",
    "[]",
    "{}",
    '"string"',
    "1e999",
    "NaN",
    '{"type": "record"}',
    "\0",
    '["null", "int"]',
    "[" * 50_000,
]


@pytest.mark.parametrize(
    "answer",
    [*GARBAGE, *(each.schema_text for each in contracts().values() if each is not REGISTRATION)],
)
def test_a_registry_that_answers_with_something_else_spoils_only_what_asked_for_it(
    answer: str, database: Database
) -> None:
    registry = Registry()
    registry.texts[FOREIGN] = answer
    value = b"\0\0\0\0" + bytes([FOREIGN]) + encoded(example())[5:]
    assert_taken_as(database, REGISTRATION, value, REFUSED, registry)
