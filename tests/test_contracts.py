"""The contracts as data: their shape, their names, and examples that keep or break every rule."""

from __future__ import annotations

import io
import json
from collections.abc import Mapping
from itertools import pairwise
from typing import Any

import fastavro
import pytest

from bewithu.errors import DefinitionError
from schemas.contracts import Contract, Field, contract_of, contracts, parsed_schema
from schemas.examples import (
    PUBLISHED_AT,
    BadExample,
    Example,
    bad_examples,
    event_from_json,
    good_examples,
    wire_value,
)
from schemas.national_number import holds_national_number
from schemas.rules import Code, MunicipalityRule, Pseudonym, Required, Rule, Text

CONTRACTS = list(contracts().values())
FIELDS = [
    pytest.param(contract, field, id=f"{contract.name}.{field.name}")
    for contract in CONTRACTS
    for field in contract.fields
]
ENUMS = [
    pytest.param(contract, field, id=f"{contract.name}.{field.name}")
    for contract in CONTRACTS
    for field in contract.fields
    if field.symbols
]
GOOD = [pytest.param(example, id=f"{example.contract.name}/{example.name}") for example in good_examples()]

#: What a rule of each kind may say; every one of them has an example.
REASONS: Mapping[str, tuple[str, ...]] = {
    "required": ("missing",),
    "known": ("unknown_value",),
    "pseudonym": ("bad_format", "national_number"),
    "code": ("bad_format", "national_number"),
    "text": ("bad_format", "national_number"),
    "municipality": ("unknown_municipality", "municipality_not_valid", "national_number"),
    "not_in_future": ("in_future",),
    "not_before": ("too_early",),
    "kept": ("too_old",),
    "between": ("out_of_range",),
    "range": ("out_of_range",),
    "not_before_field": ("wrong_order",),
}
ENVELOPE = [
    ("event_id", "string", "uuid", False),
    ("revision", "int", None, False),
    ("cancelled", "boolean", None, False),
    ("agency", "string", None, False),
    ("occurred_at", "long", "timestamp-millis", False),
    ("recorded_at", "long", "timestamp-millis", False),
    ("person", "string", None, True),
    ("household", "string", None, True),
    ("municipality", "string", None, False),
]


BAD = [pytest.param(example, id=f"{example.contract.name}/{example.name}") for example in bad_examples()]


# --- shape and names ---


def test_topics_and_subjects_are_named_as_agencies_know_them() -> None:
    assert [(contract.topic, contract.subject) for contract in CONTRACTS] == [
        (f"bewithu.{event_type}.v1", f"bewithu.{event_type}.v1-value")
        for event_type in (
            "agency_heartbeat",
            "benefit_grant",
            "employment",
            "housing_change",
            "integration_course",
            "reception_capacity",
            "registration",
            "school_enrolment",
        )
    ]
    assert list(contracts()) == [contract.topic for contract in CONTRACTS]


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
def test_every_event_starts_with_the_same_fields(contract: Contract) -> None:
    first = contract.fields[: len(ENVELOPE)]
    assert [(field.name, field.avro_type, field.logical_type, field.optional) for field in first] == ENVELOPE
    declared = [each.schema["fields"][: len(ENVELOPE)] for each in (contract, CONTRACTS[0])]
    assert declared[0] == declared[1], "the words differ as well"


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
def test_the_record_is_named_after_the_event_type_and_major_version(contract: Contract) -> None:
    camel = "".join(word.capitalize() for word in contract.event_type.split("_"))
    assert contract.schema["name"] == camel
    assert contract.schema["namespace"] == f"be.bewithu.v{contract.major}"
    assert contract.schema["doc"]
    assert contract_of(contract.event_type) is contract


def test_asking_for_an_unknown_event_type_names_the_known_ones() -> None:
    with pytest.raises(
        LookupError, match=r"'school'; there are agency_heartbeat, benefit_grant, employment, "
    ):
        contract_of("school")


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
def test_who_or_what_an_event_is_about_is_always_told(contract: Contract) -> None:
    fields = {field.name: field for field in contract.fields}
    needed = {rule.field for rule in contract.rules if isinstance(rule, Required) and not rule.when}
    assert all(not fields[name].optional or name in needed for name in contract.about)


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
def test_only_events_about_persons_tell_of_persons(contract: Contract) -> None:
    told = {"person", "household", "sex", "age_group"}
    fields = {field.name for field in contract.fields}
    events = [example.event for example in good_examples() if example.contract is contract]
    if "person" in contract.about:
        assert told <= fields
        assert all(event["person"] for event in events)
        declared = [each.schema["fields"][9:11] for each in (contract, contract_of("registration"))]
        assert declared[0] == declared[1], "sex and age group, in the same words"
    else:
        assert told & fields == {"person", "household"}, "the envelope's"
        assert all(event["person"] is None and event["household"] is None for event in events)


@pytest.mark.parametrize(("contract", "field"), FIELDS)
def test_every_field_says_what_it_means(contract: Contract, field: Field) -> None:
    assert len(field.doc) > 10
    assert field.doc.endswith(".")


@pytest.mark.parametrize(("contract", "field"), ENUMS)
def test_every_enum_has_a_default_for_values_of_later_versions(contract: Contract, field: Field) -> None:
    assert field.default_symbol in field.symbols
    assert field.default_symbol not in contract.symbols[field.name]
    declared = {each["name"]: each for each in contract.schema["fields"]}[field.name]
    assert declared["default"] == (None if field.optional else field.default_symbol)


