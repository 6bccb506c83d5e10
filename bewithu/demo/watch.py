"""Collects what the terminal view shows, a few times a second."""

from __future__ import annotations

import contextlib
import logging
from collections import Counter, deque
from collections.abc import Callable, Iterator, Sequence
from datetime import date, datetime, timedelta

from rich.console import Console

from bewithu.clock import brussels_day
from bewithu.demo.platform import Platform
from bewithu.demo.state import AlertLine, DemoState, IndicatorLine
from bewithu.demo.story import Story
from bewithu.demo.view import LiveView
from bewithu.errors import Unavailable
from bewithu.fitting.worker import Worker
from bewithu.log_lines import TextLines
from schemas.alerting import FIRING, Kind, Transition
from schemas.areas import area
from sinks.clickhouse.alert_log import ClickHouseAlertLog
from sinks.clickhouse.bookkeeping import Bookkeeping
from sinks.clickhouse.published import PublishedValues

_HISTORY = timedelta(days=59)
_ALERTS = 8
_STEPS = 500
#: Over how many glances the rate is taken.
_GLANCES = 8


@contextlib.contextmanager
def watching(platform: Platform, story: Story) -> Iterator[Callable[[], None]]:
    """Yields a call that shows the demo as it is now. Log lines go to a file meanwhile, not into the picture."""
    glance = _Glance(platform, story)
    with _logging_to_file(platform), LiveView(Console(stderr=True)) as view:

        def show() -> None:
            with contextlib.suppress(Unavailable):
                view.update(glance.state())

        yield show
        show()


class _Glance:
    """Reads the platform through a connection of its own."""

    def __init__(self, platform: Platform, story: Story) -> None:
        self._platform = platform
        self._story = story
        self._values = PublishedValues(platform.observer, platform.written.indicators, platform.clock)
        self._bookkeeping = Bookkeeping(platform.observer)
        self._alerts = ClickHouseAlertLog(platform.observer)
        self._seen: deque[tuple[float, int, datetime]] = deque(maxlen=_GLANCES)

    def state(self) -> DemoState:
        platform, story = self._platform, self._story
        now = platform.clock.now()
        day = brussels_day(now)
        base = DemoState(
            day=day, seconds=story.seconds, speed_days_per_second=0.0, phase=story.phase,
            board=platform.worker.address, mails=platform.catcher.count,
            last_subject=platform.catcher.last_subject, mails_folder=str(platform.mails),
        )  # fmt: skip
        return self._filled(base, now) if platform.worker.started else base

    def _filled(self, base: DemoState, now: datetime) -> DemoState:
        books = self._bookkeeping.books().while_storing()
        self._seen.append((base.seconds, books.published, now))
        rate, pace = self._rates()
        refusals: Counter[str] = Counter()
        for feed in self._bookkeeping.feeds():
            refusals.update(feed.refusals)
        sent = self._story.progress
        return DemoState(
            day=base.day, seconds=base.seconds, speed_days_per_second=pace, phase=base.phase,
            board=base.board, mails=base.mails, last_subject=base.last_subject,
            mails_folder=base.mails_folder, published=books.published, accepted=books.accepted,
            quarantined=books.quarantined, duplicates=books.duplicates, rate=rate,
            by_topic=dict(sent.by_topic) if sent else {}, refusals=dict(refusals),
            indicators=self._indicators(base.day), alerts=self._alert_lines(),
            notice=_trouble(self._platform.worker),
        )  # fmt: skip

    def _rates(self) -> tuple[float, float]:
        """Records and replayed days a second, over the last glances."""
        first, records, day = self._seen[0]
        seconds = self._seen[-1][0] - first
        if seconds <= 0:
            return 0.0, 0.0
        days = (self._seen[-1][2] - day).total_seconds() / 86_400
        return (self._seen[-1][1] - records) / seconds, days / seconds

    def _indicators(self, day: date) -> tuple[IndicatorLine, ...]:
        indicators = self._platform.written.indicators
        cells = self._values.totals(list(indicators), ["BE"], day - _HISTORY, day)
        lines = []
        for found in sorted(indicators.values(), key=lambda found: found.headline or len(indicators) + 1):
            history = tuple(cell.value for cell in cells if cell.indicator == found.id)
            percent = found.unit == "%"
            lines.append(IndicatorLine(found.name.en, found.unit, history[-1], percent, history))
        return tuple(lines)

    def _alert_lines(self) -> tuple[AlertLine, ...]:
        shown = _last_steps(self._alerts.recent(_STEPS))
        shown.sort(key=lambda state: ("firing", "pending", "resolved").index(_shown(state.kind)))
        return tuple(self._alert_line(state) for state in shown[:_ALERTS])

    def _alert_line(self, state: Transition) -> AlertLine:
        rule = next(rule for rule in self._platform.written.rules if rule.id == state.rule)
        indicator = self._platform.written.indicators[state.indicator]
        return AlertLine(
            state=_shown(state.kind), severity=rule.severity, area=area(state.area).name("en"),
            what=indicator.name.en, since=brussels_day(state.at), value=state.value,
            unit=indicator.unit, percent=indicator.unit == "%",
        )  # fmt: skip


def _trouble(worker: Worker) -> str:
    """What keeps it from its work; that it was told to end does not count."""
    return "" if worker.stopping else "; ".join(worker.readiness().reasons)


def _shown(kind: Kind) -> str:
    if kind in FIRING:
        return "firing"
    return "resolved" if kind == "retracted" else kind


def _last_steps(newest_first: Sequence[Transition]) -> list[Transition]:
    """The last step of every alert, newest first; a pending alert that was dropped is as if it had not been."""
    last: dict[tuple[str, str], Transition] = {}
    dropped: set[tuple[str, str]] = set()
    for step in newest_first:
        alert = (step.rule, step.area)
        if step.kind == "dropped":
            dropped.add(alert)
        elif step.kind == "pending" and alert in dropped:
            dropped.remove(alert)
        else:
            last.setdefault(alert, step)
    return list(last.values())


@contextlib.contextmanager
def _logging_to_file(platform: Platform) -> Iterator[None]:
    root = logging.getLogger()
    before: Sequence[logging.Handler] = list(root.handlers)
    handler = logging.FileHandler(platform.folder / "demo.log", encoding="utf-8")
    handler.setFormatter(TextLines("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    root.handlers = [handler]
    try:
        yield
    finally:
        root.handlers = list(before)
        handler.close()
