"""Old events go, and every value stays what it is, now and as it was known (law 6)."""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, timedelta
from importlib.resources import files
from typing import Any

import pytest

from schemas.contracts import contracts
from schemas.indicators import load_indicators
from schemas.quarantine import Wanted
from sinks.clickhouse.bookkeeping import Bookkeeping
from sinks.clickhouse.database import Database
from sinks.clickhouse.forgetting import Forgot, cuts_of
from sinks.clickhouse.generations import begin
from sinks.clickhouse.indicator_store import ClickHouseIndicators
from sinks.clickhouse.quarantine import Quarantine
from sinks.clickhouse.value_reader import ValueReader
from tests.command_line import CommandLine
from tests.events import Message, Platform, benefit_grant, housing_change, person, registration
from tests.test_erasure import everything, places_of
from tests.test_indicators_match_oracle import crash_before_write

#: Some of each kind that steps are kept for: a store with all of the catalogue takes seconds to begin with.
CHOSEN = (
    "registrations_7d", "arrivals_emergency_housing_7d", "living_wage_granted_amount_month", "persons_protected",
    "living_wage_amounts", "persons_in_reception", "persons_emergency_housing", "certified_undeclared_30d",
    "reception_unplaced_2d", "days_emergency_housing",
)  # fmt: skip
INDICATORS = {
    name: found for name, found in load_indicators(files("streams.indicators")).items() if name in CHOSEN
}
PERSONAL = [contract.event_type for contract in contracts().values() if contract.kept_days]
BEGAN = datetime(2025, 1, 7, 12, tzinfo=UTC)
#: The test's events are of January and of May.
CUT = date(2025, 4, 1)
LATER = datetime(2025, 5, 5, 12, tzinfo=UTC)
ANNA, BORIS = person(1), person(2)


def left(who: str) -> list[Message]:
    """Came, moved, was corrected, and left: all of it in January."""
    came = registration(who, BEGAN)
    return [
        came,
        came.changed(revision=1, municipality="62096"),
        benefit_grant(who, BEGAN + timedelta(days=1)),
        benefit_grant(who, BEGAN + timedelta(days=9), "ended", reason="left_country"),
        housing_change(who, BEGAN + timedelta(days=1)),
        housing_change(who, BEGAN + timedelta(days=8), "moved_out"),
        registration(who, BEGAN + timedelta(days=12), "struck_off", reason="departed"),
    ]


def stays(who: str) -> list[Message]:
    """Came in January and was heard of in May."""
    return [
        registration(who, BEGAN),
        housing_change(who, BEGAN + timedelta(days=1)),
        housing_change(who, BEGAN + timedelta(days=5), municipality="11002"),
        housing_change(who, BEGAN + timedelta(days=8), municipality="62096"),
        benefit_grant(who, LATER),
    ]


def forget(platform: Platform, cuts: Mapping[str, date] | None = None) -> Forgot | None:
    """Until nothing is left: on a busy machine the time for one go may be over sooner."""
    store = ClickHouseIndicators(platform.database, INDICATORS)
    events = Counter[str]()
    while done := store.forget(platform.clock.moment, cuts or dict.fromkeys(PERSONAL, CUT)):
        events.update(done.events)
        if not done.more:
            return Forgot(dict(events), more=False)
    return None


def as_known(database: Database, moment: datetime) -> list[tuple[object, ...]]:
    """Some days' values in some places, as they were known at a moment."""
    names = [name for name, found in INDICATORS.items() if found.kind in ("flow", "stock", "gap", "sum")]
    reader = ValueReader(database, INDICATORS)
    values = reader.daily(names, ["BE", "62063", "62096", "11002"], [""], BEGAN.date(), LATER.date(), moment)
    return [
        (name, *row)
        for name, frame in values.items()
        for row in frame.drop("known_at").sort("area", "day").iter_rows()
    ]


@pytest.fixture
def platform(database: Database) -> Platform:
    found = Platform(database, INDICATORS)
    found.send(*left(ANNA), *stays(BORIS))
    found.refresh()
    return found


