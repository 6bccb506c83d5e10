"""An error of ClickHouse is blamed on the server, on a statement of ours or on the data, and never on the wrong one."""

from __future__ import annotations

import re
from collections.abc import Mapping

import pytest
from clickhouse_connect.driver.exceptions import DatabaseError

from bewithu.errors import DataRefused, Unavailable
from schemas.frames import frame_schema
from sinks.clickhouse.contract_tables import landing_table
from sinks.clickhouse.database import Database
from sinks.clickhouse.error_codes import STATE, STATEMENT, is_state, is_statement
from streams.frames import SYNC, container_header, zigzag
from tests.intake_samples import REGISTRATION

#: What an insert of damaged events may raise, in this engine or an older one: to wait for these would stop a partition
#: for ever.
OF_THE_DATA = frozenset({
    "ARGUMENT_OUT_OF_BOUND", "ATTEMPT_TO_READ_AFTER_EOF", "AVRO_EXCEPTION", "BAD_ARGUMENTS",
    "CANNOT_CONVERT_TYPE", "CANNOT_INSERT_NULL_IN_ORDINARY_COLUMN", "CANNOT_PARSE_DATE", "CANNOT_PARSE_DATETIME",
    "CANNOT_PARSE_INPUT_ASSERTION_FAILED", "CANNOT_PARSE_NUMBER", "CANNOT_PARSE_TEXT", "CANNOT_PARSE_UUID",
    "CANNOT_READ_ALL_DATA", "CORRUPTED_DATA", "DECIMAL_OVERFLOW", "INCORRECT_DATA", "LOGICAL_ERROR",
    "PARAMETER_OUT_OF_BOUND", "POSITION_OUT_OF_BOUND", "STD_EXCEPTION", "TOO_DEEP_RECURSION", "TOO_LARGE_ARRAY_SIZE",
    "TOO_LARGE_STRING_SIZE", "TYPE_MISMATCH", "UNEXPECTED_END_OF_FILE", "UNICODE_ERROR", "UNKNOWN_EXCEPTION",
    "VALUE_IS_OUT_OF_RANGE_OF_DATA_TYPE", "VIOLATED_CONSTRAINT", "ZSTD_DECODER_FAILED",
})  # fmt: skip

#: Words in the names of errors of a server's state.
_SMELL = re.compile(
    "TIMEOUT|TIMED|CONNECT|SOCKET|NETWORK|KEEPER|REPLICA|QUORUM|MEMORY|QUOTA|LIMIT|OVERLOAD"
    "|TOO_MANY_(?!ARG|COL|TEMP)|TOO_SLOW|DENIED|PASSWORD|AUTH|ACCESS|SESSION|USER|READ_?ONLY|DISK|SPACE|FSYNC"
    "|FILE|DIRECTORY|_IO_|S3|AZURE|AWS|GCP|CLOUD|HDFS|CACHE|CANCEL|ABORT|SHUTDOWN|STARTUP|LOAD_|LOCKED"
    "|DATA_PART|UNAVAILABLE|RESOURCE|THREAD|PEER|SERVER|SHARD"
)
#: Names with such a word all the same: raised by DDL, by queries, other formats, engines and integrations, and so by no
#: insert of ours.
_HARMLESS = frozenset({
    "ACCESS_ENTITY_ALREADY_EXISTS", "ACCESS_STORAGE_DOESNT_ALLOW_BACKUP", "ACCESS_STORAGE_FOR_INSERTION_NOT_FOUND",
    "ARROWFLIGHT_CONNECTION_FAILURE", "ASYNC_LOAD_CYCLE", "BAD_DATA_PART_NAME", "BAD_FILE_TYPE",
    "BAD_ODBC_CONNECTION_STRING", "BAD_TTL_FILE", "CACHE_DICTIONARY_UPDATE_FAIL",
    "CANNOT_CONNECT_NATS", "CANNOT_CONNECT_RABBITMQ", "CANNOT_GET_REPLICATED_DATABASE_SNAPSHOT",
    "CANNOT_GET_THREAD_PRIORITY", "CANNOT_LOAD_CATBOOST_MODEL", "CANNOT_RESTORE_TO_NONENCRYPTED_DISK",
    "CONCURRENT_ACCESS_NOT_SUPPORTED", "DICTIONARY_ACCESS_DENIED", "DISTRIBUTED_BROKEN_BATCH_FILES",
    "DISTRIBUTED_IN_JOIN_SUBQUERY_DENIED", "DUPLICATE_INTERSERVER_IO_ENDPOINT", "EXPECTED_END_OF_FILE",
    "INCORRECT_ACCESS_ENTITY_DEFINITION", "INCORRECT_DISK_INDEX", "INCORRECT_FILE_NAME",
    "INTERSERVER_SCHEME_DOESNT_MATCH", "INTO_OUTFILE_NOT_ALLOWED", "INVALID_LIMIT_EXPRESSION", "INVALID_SHARD_ID",
    "LIMIT_BY_WITH_TIES_IS_NOT_SUPPORTED", "MISMATCHING_USERS_FOR_PROCESS_AND_DATA",
    "MISMATCH_REPLICAS_DATA_SOURCES", "MIXED_ACCESS_PARAMETER_TYPES", "MONGODB_CANNOT_AUTHENTICATE",
    "NO_REPLICA_NAME_GIVEN", "NO_ROW_DELIMITER", "NO_SUCH_INTERSERVER_IO_ENDPOINT", "NO_SUCH_REPLICA",
    "POSTGRESQL_CONNECTION_FAILURE", "POSTGRESQL_REPLICATION_INTERNAL_ERROR",
    "QUERY_CACHE_USED_WITH_NONDETERMINISTIC_FUNCTIONS", "QUERY_CACHE_USED_WITH_NON_THROW_OVERFLOW_MODE",
    "QUERY_CACHE_USED_WITH_SYSTEM_TABLE", "REPLICA_ALREADY_EXISTS", "S3_OBJECT_CHANGED_DURING_READ",
    "SET_SIZE_LIMIT_EXCEEDED", "SYNC_MYSQL_USER_ACCESS_ERROR", "TABLE_SIZE_EXCEEDS_MAX_DROP_SIZE_LIMIT",
    "TOO_MANY_DATABASES", "TOO_MANY_MATERIALIZED_VIEWS", "TOO_MANY_NAMED_COLLECTIONS", "TOO_MANY_PARTITIONS",
    "TOO_MANY_QUERY_PLAN_OPTIMIZATIONS", "TOO_MANY_TABLES", "TOP_AND_LIMIT_TOGETHER", "UNABLE_TO_SKIP_UNUSED_SHARDS",
    "UNEXPECTED_END_OF_FILE", "UNKNOWN_ACCESS_TYPE", "UNKNOWN_FILE_SIZE", "UNKNOWN_LOAD_BALANCING",
})  # fmt: skip


