"""The note of a real store: its figures are the published ones, at its moment."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib.resources import files
from pathlib import Path

import pytest

from bewithu.board.note import Note, Row, build_note
from bewithu.board.note_asked import read_note_asked
from schemas.indicators import load_indicators
from sinks.clickhouse.database import Database
from sinks.clickhouse.published import PublishedValues
from tests.board.test_origin import published_board
from tests.events import Platform, person, registration

MAY, JUNE = datetime(2022, 5, 20, 12, tzinfo=UTC), datetime(2022, 6, 20, 12, tzinfo=UTC)
AS_OF = "2022-07-10T12:00:00Z"


@pytest.fixture
def platform(database: Database) -> Platform:
    """Twenty persons in May, twelve more in June; ten of May are heard of in July only. All in Liège or, before it
    merged, in Tessenderlo."""
    platform = Platform(database)
    for known, moment, begin, end, place in (
        (MAY, MAY, 0, 20, "62063"),
        (JUNE, JUNE, 20, 32, "62063"),
        (JUNE, JUNE, 60, 67, "71057"),
        (datetime(2022, 7, 2, 12, tzinfo=UTC), MAY, 40, 50, "62063"),
    ):
        platform.clock.moment = known + timedelta(minutes=1)
        platform.send(
            *(
                replace_place(registration(person(number), moment), place)
                for number in range(begin, end)
            )
        )
        platform.refresh()
    platform.clock.moment = datetime(2022, 7, 20, tzinfo=UTC)
    return platform
