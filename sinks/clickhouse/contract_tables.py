"""The tables that a contract implies: landing (takes frames, keeps nothing), facts, and the views between.

Derived from the contract and rebuilt when it changes, so that a new event type needs no SQL of its own.
"""

from __future__ import annotations

import hashlib
from collections import defaultdict
from collections.abc import Collection, Mapping
from functools import cache

from schemas.contracts import Contract, Field, contracts
from schemas.frames import COLUMNS
from schemas.rules import Pseudonym
from sinks.clickhouse.column_types import landing_type
from sinks.clickhouse.database import Database
from sinks.clickhouse.literal import name, text, texts
from sinks.clickhouse.rule_sql import sound_expression

#: A refresh looks thousands of subjects up, and would pay for ZSTD, which large parts get by themselves, for two places
#: instead of one for each string, and for blocks of 64 KiB, of which it needs a few rows.
_LOOKUPS = (
    "default_compression_codec = 'LZ4', string_serialization_version = 'single_stream',"
    " min_compress_block_size = 4096, max_compress_block_size = 8192"
)


@cache
def landing_table(topic: str) -> str:
    """The landing table's name carries a fingerprint of all that it does.

    So another version of the contract has another table: it never takes a frame before its views are there, and
    workers of two versions run side by side during an upgrade.
    """
    contract = contracts()[topic]
    statements = _landing_statements(contract, "landing")
    fingerprint = hashlib.sha256("\n".join(statements.values()).encode()).hexdigest()[:10]
    return name(f"landing_{contract.event_type}_v{contract.major}_{fingerprint}")


def facts_table(event_type: str) -> str:
    return name(f"facts_{event_type}")


def subject_column(contract: Contract) -> str:
    """The facts' column that says who or what an event is about, by which they are ordered."""
    return "person" if contract.about == ("person",) else "subject"


def sync_contract_tables(database: Database) -> None:
    """Makes what is not there yet, and nothing else. Facts are only ever widened. All of it can be repeated."""
    made = database.rows("SELECT name, engine_full FROM system.tables WHERE database = currentDatabase()")
    engines = {str(table): str(engine) for table, engine in made}
    columns: dict[str, set[str]] = defaultdict(set)
    for table, column in database.rows(
        "SELECT table, name FROM system.columns WHERE database = currentDatabase() AND startsWith(table, 'facts_')"
    ):
        columns[table].add(column)
    for topic, contract in contracts().items():
        facts = facts_table(contract.event_type)
        if facts not in engines:
            database.define(_facts(contract))
        else:
            _widen(database, contract, columns[facts])
            if "max_compress_block_size" not in engines[facts]:
                database.define(f"ALTER TABLE {facts} MODIFY SETTING {_LOOKUPS}")
        for wanted, statement in _landing_statements(contract, landing_table(topic)).items():
            if wanted not in engines:
                database.define(statement)


def _widen(database: Database, contract: Contract, there: Collection[str]) -> None:
    for field in contract.fields:
        if name(field.name) not in there:
            # Under its former name an older worker may still write it, and earlier facts have it.
            former = next((alias for alias in field.aliases if alias in there), None)
            column = _fact_column(contract, field, name(former) if former else None)
            database.define(
                f"ALTER TABLE {facts_table(contract.event_type)} ADD COLUMN IF NOT EXISTS {column}"
            )


def _landing_statements(contract: Contract, landing: str) -> Mapping[str, str]:
    """By the name of what they make, in order."""
    return {
        landing: _landing(contract, landing),
        f"{landing}_facts": _facts_view(contract, landing),
        f"{landing}_refused": _refused_view(landing),
        f"{landing}_touched": _touched_view(contract, landing),
    }


def _facts(contract: Contract) -> str:
    fields = [_fact_column(contract, field) for field in contract.fields]
    subject = subject_column(contract)
    if subject not in _names(contract):
        fields.append(f"{subject} FixedString(16)")
    columns = ",\n    ".join(fields)
    # All revisions stay. Of two different messages with one event_id and revision the larger content wins, of
    # two equal ones the first known: whatever the order, the same row is left (law 2).
    return f"""CREATE TABLE IF NOT EXISTS {facts_table(contract.event_type)}
(
    {columns},
    known_at DateTime64(3, 'UTC'),
    version UInt64
)
ENGINE = ReplacingMergeTree(version) ORDER BY ({subject}, event_id, revision)
SETTINGS index_granularity = 64, fsync_after_insert = 1, fsync_part_directory = 1,
    enable_vertical_merge_algorithm = 0, {_LOOKUPS}"""


