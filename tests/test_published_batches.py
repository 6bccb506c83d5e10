"""Persons are published in batches: which is told of stocks, windows and amounts, and what is hidden (law 6)."""

from __future__ import annotations

import pytest

from sinks.clickhouse.database import Database
from sinks.clickhouse.published import PublishedValues
from tests.events import ManualClock
from tests.published_stage import AMOUNT, FLOW, INDICATORS, STOCK, Row, day, move, store, values

LIEGE, SERAING = "62063", "62096"
CLOCK = ManualClock()


@pytest.fixture
def published(database: Database) -> PublishedValues:
    return PublishedValues(database, INDICATORS, CLOCK)


def test_less_than_a_batch_is_hidden_with_its_sides(database: Database, published: PublishedValues) -> None:
    store(database, Row(1, 4, area=LIEGE), Row(1, 20, area=SERAING), Row(1, 24, area="62000"))
    hidden, *shown = published.totals([STOCK], [LIEGE, SERAING, "62000"], day(1), day(1))
    assert (hidden.suppressed, hidden.value, hidden.numerator, hidden.denominator) == (True, None, None, None)
    assert [cell.value for cell in shown] == [20, 20]


def test_nobody_is_told_as_few_are(database: Database, published: PublishedValues) -> None:
    """Where nobody is told apart from few, the days from which on there are some can be counted."""
    store(database, Row(2, 3))
    assert [cell.suppressed for cell in published.totals([STOCK], ["BE"], day(1), day(2))] == [True, True]


def test_a_stock_is_told_in_whole_batches(database: Database, published: PublishedValues) -> None:
    store(database, Row(1, 3), Row(2, 5), Row(3, 9), Row(4, 10), Row(5, 4))
    assert values(published, 1, 5) == [None, 5, 5, 10, None]


def test_of_a_flow_a_batch_counts_from_the_day_on_which_it_is_full(
    database: Database, published: PublishedValues
) -> None:
    # day                1   2   3   4   5   6   7   8   9   10  11  12
    # events             3       3       5                       2
    # those that left                                3       6       11
    # batches began      0   0   1   1   2   2   2   2   2   2   2   2
    # batches left       0   0   0   0   0   0   0   0   0   1   1   2
    began = [(1, 3), (3, 3), (5, 5), (11, 2)]
    move(
        database,
        FLOW,
        [(on, 0, number) for on, number in began] + [(on + 7, 2, -number) for on, number in began],
    )
    told = [cell.value for cell in published.totals([FLOW], ["BE"], day(1), day(12))]
    assert told == [None, None, 5, 5, 10, 10, 10, 10, 10, 5, 5, None]


def test_an_amount_is_told_in_its_own_multiples_and_hidden_with_few_persons(
    database: Database, published: PublishedValues
) -> None:
    # day      1       2        3
    # persons  4       5        12
    # EUR      5 000   14 500   28 000
    move(
        database,
        AMOUNT,
        [(1, 0, 500_000), (2, 0, 950_000), (3, 0, 1_350_000), (1, 1, 4), (2, 1, 1), (3, 1, 7)],
    )
    few, *shown = published.totals([AMOUNT], ["BE"], day(1), day(3))
    assert few.suppressed
    assert [(cell.value, cell.denominator) for cell in shown] == [(10_000, 5), (20_000, 10)]