def test_who_left_long_ago_is_nowhere_and_every_value_is_as_before(platform: Platform) -> None:
    database, known = platform.database, platform.clock.moment
    platform.send(registration(person(3), LATER))
    platform.refresh()
    before, earlier = everything(database), as_known(database, known)
    assert any(row[4] for row in earlier)
    forgot = forget(platform)
    assert forgot is not None
    assert not forgot.more
    assert places_of(database, ANNA) == []
    assert everything(database) == before
    assert as_known(database, known) == earlier


def test_what_still_counts_is_kept_and_nothing_else(platform: Platform) -> None:
    forgot = forget(platform)
    assert forgot is not None
    # Of Anna all. Of Boris neither the certificate, as he is still registered, nor the last home, where he still lives,
    # nor the first one, with which the days in emergency housing begin that a later event may end.
    assert forgot.events == {"registration": 2, "benefit_grant": 2, "housing_change": 3}
    kept = platform.database.rows(
        "SELECT municipality, lower(hex(person)) FROM facts_housing_change FINAL ORDER BY occurred_at"
    )
    assert kept == [("62063", BORIS), ("62096", BORIS)]


def test_events_that_come_later_count_as_they_would_have(database: Database) -> None:
    later = [
        housing_change(BORIS, LATER + timedelta(days=1), municipality="44021"),
        registration(BORIS, LATER + timedelta(days=2), "struck_off", reason="departed"),
    ]
    platform = Platform(database, INDICATORS)
    platform.send(*left(ANNA), *stays(BORIS))
    platform.refresh()
    forget(platform)
    platform.send(*later)
    platform.refresh()
    found = everything(database)
    other = Platform(database, INDICATORS)
    for table in (
        "steps",
        "moves",
        "touched",
        "batches",
        "refreshes",
        *(f"facts_{each}" for each in PERSONAL),
    ):
        database.run(f"TRUNCATE TABLE {table}")
    other.clock.moment = platform.clock.moment
    other.send(*left(ANNA), *stays(BORIS), *later)
    other.refresh()
    assert everything(database) == found


@pytest.mark.parametrize("writes", [1, 2, 6, 9, 10, 12, 20])
def test_what_breaks_off_is_brought_to_its_end(platform: Platform, writes: int) -> None:
    database, known = platform.database, platform.clock.moment
    before, earlier = everything(database), as_known(database, known)
    with crash_before_write(database, writes):
        forget(platform)
    later = registration(ANNA, LATER)
    other = Platform(database, INDICATORS)
    other.log, other.clock = platform.log, platform.clock
    other.refresh()
    assert everything(database) == before
    forget(other)
    assert places_of(database, ANNA) == []
    assert (everything(database), as_known(database, known)) == (before, earlier)
    other.send(later)
    other.refresh()
    audited = ClickHouseIndicators(database, INDICATORS).audit(other.clock.moment, random.Random(writes))
    assert audited is not None
    assert audited.is_well


