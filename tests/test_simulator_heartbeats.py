"""The simulator's heartbeats: what feeds say of themselves is what they did."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from functools import cache

from bewithu.clock import brussels_day
from bewithu.simulator import Plan, Publication, simulate
from bewithu.simulator.acts import HEARTBEAT
from schemas.areas import municipalities
from schemas.contracts import contract_of
from tests.test_simulator import SMALL, Event, small

UNTIL = date(2023, 6, 30)
FAULTY = replace(SMALL, scale=0.03, malformed=0.05, cancellations=0.05, corrections=0.05, until=UNTIL)


@cache
def longer() -> tuple[Publication, ...]:
    """As `FAULTY`, and all that was on its way at its end."""
    return tuple(simulate(replace(FAULTY, until=date(2025, 12, 31))))


def heartbeats(plan: Plan, status: str) -> list[Event]:
    return [
        entry.event
        for entry in simulate(plan)
        if entry.topic == HEARTBEAT and entry.event["status"] == status
    ]


def test_the_counts_of_a_closed_period_are_those_of_what_was_sent_by_then() -> None:
    by_feed = defaultdict[tuple[str, str, str], list[Publication]](list)
    happened = {
        entry.event["event_id"]: brussels_day(entry.event["occurred_at"])
        for entry in longer()
        if entry.damage is None
    }
    for entry in longer():
        event_id = entry.event["event_id"]
        if entry.topic != HEARTBEAT and event_id in happened:
            month = f"{happened[event_id]:%Y-%m}"
            by_feed[entry.event["agency"], entry.topic, month].append(entry)
    closed = heartbeats(FAULTY, "period_closed")
    for event in closed:
        topic, moment = contract_of(event["feed"]).topic, event["occurred_at"]
        sent, taken_back = set(), set()
        for entry in by_feed[event["agency"], topic, f"{event['period_start']:%Y-%m}"]:
            if entry.published_at <= moment:
                sent.add(entry.event["event_id"])
                taken_back |= {entry.event["event_id"]} if entry.event["cancelled"] else set()
        assert event["sent"] == len(sent - taken_back), event
    assert sum(event["sent"] for event in closed) > 2_000


def test_no_more_is_sent_than_is_expected_and_cpas_often_expect_more() -> None:
    closed = heartbeats(FAULTY, "period_closed")
    assert all(0 <= event["sent"] <= event["expected"] for event in closed)
    unsent = Counter(
        event["agency"].partition("-")[0] for event in closed if event["sent"] < event["expected"]
    )
    assert unsent["cpas"]


def test_a_period_is_a_month_and_is_closed_once_some_days_after_its_end() -> None:
    closed = [
        entry.event
        for entry in small()
        if entry.topic == HEARTBEAT and entry.event["status"] == "period_closed"
    ]
    keys = Counter((event["agency"], event["feed"], event["period_start"]) for event in closed)
    assert set(keys.values()) == {1}
    for event in closed:
        first, last = event["period_start"], event["period_end"]
        assert first.day == 1
        assert (last + timedelta(days=1)).day == 1
        assert (last - first).days < 31
        assert timedelta(days=3) <= brussels_day(event["occurred_at"]) - last < timedelta(days=60)


def test_agencies_close_their_months_but_not_all_of_them_do_so_in_time() -> None:
    closed = heartbeats(Plan(scale=0.2, until=UNTIL), "period_closed")
    april = [event for event in closed if event["period_start"] == date(2023, 4, 1)]
    kinds = Counter(event["agency"].partition("-")[0] for event in april)
    assert kinds["cpas"] > 300
    assert kinds["mun"] > 700
    assert {"dvz", "fedasil", "edu", "employ", "integ", "reg"} <= kinds.keys()
    late = sum(event["occurred_at"] > datetime(2023, 5, 13, tzinfo=UTC) for event in april)
    assert 0.05 < late / len(april) < 0.25


def test_a_feed_with_a_line_of_its_own_is_alive_every_day_unless_it_is_silent() -> None:
    days = defaultdict[tuple[str, str], set[date]](set)
    for entry in small():
        if entry.topic == HEARTBEAT and entry.event["status"] == "alive":
            days[entry.event["agency"], entry.event["feed"]].add(brussels_day(entry.published_at))
    everyday = {
        SMALL.since + timedelta(days=number) for number in range((SMALL.until - SMALL.since).days + 1)
    }
    assert days["dvz", "registration"] == everyday
    assert everyday - days["fedasil", "housing_change"] == {date(2023, 8, day) for day in (4, 5, 6, 7)}
    silent = everyday - days["cpas-52011", "benefit_grant"]
    assert (min(silent), max(silent), len(silent)) == (date(2022, 11, 14), date(2022, 12, 4), 21)
    assert {"edu-vl", "employ-forem", "integ-cri", "reg-bru"} <= {agency for agency, _ in days}


def test_the_last_month_of_a_municipality_that_is_gone_is_closed_by_its_successor() -> None:
    plan = Plan(scale=0.2, since=date(2024, 9, 1), until=date(2025, 3, 31))
    by_successor = 0
    for event in heartbeats(plan, "period_closed"):
        nis = event["agency"].partition("-")[2]
        place = municipalities().get(nis)
        if place is not None and place.valid_to is not None:
            assert event["period_start"] <= place.valid_to
            gone = brussels_day(event["occurred_at"]) > place.valid_to
            assert event["municipality"] == (place.current_nis if gone else nis)
            by_successor += gone
    assert by_successor > 10