def _fact_column(contract: Contract, field: Field, former: str | None = None) -> str:
    """With the contract's default: a worker of an older version does not know the column."""
    default = f" DEFAULT {former}" if former else _default(field)
    return f"{name(field.name)} {_fact_type(contract, field)}{default}"


def _fact_type(contract: Contract, field: Field) -> str:
    if field.name in _pseudonyms(contract):
        return "FixedString(16)"
    # Plain strings: a dictionary for each would save a sixth of the disk, and double what merges cost.
    return landing_type(field)


def _landing(contract: Contract, table: str) -> str:
    own = [f"{name(field.name)} {landing_type(field)}{_default(field)}" for field in contract.fields]
    frame = [f"{column} {kind}" for column, kind in COLUMNS.items()]
    columns = ",\n    ".join([*frame, *own])
    return f"""CREATE TABLE IF NOT EXISTS {name(table)}
(
    {columns},
    sound Bool MATERIALIZED {sound_expression(contract)},
    CONSTRAINT fence_intact CHECK batch = fence
)
ENGINE = Null"""


def _default(field: Field) -> str:
    return "" if field.default is None else f" DEFAULT {_value(field.default)}"


def _value(default: object) -> str:
    return text(default) if isinstance(default, str) else str(default).lower()


def _facts_view(contract: Contract, landing: str) -> str:
    stored = [f"{_stored(contract, field)} AS {name(field.name)}" for field in contract.fields]
    if subject_column(contract) not in _names(contract):
        stored.append(f"{_subject(contract)} AS {subject_column(contract)}")
    columns = ",\n    ".join(stored)
    content = ", ".join(
        f"isNull({column}), assumeNotNull({column})" if field.optional else column
        for field in contract.fields
        if (column := f"landed.{name(field.name)}")
    )
    # 40 bits of content, then 24 bits that shrink with time: minutes since 2000 until the year 2031, then 0.
    earlier = (
        "toUInt64(greatest(0, 16777215 - dateDiff('minute', toDateTime('2000-01-01', 'UTC'), known_at)))"
    )
    return f"""CREATE MATERIALIZED VIEW IF NOT EXISTS {landing}_facts TO {facts_table(contract.event_type)} AS
SELECT
    {columns},
    landed.known_at AS known_at,
    bitShiftLeft(bitShiftRight(cityHash64({content}), 24), 24) + {earlier} AS version
FROM {landing} AS landed
WHERE landed.sound"""


def _stored(contract: Contract, field: Field) -> str:
    column = f"landed.{name(field.name)}"
    if field.name in _pseudonyms(contract):
        return f"toFixedString(unhex(ifNull({column}, '')), 16)"
    if field.avro_type == "enum" and field.default_symbol:
        symbols = texts(field.symbols)
        known = f"if({column} IN {symbols}, {column}, {text(field.default_symbol)})"
        return f"if(isNull({column}), NULL, {known})" if field.optional else known
    return column


def _refused_view(landing: str) -> str:
    return f"""CREATE MATERIALIZED VIEW IF NOT EXISTS {landing}_refused TO refused AS
SELECT reinterpretAsUInt64(batch) AS frame, kafka_partition AS partition, base_offset + row AS offset
FROM {landing}
WHERE NOT sound"""


def _touched_view(contract: Contract, landing: str) -> str:
    return f"""CREATE MATERIALIZED VIEW IF NOT EXISTS {landing}_touched TO touched AS
SELECT DISTINCT reinterpretAsUInt64(landed.batch) AS frame, {_subject(contract)} AS subject
FROM {landing} AS landed
WHERE landed.sound"""


def _subject(contract: Contract) -> str:
    """Who or what a landed event is about: the person's pseudonym, or a hash of what names a site or an agency."""
    if subject_column(contract) == "person":
        return "toFixedString(unhex(ifNull(landed.person, '')), 16)"
    parts = ", ".join(f"toString(ifNull(landed.{name(field)}, ''))" for field in contract.about)
    return f"sipHash128({text(contract.event_type)}, {parts})"


def _names(contract: Contract) -> frozenset[str]:
    return frozenset(field.name for field in contract.fields)


def _pseudonyms(contract: Contract) -> frozenset[str]:
    return frozenset(rule.field for rule in contract.rules if isinstance(rule, Pseudonym))