def test_more_steps_than_one_insert_takes_are_handed_over_in_several(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    others = [person(number) for number in range(3, 9)]
    platform.send(*(message for each in others for message in left(each)))
    platform.refresh()
    before = everything(platform.database)
    monkeypatch.setattr("sinks.clickhouse.forgetting.ROWS_OF_A_PART", 200)
    assert forget(platform) is not None
    assert platform.database.value("SELECT uniqExact(refresh) FROM forgotten") > 1
    assert [places_of(platform.database, each) for each in (ANNA, *others)] == [[]] * 7
    assert everything(platform.database) == before


def test_no_pseudonym_is_in_what_the_store_is_asked(
    platform: Platform, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked: list[str] = []
    for name in ("run", "rows", "frame"):
        do = getattr(platform.database, name)

        def noting(text: str, *, _do: Callable[..., Any] = do, **parameters: Any) -> Any:
            asked.append(f"{text} {parameters}".lower())
            return _do(text, **parameters)

        monkeypatch.setattr(platform.database, name, noting)
    forget(platform)
    assert len(asked) > 10
    assert not [each for each in asked if ANNA in each or BORIS in each]
    assert not [each for each in asked if str(bytes.fromhex(ANNA)).lower() in each]


def test_events_that_no_refresh_has_taken_in_wait(platform: Platform) -> None:
    platform.send(registration(ANNA, BEGAN + timedelta(days=1)))
    assert forget(platform) is None


def test_a_rebuild_keeps_what_cannot_be_worked_out_anew(platform: Platform) -> None:
    forget(platform)
    before = everything(platform.database)
    counted = [found for found in INDICATORS.values() if found.kind in ("flow", "stock", "gap", "sum")]
    begin(platform.database, counted, platform.clock.moment)
    platform.refresh()
    database = platform.database
    assert database.value("SELECT uniqExact(generation) FROM steps") > 1
    after = everything(database)
    assert (after["values"], after["told"]) == (before["values"], before["told"])


def test_the_books_still_add_up(platform: Platform) -> None:
    books = Bookkeeping(platform.database)
    before, feeds = books.books(), {feed.agency: feed.accepted for feed in books.feeds()}
    forget(platform)
    assert books.books() == before
    assert {feed.agency: feed.accepted for feed in books.feeds()} == feeds


def test_records_that_were_refused_so_long_ago_lose_their_bytes(platform: Platform) -> None:
    platform.clock.moment = BEGAN
    platform.send(registration(ANNA, BEGAN, municipality="99999"))
    platform.clock.moment = LATER
    platform.send(registration(BORIS, LATER, municipality="99999"))
    platform.refresh()
    forget(platform)
    held = platform.database.rows("SELECT raw = '', event_id IS NULL FROM quarantine FINAL ORDER BY known_at")
    assert held == [(True, True), (False, False)]
    (dropped,) = Quarantine(platform.database).held(Wanted(state="dropped", limit=9))
    assert (dropped.by, dropped.known_at) == ("retention", BEGAN)


def test_whoever_asks_what_a_value_rests_on_is_told_that_events_are_gone(
    platform: Platform, bewithu: CommandLine
) -> None:
    bewithu.read(platform.database)
    for number in range(3, 10):
        platform.send(*stays(person(number)))
    platform.refresh()
    asked = ("indicators", "explain", "persons_emergency_housing", "--day", "2025-01-08")
    assert "no longer kept" not in bewithu(*asked).out
    forget(platform)
    assert "events from before 2025-04-01, which are no longer kept" in bewithu(*asked).out


def test_events_of_ten_years_ago_are_forgotten_and_refused(platform: Platform) -> None:
    platform.clock.moment = datetime(2035, 3, 1, tzinfo=UTC)
    forgot = forget(platform, cuts_of(platform.clock.moment))
    assert forgot is not None
    assert forgot.events["housing_change"] == 3
    platform.send(*left(ANNA))
    assert platform.database.rows("SELECT DISTINCT reason FROM quarantine") == [("too_old",)]


def test_operators_see_what_is_kept_and_what_was_forgotten(platform: Platform, bewithu: CommandLine) -> None:
    bewithu.read(platform.database)
    forget(platform)
    rows = {row["event_type"]: row for row in bewithu("privacy", "retention", "--json").document}
    assert rows.keys() == set(PERSONAL)
    assert (rows["registration"]["kept_days"], rows["registration"]["forgotten"]) == (3653, 3)
    assert rows["registration"]["last"] is not None
    assert rows["employment"] | {"since": None} == {
        "event_type": "employment", "kept_days": 3653, "since": None, "older": 0, "forgotten": 0, "last": None
    }  # fmt: skip


def test_each_type_is_kept_as_long_as_its_contract_says() -> None:
    now = datetime(2025, 6, 1, 23, tzinfo=UTC)
    cuts = cuts_of(now)
    assert set(cuts) == set(PERSONAL)
    days = {contract.event_type: contract.kept_days for contract in contracts().values()}
    # In Belgium it is the second of June; two days are left to what is on its way.
    assert {event: (date(2025, 6, 2) - cut).days - 2 for event, cut in cuts.items()} == {
        event: days[event] for event in PERSONAL
    }


def test_all_events_about_persons_and_no_others_are_forgotten() -> None:
    for contract in contracts().values():
        assert (contract.kept_days is not None) == (contract.about == ("person",)), contract.name