@pytest.fixture(scope="module")
def names(prepared_database: Database) -> Mapping[int, str]:
    """All codes of the engine, whether they ever happened or not."""
    rows = prepared_database.rows(
        "SELECT toInt32(number), toString(errorCodeToName(number)) AS name FROM numbers(5000) WHERE name != ''"
    )
    return dict(rows)


def test_every_code_has_the_name_that_the_engine_gives_it(names: Mapping[int, str]) -> None:
    ours = {**STATE, **STATEMENT}
    assert len(ours) == len(STATE) + len(STATEMENT), "a code is in both lists"
    assert ours == {code: names.get(code) for code in ours}
    assert len(names) > 600


def test_what_damaged_events_raise_is_never_waited_for(names: Mapping[int, str]) -> None:
    codes = {name: code for code, name in names.items()}
    assert codes.keys() >= OF_THE_DATA
    for name in OF_THE_DATA:
        assert not is_state(codes[name], f"std::exception. ({name})"), name
        assert not is_statement(codes[name]), name


def test_no_error_that_sounds_like_the_servers_state_is_blamed_on_the_data(names: Mapping[int, str]) -> None:
    sounding = {name for code, name in names.items() if _SMELL.search(name) and code not in STATE}
    assert sounding == _HARMLESS


def test_an_error_without_a_code_comes_from_something_in_between() -> None:
    assert is_state(None, "502 Bad Gateway")
    assert not is_statement(None)


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("std::exception. Code: 1001, type: std::bad_alloc, e.what() = std::bad_alloc", True),
        ("Code: 1001. filesystem error: in create_directory: No space left on device", True),
        ("std::exception. Code: 1001, type: avro::Exception, e.what() = Cannot have negative length", False),
        ("Code: 1001. DB::Exception: std::out_of_range: map::at: key not found. (STD_EXCEPTION)", False),
    ],
)
def test_what_the_standard_library_throws_is_told_by_its_words(text: str, state: bool) -> None:
    assert is_state(1001, text) is state


# --- and in an insert ---


class Failing:
    """A client whose every insert fails with one code."""

    def __init__(self, code: int | None, name: str) -> None:
        self._error = DatabaseError(f"Code: {code}. DB::Exception: made up. ({name})")
        self._error.code = code

    def raw_insert(self, *_: object, **__: object) -> None:
        raise self._error

    def close(self) -> None: ...


def test_each_code_makes_an_insert_wait_fail_or_blame_the_data(names: Mapping[int, str]) -> None:
    for code, name in names.items():
        database = Database(lambda code=code, name=name: Failing(code, name), "a server")  # type: ignore[misc, arg-type]
        expected = Unavailable if code in STATE else DatabaseError if code in STATEMENT else DataRefused
        with pytest.raises(Exception, match="made up") as raised:
            database.insert_avro("landing", b"")
        assert type(raised.value) is expected, name


def test_the_engine_itself_says_of_a_damaged_frame_that_it_is_the_data(database: Database) -> None:
    header = container_header(frame_schema(REGISTRATION.schema))
    body = b"\xff" * 200
    block = header + zigzag(1) + zigzag(len(body)) + body + SYNC
    with pytest.raises(DataRefused):
        database.insert_avro(landing_table(REGISTRATION.topic), block)