def test_enums_of_one_name_have_the_same_symbols_in_all_contracts() -> None:
    known: dict[str, tuple[str, ...]] = {}
    for contract in CONTRACTS:
        for declared in contract.schema["fields"]:
            branches = declared["type"] if isinstance(declared["type"], list) else [declared["type"]]
            for enum in (each for each in branches if isinstance(each, dict) and each["type"] == "enum"):
                assert known.setdefault(enum["name"], tuple(enum["symbols"])) == tuple(enum["symbols"])
    assert {"Sex", "AgeGroup", "SiteType"} <= known.keys()


@pytest.mark.parametrize(("contract", "field"), FIELDS)
def test_no_text_field_lacks_a_rule_that_sees_national_numbers(contract: Contract, field: Field) -> None:
    rules = [rule for rule in contract.rules if rule.field == field.name and not rule.when]
    looking = [rule for rule in rules if isinstance(rule, Pseudonym | Code | Text | MunicipalityRule)]
    is_free_text = field.avro_type == "string" and field.logical_type != "uuid"
    assert len(looking) == is_free_text


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
def test_rules_speak_of_fields_and_values_that_the_contract_has(contract: Contract) -> None:
    fields = {field.name: field for field in contract.fields}
    for rule in contract.rules:
        assert rule.field in fields
        assert getattr(rule, "other", rule.field) in fields
        for name, values in rule.when.items():
            assert set(values) <= set(fields[name].symbols)


# --- examples ---


@pytest.mark.parametrize("example", GOOD)
def test_a_good_example_keeps_every_rule(example: Example) -> None:
    assert example.contract.check(example.event, PUBLISHED_AT) == ()


@pytest.mark.parametrize("example", [*GOOD, *(pytest.param(*each.values, id=each.id) for each in BAD)])
def test_an_example_comes_back_from_avro_as_it_was(example: Example) -> None:
    value = wire_value(example.contract.schema, example.event, 7)
    assert value[:5] == b"\0\0\0\0\7"
    datum = io.BytesIO(value[5:])
    assert fastavro.schemaless_reader(datum, parsed_schema(example.contract.topic), None) == example.event
    assert datum.read() == b""


@pytest.mark.parametrize("example", BAD)
def test_a_bad_example_is_refused_first_of_all_for_what_it_says(example: BadExample) -> None:
    first, *_ = example.contract.check(example.event, PUBLISHED_AT)
    assert (first.reason, first.field) == (example.reason, example.field)
    assert first.expected
    assert not holds_national_number(str(first))


def _shown_by(rule: Rule, reason: str, contract: Contract) -> bool:
    """Whether a bad example breaks this very rule and is there for that reason."""
    return any(
        example.contract is contract
        and (example.reason, example.field) == (reason, rule.field)
        and any(
            violation.reason == reason
            for violation in Contract(
                contract.event_type, contract.major, contract.schema, contract.fields, (rule,)
            ).check(example.event, PUBLISHED_AT)
        )
        for example in bad_examples()
    )


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
def test_every_rule_has_a_bad_example_for_each_of_its_reasons(contract: Contract) -> None:
    bare = [
        (rule.field, rule.kind, reason)
        for rule in contract.rules
        for reason in REASONS[rule.kind]
        if not _shown_by(rule, reason, contract)
    ]
    assert bare == []


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
def test_every_status_has_a_good_example(contract: Contract) -> None:
    shown = {example.event["status"] for example in good_examples() if example.contract is contract}
    assert shown == set(contract.symbols["status"])


def test_examples_are_told_apart_by_event_and_revision() -> None:
    keys = sorted(
        (str(each.event["event_id"]), each.event["revision"]) for each in (*good_examples(), *bad_examples())
    )
    assert all(one != other for one, other in pairwise(keys))


def test_national_numbers_in_examples_belong_to_nobody() -> None:
    numbers = [
        digits
        for example in bad_examples()
        if example.reason == "national_number"
        for digits in ["".join(filter(str.isdigit, str(example.event[example.field])))]
    ]
    assert len(numbers) > 10
    for digits in numbers:
        assert digits.startswith("99"), f"{digits}: expected a birth in 2099"
        assert int(digits[9:]) == 97 - int("2" + digits[:9]) % 97, "it would be refused for no reason"
        assert int(digits[9:]) != 97 - int(digits[:9]) % 97, f"{digits} may be someone's, born in 1999"


# --- the loader ---


def _plain(**changes: Any) -> dict[str, Any]:
    example = next(each for each in good_examples() if each.name == "granted_to_a_single_person")
    plain: dict[str, Any] = json.loads(json.dumps(dict(example.event), default=str))
    return plain | changes


def test_an_example_with_unreadable_unknown_and_missing_fields_is_refused_with_all_their_names() -> None:
    contract = contract_of("benefit_grant")
    plain = _plain(amount="much", occurred_at="2022-04-14T09:00:00", revision=True, colour="red")
    del plain["household"]
    with pytest.raises(DefinitionError) as caught:
        event_from_json(contract, plain, "mine.json")
    assert {problem.field for problem in caught.value.problems} == {
        "amount", "occurred_at", "revision", "colour", "household",
    }  # fmt: skip
    assert "mine.json: amount: is 'much', expected decimal" in str(caught.value)


def test_an_example_as_json_gives_the_event_back() -> None:
    contract = contract_of("benefit_grant")
    example = next(each for each in good_examples() if each.name == "granted_to_a_single_person")
    assert event_from_json(contract, _plain(), "mine.json") == example.event
