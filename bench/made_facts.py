"""Facts by the million for the refresh benchmark, made by ClickHouse: the same ones every time.

Every person has a few events of each type in the order of its statuses, over three years, in a municipality of today.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, timedelta

from schemas.areas import municipalities
from schemas.contracts import Contract, Field, contracts
from sinks.clickhouse.contract_tables import facts_table, subject_column
from sinks.clickhouse.database import Database
from sinks.clickhouse.literal import name, text

#: Events of each person and type.
EVENTS_A_PERSON = 4
DAYS = 1_095
#: The first day of all events, since 1970: 2023-01-01.
FIRST_DAY = 19_358
_ROWS_AT_ONCE = 500_000


def about_persons() -> Sequence[Contract]:
    return [contract for contract in contracts().values() if contract.about == ("person",)]


def fill(database: Database, facts: int) -> int:
    """About so many facts; returns how many."""
    kinds = about_persons()
    persons = max(1, facts // (len(kinds) * EVENTS_A_PERSON))
    for contract in kinds:
        rows = persons * EVENTS_A_PERSON
        for begin in range(0, rows, _ROWS_AT_ONCE):
            database.run(_statement(contract), begin=begin, rows=min(_ROWS_AT_ONCE, rows - begin))
    return persons * EVENTS_A_PERSON * len(kinds)


def last_day() -> date:
    return date(1970, 1, 1) + timedelta(days=FIRST_DAY + DAYS)


def add_events(database: Database, facts: int, events: int, round_: int) -> None:
    """New events of known persons, spread over all types, as the intake leaves them: facts, touched and noted.

    One in twenty is up to sixty days late, one in a hundred corrects an earlier event. The same `round_` gives the same
    events.
    """
    kinds = about_persons()
    persons = max(1, facts // (len(kinds) * EVENTS_A_PERSON))
    for place, contract in enumerate(kinds):
        frame = 1 + round_ * len(kinds) + place
        rows = events // len(kinds) + (place < events % len(kinds))
        given = {"begin": round_ * 10_000_000, "rows": rows, "persons": persons}
        database.run(_new_statement(contract), **given)
        who = _subject(f"cityHash64(number, {text(contract.event_type)}) % {{persons:UInt64}}")
        database.run(
            f"INSERT INTO touched SELECT DISTINCT {{frame:UInt64}}, {who}"
            " FROM numbers({begin:UInt64}, {rows:UInt64})",
            frame=frame,
            **given,
        )
        database.insert(
            "batches",
            ["frames", "topic", "partition", "first_offset", "last_offset", "records", "refused", "known_at"],
            [[[frame], contract.topic, 0, frame, frame, rows, 0, datetime.now(UTC)]],
        )


def _statement(contract: Contract) -> str:
    return _insert(
        contract, f"intDiv(number, {EVENTS_A_PERSON}) AS who, number % {EVENTS_A_PERSON} AS nth", {}
    )


def _new_statement(contract: Contract) -> str:
    who = f"cityHash64(number, {text(contract.event_type)}) % {{persons:UInt64}} AS who"
    nth = f"number % {EVENTS_A_PERSON} AS nth"
    corrects = f"number % 100 = 7 AS corrects, who * {EVENTS_A_PERSON} + nth AS earlier"
    late = "if(number % 20 = 3, cityHash64(number, 'late') % 60, number % 2)"
    seconds = f"({FIRST_DAY + DAYS} - {late}) * 86400 + number % 80000"
    new = f"fromUnixTimestamp64Milli(toInt64({seconds}) * 1000, 'UTC')"
    old = _moment(0, "earlier")
    identity = "if(corrects, '', 'new'), toString(if(corrects, earlier, number))"
    changed = {
        "event_id": f"reinterpretAsUUID(MD5(concat({text(contract.event_type)}, {identity})))",
        "revision": "toInt32(corrects)",
        "occurred_at": f"if(corrects, {old}, {new})",
        "recorded_at": new,
        "municipality": f"arrayElement({_places()}, 1 + cityHash64(number) % 565)",
    }
    return _insert(contract, f"{who}, {nth}, {corrects}", changed)


def _insert(contract: Contract, given: str, changed: Mapping[str, str]) -> str:
    columns = {field.name: _expression(contract, field) for field in contract.fields} | dict(changed)
    columns |= {"known_at": "now64(3)", "version": "1"}
    names = ", ".join(map(name, columns))
    return f"""INSERT INTO {facts_table(contract.event_type)} ({names})
WITH {given}
SELECT {", ".join(columns.values())}
FROM numbers({{begin:UInt64}}, {{rows:UInt64}})"""


def _subject(who: str) -> str:
    return f"MD5(concat('person', toString({who})))"


def _expression(contract: Contract, field: Field) -> str:
    own = {
        "event_id": f"reinterpretAsUUID(MD5(concat({text(contract.event_type)}, toString(number))))",
        "revision": "0",
        "cancelled": "false",
        "agency": "'dvz'",
        "occurred_at": _moment(0),
        "recorded_at": _moment(1),
        subject_column(contract): _subject("who"),
        "household": "toFixedString('', 16)",
        "municipality": f"arrayElement({_places()}, 1 + toUInt16(565 * pow({_random('who', 'place')}, 2)))",
        "status": _choice(contract.symbols["status"], "nth"),
    }
    if field.name in own:
        return own[field.name]
    if field.symbols:
        return _choice(contract.symbols[field.name], f"cityHash64(who, {text(field.name)})")
    if field.avro_type in ("int", "long", "bytes") and field.logical_type != "date":
        return f"1 + cityHash64(who, {text(field.name)}) % 1000"
    return "NULL" if field.optional else "''"


def _moment(days_later: int, number: str = "number") -> str:
    """A month or so between two events of a person."""
    first = f"{FIRST_DAY} + cityHash64(who, 'first') % {DAYS - 120}"
    seconds = f"({first} + nth * 35 + {days_later}) * 86400 + cityHash64({number}, 'second') % 86400"
    return f"fromUnixTimestamp64Milli(toInt64({seconds}) * 1000, 'UTC')"


def _random(*parts: str) -> str:
    """Between 0 and 1."""
    seed = ", ".join(part if part in ("who", "nth", "number") else text(part) for part in parts)
    return f"(cityHash64({seed}) % 1000000 / 1000000)"


def _choice(values: Sequence[str], number: str) -> str:
    listed = ", ".join(text(value) for value in values)
    return f"arrayElement([{listed}], 1 + {number} % {len(values)})"


def _places() -> str:
    present = sorted({place.current_nis for place in municipalities().values()})
    return f"[{', '.join(text(nis) for nis in present)}]"
