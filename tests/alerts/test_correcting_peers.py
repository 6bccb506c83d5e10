"""An alert on an area that is unlike the others is looked at again beside all of them."""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import timedelta

import numpy as np
import pytest

from alerts.backtest import Moment
from alerts.backtest_corrections import corrected
from alerts.judging import Series
from schemas.alerting import Kind
from schemas.areas import Level, covering
from sinks.clickhouse.alert_log import ClickHouseAlertLog
from sinks.clickhouse.database import Database
from tests.alerts.mail_server import new_post, serving
from tests.alerts.samples import DAY, LIEGE, NOON, book, coordinator, rule, transition
from tests.alerts.stage import ANN, Stage
from tests.alerts.test_correcting import restate, story

HAINAUT = "50000"
ENDED: tuple[Kind, ...] = ("firing", "resolved")
UNLIKE_OTHERS = {"times_above": 2, "to": "peers"}


@pytest.mark.parametrize(("restated", "end"), [(410, "resolved"), (190, "retracted")])
async def test_a_place_is_compared_with_all_others_again_and_not_with_those_that_fired(
    database: Database, restated: float, end: str
) -> None:
    post = new_post()
    watched = rule(for_="0s", condition=UNLIKE_OTHERS)
    stage = Stage(ClickHouseAlertLog(database), post.port, [watched], book(coordinator(ANN, LIEGE)))
    places = [each.code for each in covering(Level.PROVINCE)]
    stage.values.of = dict.fromkeys(places, 100.0) | {HAINAUT: 400}
    async with serving(post):
        steps = (await stage.step(412)).transitions
        assert sorted((step.area, step.kind) for step in steps) == [(HAINAUT, "firing"), (LIEGE, "firing")]
        restate(stage, steps[0], restated)
        stage.values.of[HAINAUT] = 100
        await stage.step(100, days=1)
    assert story(stage) == ["firing", end]
    assert [step.kind for step in stage.log.story("arrivals_high", HAINAUT)] == ["firing", "resolved"]


class Known:
    """What is known of the provinces at any moment: 100 where nothing else is said."""

    def __init__(self, **of: float) -> None:
        self.of = of

    def series_then(
        self, indicator: str, areas: Sequence[str], moments: Sequence[Moment], lags: Collection[int]
    ) -> Series:
        row = [[self.of.get(f"p{code}", 100.0)] for code in areas]
        values, ones = np.array([row] * len(moments)), np.ones((len(moments), len(areas)))
        return Series(values, values, ones, ones, ones > 1, 0.0)


@pytest.mark.parametrize(("restated", "end"), [(410, "resolved"), (190, "retracted")])
def test_so_does_a_backtest(restated: float, end: str) -> None:
    watched = rule(for_="0s", condition=UNLIKE_OTHERS)
    steps = [
        transition(kind, number, area, value=value, at=NOON + timedelta(days=number))
        for area, value in ((LIEGE, 412.0), (HAINAUT, 400.0))
        for number, kind in enumerate(ENDED)
    ]
    moments = [Moment(NOON + timedelta(days=day), DAY, False) for day in range(4)]
    known = Known(p60000=restated, p50000=400)
    found = corrected(watched, steps, moments, {watched.indicator: 0}, known)
    assert [(step.area, step.kind) for step in found] == [
        (LIEGE, "firing"),
        (LIEGE, end),
        (HAINAUT, "firing"),
        (HAINAUT, "resolved"),
    ]
