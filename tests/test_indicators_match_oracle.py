"""Laws 1 to 4: shuffled, doubled, cut up, damaged or interrupted, the same events give the oracle's values."""

from __future__ import annotations

import os
import tempfile
import time
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import cache
from importlib.resources import files
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from schemas.contracts import contracts
from schemas.indicators import Indicators, load_indicators
from sinks.clickhouse.database import Database
from tests import oracle
from tests.events import Platform, Sent, bytes_of, empty, person, registration, worlds
from tests.every_kind import every_kind, load_every_kind
from tests.stored_values import assert_same, values_of

DEFINITIONS = oracle.shipped_definitions() | every_kind()
EXAMPLES = int(os.environ.get("BEWITHU_TEST_EXAMPLES", "10"))

# An example takes about a second; when one fails, its smallest form is looked for in hundreds.
pytestmark = pytest.mark.timeout(600 + 10 * EXAMPLES)


def examples(share: float) -> settings:
    """A share of the examples that BEWITHU_TEST_EXAMPLES asks for."""
    # Drawing is quick; the real store takes its time, and the health check cannot tell one from the other.
    suppressed = [HealthCheck.too_slow]
    count = max(2, round(share * EXAMPLES))
    return settings(max_examples=count, print_blob=True, suppress_health_check=suppressed)


@dataclass(frozen=True, slots=True)
class Step:
    """Messages that arrive together, one batch for each topic. `times`: how often a batch is stored."""

    arriving: tuple[Sent, ...]
    partition: int = 0
    times: int = 1
    refresh: bool = False


@st.composite
def deliveries(draw: st.DrawFn, world: Sequence[Sent]) -> list[Step]:
    """`world` in any order, with doubles, over two partitions, in up to four steps."""
    doubles = draw(st.lists(st.sampled_from(world), max_size=3))
    arriving = tuple(draw(st.permutations([*world, *doubles])))
    cuts = draw(st.lists(st.integers(0, len(arriving)), min_size=3, max_size=3))
    pieces = [arriving[begin:end] for begin, end in pairwise(sorted({0, *cuts, len(arriving)}))]
    times = st.sampled_from((1, 1, 2))
    return [Step(piece, draw(st.integers(0, 1)), draw(times), draw(st.booleans())) for piece in pieces]


@st.composite
def delivered(draw: st.DrawFn) -> list[Step]:
    return draw(deliveries(draw(worlds())))


# Where it happens: the real store, and beside it the oracle.


@cache
def indicators() -> Indicators:
    with tempfile.TemporaryDirectory() as folder:
        return {**load_indicators(files("streams.indicators")), **load_every_kind(Path(folder))}


def start(database: Database) -> Platform:
    # Generations stay: without them, every example would begin with work on all definitions.
    empty(database, keep=["generations"])
    return Platform(database, indicators())


def take(platform: Platform, step: Step) -> None:
    batches: dict[str, list[bytes | None]] = defaultdict(list)
    for sent in step.arriving:
        batches[sent.message.topic].append(bytes_of(sent, platform.registry.wire))
    for topic, values in batches.items():
        platform.take(topic, step.partition, values, step.times)


def accepted(steps: Iterable[Step]) -> list[tuple[str, oracle.Event]]:
    """What the oracle counts."""
    messages = [sent.message for step in steps for sent in step.arriving if not sent.flaw]
    return [(contracts()[message.topic].event_type, message.event) for message in messages]


def expected(steps: Sequence[Step], over: Sequence[Step]) -> dict[oracle.Key, oracle.Sides]:
    """The oracle's values after `steps`, on all days and in all areas that `over` could touch."""
    moments = [sent.message.event["occurred_at"] for step in over for sent in step.arriving]
    first = min(moments).date() - timedelta(days=2)
    days = [first + timedelta(days=number) for number in (*range(18), 400)]
    return oracle.values(accepted(steps), DEFINITIONS, days, oracle.areas_of(accepted(over)))


def stored(
    platform: Platform, keys: Iterable[oracle.Key], known_at: datetime | None = None
) -> dict[oracle.Key, oracle.Sides]:
    """What the store holds, or held at a moment."""
    return values_of(platform.database, indicators(), keys, known_at)


def run(platform: Platform, steps: Iterable[Step]) -> None:
    for step in steps:
        take(platform, step)
        if step.refresh:
            platform.refresh()
    platform.refresh()


def rows_kept(platform: Platform) -> list[int]:
    tables = ("steps", "moves")
    return [platform.database.value(f"SELECT count() FROM {table}") for table in tables]


@examples(1)
@given(delivered())
def test_in_any_order_with_any_doubles_every_value_on_every_day_is_the_oracles(
    prepared_database: Database, steps: list[Step]
) -> None:
    platform = start(prepared_database)
    run(platform, steps)
    wanted = expected(steps, steps)
    assert_same(stored(platform, wanted), wanted)
    areas = platform.database.rows("SELECT DISTINCT area FROM moves")
    assert {area for (area,) in areas} <= {area for _, area, _, _ in wanted}
    assert_every_record_is_accounted_for(platform, steps)


