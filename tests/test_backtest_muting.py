"""In a backtest nobody hears of what another alert explains, unless it outlasts that one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from alerts.backtest import Moment
from alerts.backtest_muting import heard, spans_of
from schemas.alerting import Transition
from tests.alerts.samples import transition

FIRST = datetime(2025, 3, 3, 8, tzinfo=UTC)


def fires(area: str, *days: int) -> list[Transition]:
    """On the first of each two days it fires, on the second it is over; the last may go on."""
    return [
        replace(
            transition("resolved" if number % 2 else "firing", number + 1, area=area),
            at=FIRST + timedelta(days=day),
        )
        for number, day in enumerate(days)
    ]


@pytest.mark.parametrize(
    ("around", "told"),
    [
        ([], [("firing", 5), ("resolved", 9)]),
        ([2, 4], [("firing", 5), ("resolved", 9)]),
        # Told when nothing mutes it any more, as it still fires.
        ([4, 7], [("firing", 7), ("resolved", 9)]),
        ([5, 7], [("firing", 7), ("resolved", 9)]),
        # Over before.
        ([4, 9], []),
        ([4], []),
        ([6, 8], [("firing", 5), ("resolved", 9)]),
    ],
)
@pytest.mark.parametrize("muting", ["60000", "03000", "BE"])
def test_an_alert_is_not_told_while_another_one_around_it_fires(
    around: list[int], told: list[tuple[str, int]], muting: str
) -> None:
    moments = [Moment(FIRST + timedelta(days=day), FIRST.date(), False) for day in range(20)]
    found = list(heard(fires("62063", 5, 9), [spans_of(fires(muting, *around))], moments))
    assert [(step.kind, (step.at - FIRST).days) for step in found] == told


def test_an_alert_elsewhere_mutes_nothing() -> None:
    moments = [Moment(FIRST + timedelta(days=day), FIRST.date(), False) for day in range(20)]
    mine = fires("62063", 5, 9)
    assert list(heard(mine, [spans_of(fires("10000", 4))], moments)) == mine
