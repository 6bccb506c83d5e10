"""ClickHouse's settings that we state with our statements, whatever a server's age or profile has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

#: Of every statement. The cache remembers for each condition which granules of each part lack it. The worker's steps
#: ask for batches and persons, each time others, so it grows with every event up to its limit.
STATEMENT_SETTINGS: Final[Mapping[str, Any]] = {"use_query_condition_cache": 0}

#: Of every insert (see docs/decisions).
INSERT_SETTINGS: Final[Mapping[str, Any]] = {
    "async_insert": 0,
    "insert_deduplicate": 0,
    "deduplicate_blocks_in_dependent_materialized_views": 0,
    "materialized_views_ignore_errors": 0,
    "fsync_metadata": 1,
    "max_insert_block_size": 1_048_576,
    "min_insert_block_size_rows": 1_048_576,
    "min_insert_block_size_bytes": 1 << 30,
    # Doubles inside one insert are left to merges, like all others: to look for them here costs a third of it.
    "optimize_on_insert": 0,
    # Merges make the statistics of columns; for each of many small inserts they cost more than they bring.
    "materialize_statistics_on_insert": 0,
    # An older writer's schema may lack a later optional field; the contract check refuses any other lack.
    "input_format_avro_allow_missing_fields": 1,
    "input_format_null_as_default": 0,
}
