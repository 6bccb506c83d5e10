"""One set of rules, two judges: the agency's check in Python and the store's SQL accept the same events."""

from __future__ import annotations

import string
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from schemas.areas import mergers, municipalities
from schemas.contracts import Contract, Field, contract_of, contracts
from schemas.examples import PUBLISHED_AT, bad_examples, good_examples
from schemas.rules import Between, Kept, NotBefore, Range, Rule
from sinks.clickhouse.database import Database
from streams.frames import milliseconds
from tests.intake_samples import NOW, REGISTRATION, Event, assert_agreed, judged_by_store, sample
from tests.test_national_number import number_like

CONTRACTS = list(contracts().values())
EXAMPLES = {
    contract.topic: [
        dict(each.event) for each in (*good_examples(), *bad_examples()) if each.contract is contract
    ]
    for contract in CONTRACTS
}
HOUSING = contract_of("housing_change")
MILLISECOND = timedelta(milliseconds=1)
DAY = timedelta(days=1)
#: Without shrinking: a failure names the one event, and each try is an insert.
MANY = settings(
    max_examples=25,
    phases=(Phase.explicit, Phase.reuse, Phase.generate),
    suppress_health_check=list(HealthCheck),
)


# --- values at the edge of every rule ---

CODES = st.sampled_from(
    sorted(
        {code for merger in mergers() for code in (merger.old_nis, merger.new_nis)}
        | set(list(municipalities())[::40])
    )
)
HEX = st.text("0123456789abcdef", min_size=31, max_size=33)
TEXTS: SearchStrategy[str] = st.one_of(
    number_like(),
    HEX,
    st.text("0123456789", min_size=32, max_size=32),
    CODES,
    st.text(string.ascii_letters + string.digits + "._-", max_size=42),
    st.text(max_size=20),
    st.from_regex(r"[A-Z]{2,4}", fullmatch=True),
    st.from_regex(r"[a-z][a-z0-9]{0,17}(-[a-z0-9]{0,10})?", fullmatch=True),
)
#: Brussels' midnights: mergers, a summer and a winter day, the days the clock is changed.
MIDNIGHTS = [
    datetime(2024, 12, 31, 23, tzinfo=UTC),
    datetime(2024, 12, 1, 23, tzinfo=UTC),
    datetime(2022, 7, 11, 22, tzinfo=UTC),
    datetime(2022, 3, 26, 23, tzinfo=UTC),
    datetime(2022, 10, 30, 23, tzinfo=UTC),
    datetime(2018, 12, 31, 23, tzinfo=UTC),
]
EDGES = [
    *MIDNIGHTS,
    datetime(2000, 1, 1, tzinfo=UTC),
    datetime(1970, 1, 1, tzinfo=UTC),
    PUBLISHED_AT,
    PUBLISHED_AT + timedelta(minutes=5),
]
# Up to the year 9998: in the last hour of 9999 the check itself fails, see the test at the end.
MOMENTS = st.one_of(
    st.builds(lambda edge, steps: edge + steps * MILLISECOND, st.sampled_from(EDGES), st.integers(-2, 2)),
    st.datetimes(datetime(1, 1, 2), datetime(9998, 12, 31), timezones=st.just(UTC)).map(  # noqa: DTZ001
        lambda moment: moment.replace(microsecond=moment.microsecond // 1000 * 1000)
    ),
)
DATES = st.one_of(
    st.builds(
        lambda edge, days: edge + timedelta(days=days),
        st.sampled_from(
            [
                date(2000, 1, 1),
                date(2100, 12, 31),
                date(1900, 1, 1),
                date(2299, 12, 31),
                *(moment.date() for moment in MIDNIGHTS),
            ]
        ),
        st.integers(-1, 2),
    ),
    st.dates(),
)
AMOUNTS = st.one_of(
    st.sampled_from(
        [Decimal(text) for text in ("0", "-0.01", "0.01", "10000", "10000.01", "99999999.99", "-99999999.99")]
    ),
    st.decimals(-20_000, 20_000, places=2),
)
INTEGERS = st.one_of(
    st.sampled_from([-(2**31), -1, 0, 1, 60, 61, 10_000, 10_001, 2**31 - 1]), st.integers(-(2**31), 2**31 - 1)
)


def values_of(field: Field) -> SearchStrategy[Any]:
    by_type: Mapping[str, SearchStrategy[Any]] = {
        "timestamp-millis": MOMENTS,
        "date": DATES,
        "decimal": AMOUNTS,
        "enum": st.sampled_from(field.symbols or ("",)),
        "string": st.one_of(CODES, TEXTS) if field.name == "municipality" else TEXTS,
        "int": INTEGERS,
        "boolean": st.booleans(),
    }
    values = by_type[field.logical_type or field.avro_type]
    return st.one_of(st.none(), values) if field.optional else values


@st.composite
def mutated(draw: st.DrawFn, contract: Contract) -> tuple[Event, int]:
    """An example with up to three fields changed, and the time that Kafka gives it, at times none or a wrong one."""
    event = {**draw(st.sampled_from(EXAMPLES[contract.topic]))}
    changeable = [field for field in contract.fields if field.name != "event_id"]
    for field in draw(st.lists(st.sampled_from(changeable), max_size=3, unique=True)):
        event[field.name] = draw(values_of(field))
    return event, draw(st.sampled_from([NOW, NOW, -1, 0, 1, NOW - 300_000, NOW - 1, NOW + 1, 2 * NOW]))


# --- the judges agree ---


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
def test_the_check_and_the_store_judge_every_example_alike(contract: Contract, database: Database) -> None:
    judgements = judged_by_store(database, contract, [(event, NOW) for event in EXAMPLES[contract.topic]])
    assert_agreed(contract, judgements)
    assert {each.said is None for each in judgements} == {True, False}


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
def test_the_check_and_the_store_judge_mutated_examples_alike(contract: Contract, database: Database) -> None:
    @MANY
    @given(st.lists(mutated(contract), min_size=20, max_size=60))
    def judge(events: list[tuple[Event, int]]) -> None:
        assert_agreed(contract, judged_by_store(database, contract, events))

    judge()


@MANY
@given(texts=st.lists(st.one_of(number_like(), TEXTS), min_size=100, max_size=200))
def test_both_find_the_same_national_numbers_in_a_text(texts: list[str], database: Database) -> None:
    event = sample(HOUSING, "emergency_village")
    judged = judged_by_store(database, HOUSING, [(event | {"site": text}, NOW) for text in texts])
    assert_agreed(HOUSING, judged)


def test_of_all_check_digits_both_refuse_the_two_that_are_right(database: Database) -> None:
    event, nine = sample(HOUSING, "emergency_village"), "990101001"
    sites = [
        f"{spelling}{check:02}"
        for spelling in (nine, "99.01.01-001.", "room-99-01-01-001-")
        for check in range(100)
    ]
    judged = judged_by_store(database, HOUSING, [(event | {"site": site}, NOW) for site in sites])
    assert_agreed(HOUSING, judged)
    right = {97 - int(nine) % 97, 97 - int("2" + nine) % 97}
    assert [each.event["site"] for each in judged if each.said] == [
        site for site in sites if int(site[-2:]) in right
    ]


def test_both_know_on_which_days_in_belgium_a_merged_code_is_valid(database: Database) -> None:
    event = sample(name="annex_15") | {"valid_until": None}
    moments = [midnight + step * MILLISECOND for midnight in MIDNIGHTS[:2] for step in (-1, 0, 1)]
    codes = sorted({code for merger in mergers() for code in (merger.old_nis, merger.new_nis)})
    events = [event | {"municipality": code, "occurred_at": moment} for code in codes for moment in moments]
    judged = judged_by_store(database, REGISTRATION, [(event, NOW) for event in events])
    assert_agreed(REGISTRATION, judged)
    accepted = {
        (each.event["municipality"], each.event["occurred_at"]) for each in judged if each.said is None
    }
    assert accepted == {
        (code, moment)
        for code in codes
        for moment in moments
        if municipalities()[code].valid_on((moment + timedelta(hours=1)).date())
    }


def edges(rule: Rule, rules: Sequence[Rule]) -> list[tuple[Any, bool]]:
    """Values next to a rule's bounds, and whether they keep it."""
    match rule:
        case Between(earliest=first, latest=last):
            return [(first - DAY, False), (first, True), (last, True), (last + DAY, False)]
        case Range(minimum=least, maximum=most) if rule.field == "amount":
            cent = Decimal("0.01")
            return [
                (least - cent, False),
                (Decimal(least), True),
                (Decimal(most), True),
                (most + cent, False),
            ]
        case Range(minimum=least, maximum=most):
            return [(least - 1, False), (least, True), (most, True), (most + 1, False)]
        case Kept(days=days):
            first_moment = PUBLISHED_AT - timedelta(days=days)
            return [(first_moment - MILLISECOND, False), (first_moment, True)]
        case NotBefore(field="occurred_at") if any(isinstance(each, Kept) for each in rules):
            return []  # an event so old is refused already, as too old
        case NotBefore(earliest=first):
            midnight = datetime(first.year, first.month, first.day, tzinfo=UTC)
            return [(midnight - MILLISECOND, False), (midnight, True)]
        case _:
            return []


#: Examples in which no field's value depends on another one's.
BASES = {
    "agency_heartbeat": "alive",
    "benefit_grant": "requested",
    "employment": "registered",
    "housing_change": "emergency_village",
    "integration_course": "exempted",
    "reception_capacity": "transit_centre_opened",
    "registration": "annex_15",
    "school_enrolment": "left",
}


@pytest.mark.parametrize("contract", CONTRACTS, ids=lambda contract: contract.name)
def test_both_draw_every_line_at_the_same_value(contract: Contract, database: Database) -> None:
    cases = [(rule, value, keeps) for rule in contract.rules for value, keeps in edges(rule, contract.rules)]
    alone = {"valid_from": None, "valid_to": None, "valid_until": None}
    base = sample(contract, BASES[contract.event_type])
    events = [
        base
        | {name: None for name in alone if name in base}
        | {name: values[0] for name, values in rule.when.items()}
        | {rule.field: value}
        for rule, value, _ in cases
    ]
    judged = judged_by_store(database, contract, [(event, NOW) for event in events])
    assert_agreed(contract, judged)
    for each, (rule, _, keeps) in zip(judged, cases, strict=True):
        broken = [violation.field for violation in contract.check(each.event, PUBLISHED_AT)]
        assert (rule.field in broken) != keeps, each


@pytest.mark.parametrize("step", [-1, 0, 1])
def test_both_take_the_day_in_belgium_for_the_first_day_of_a_card(step: int, database: Database) -> None:
    midnight = datetime(2022, 7, 11, 22, tzinfo=UTC)
    event = sample(name="certificate_at_heysel", occurred_at=midnight + step * MILLISECOND)
    events = [(event | {"valid_until": date(2022, 7, day)}, NOW) for day in (10, 11, 12)]
    judged = judged_by_store(database, REGISTRATION, events)
    assert_agreed(REGISTRATION, judged)
    assert [each.said is None for each in judged] == [False, step < 0, True]


def test_both_allow_a_clock_to_be_five_minutes_fast_and_no_more(database: Database) -> None:
    event, five = sample(name="annex_15"), timedelta(minutes=5)
    published = PUBLISHED_AT - timedelta(days=3)
    cases = [
        # Kafka's time, when it was published, steps of a millisecond beyond the tolerance
        (kafka_time, moment + five + step * MILLISECOND, step <= 0)
        for kafka_time, moment in [
            (milliseconds(published), published),
            (NOW, PUBLISHED_AT),
            (NOW + 60_000, PUBLISHED_AT),
            (0, PUBLISHED_AT),
            (-1, PUBLISHED_AT),
        ]
        for step in (-1, 0, 1)
    ]
    for field in ("occurred_at", "recorded_at"):
        events = [
            (event | {field: moment, "valid_until": None}, kafka_time) for kafka_time, moment, _ in cases
        ]
        judged = judged_by_store(database, REGISTRATION, events)
        assert_agreed(REGISTRATION, judged)
        assert [each.said for each in judged] == [
            None if allowed else ("in_future", field) for *_, allowed in cases
        ]


def test_both_refuse_the_last_hour_that_python_can_express(database: Database) -> None:
    event = sample(name="annex_15") | {"occurred_at": datetime(9999, 12, 31, 23, 30, tzinfo=UTC)}
    (judged,) = judged_by_store(database, REGISTRATION, [(event, NOW)])
    assert judged.said is not None