def assert_every_record_is_accounted_for(platform: Platform, steps: Sequence[Step]) -> None:
    """Accepted, duplicates and quarantined make up what was published (law 1)."""
    facts = " UNION ALL ".join(
        f"SELECT event_id, revision FROM facts_{contract.event_type} FINAL"
        for contract in contracts().values()
    )
    arrived = [sent for step in steps for sent in step.arriving]
    sound = [(event["event_id"], event["revision"]) for _, event in accepted(steps)]
    in_facts = sorted((row[0], row[1]) for row in platform.database.rows(facts))
    assert in_facts == sorted(set(sound))
    quarantined = platform.database.value("SELECT count() FROM quarantine FINAL")
    assert quarantined == len(arrived) - len(sound)
    duplicates = len(sound) - len(set(sound))
    ranges = "SELECT DISTINCT topic, partition, first_offset, records FROM batches"
    published = platform.database.value(f"SELECT sum(records) FROM ({ranges})")
    assert len(in_facts) + duplicates + quarantined == published == platform.log.published


@st.composite
def two_deliveries_of_quarrels(draw: st.DrawFn) -> tuple[list[Step], list[Step]]:
    """Besides a world, messages that claim an event's revision for another content."""
    world = draw(worlds())
    sound = [sent for sent in world if not sent.flaw]
    quarrels = [
        Sent(sent.message.changed(sex="other", cancelled=draw(st.booleans())))
        for sent in draw(st.lists(st.sampled_from(sound), min_size=1, max_size=3))
    ]
    return draw(deliveries([*world, *quarrels])), draw(deliveries([*world, *quarrels]))


@examples(0.4)
@given(two_deliveries_of_quarrels())
def test_two_orders_give_the_same_values_also_where_messages_quarrel_over_a_revision(
    prepared_database: Database, orders: tuple[list[Step], list[Step]]
) -> None:
    keys = expected(orders[0], orders[0])
    found = []
    for steps in orders:
        platform = start(prepared_database)
        run(platform, steps)
        found.append(stored(platform, keys))
    assert_same(found[0], found[1])


@examples(0.4)
@given(delivered())
def test_what_was_known_at_any_refresh_stays_readable(prepared_database: Database, steps: list[Step]) -> None:
    platform = start(prepared_database)
    refreshed = []
    for number, step in enumerate(steps, start=1):
        take(platform, step)
        platform.refresh()
        refreshed.append((platform.clock.now(), steps[:number]))
    for known_at, so_far in refreshed:
        wanted = expected(so_far, steps)
        assert_same(stored(platform, wanted, known_at), wanted)


class Crash(Exception):
    """Stands for the end of the process."""


@contextmanager
def crash_before_write(database: Database, number: int) -> Iterator[None]:
    """The process ends before its write with that number, counted from 0."""
    writes = 0

    def counted(write: Callable[..., None]) -> Callable[..., None]:
        def counting(*arguments: Any, **named: Any) -> None:
            nonlocal writes
            writes += 1
            if writes > number:
                raise Crash
            write(*arguments, **named)

        return counting

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(database, "run", counted(database.run))
        patch.setattr(database, "insert", counted(database.insert))
        patch.setattr(database, "insert_frame", counted(database.insert_frame))
        with suppress(Crash):
            yield


@examples(0.5)
@given(delivered(), st.booleans(), st.lists(st.integers(0, 6), min_size=4, max_size=4))
def test_refreshes_that_crash_between_any_two_writes_are_made_good_by_the_next(
    prepared_database: Database, steps: list[Step], new_database: bool, crashes: list[int]
) -> None:
    """Four writes take in what arrived; a new database asks for more, which work out every definition."""
    platform = start(prepared_database)
    if new_database:
        empty(prepared_database)
    for step, number in zip(steps, crashes, strict=False):
        take(platform, step)
        with crash_before_write(prepared_database, number):
            platform.refresh_step()
    platform.refresh()
    wanted = expected(steps, steps)
    assert_same(stored(platform, wanted), wanted)


@pytest.mark.parametrize("writes", [1, 2])
def test_a_worker_whose_clock_is_behind_makes_a_crashed_refresh_good(
    database: Database, monkeypatch: pytest.MonkeyPatch, writes: int
) -> None:
    """It crashed after it had written steps, or steps and moves."""
    moment = datetime(2025, 1, 1, tzinfo=UTC)
    steps = [Step((Sent(registration(person(number), moment)),)) for number in range(3)]
    platform = Platform(database, indicators())
    platform.refresh()
    take(platform, steps[0])
    with crash_before_write(database, writes):
        platform.refresh_step()
    an_hour_ago = time.time_ns() - 3600 * 10**9
    monkeypatch.setattr(time, "time_ns", lambda: an_hour_ago)
    for step in steps[1:]:
        take(platform, step)
        platform.refresh()
    wanted = expected(steps, steps)
    assert_same(stored(platform, wanted), wanted)


@examples(0.2)
@given(delivered())
def test_a_refresh_done_again_writes_nothing(prepared_database: Database, steps: list[Step]) -> None:
    platform = start(prepared_database)
    run(platform, steps)
    before = rows_kept(platform)
    assert platform.refresh() is None
    # As if none had ever been finished, and no definition had ever been seen.
    prepared_database.run("TRUNCATE TABLE refreshes")
    platform.refresh()
    assert rows_kept(platform) == before
