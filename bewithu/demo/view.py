"""The demo in a terminal: what flows in, how the indicators move, which alerts fire, what was mailed last."""

from __future__ import annotations

import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from rich.console import Console, ConsoleOptions, RenderableType, RenderResult
from rich.live import Live
from rich.style import Style
from rich.text import Text

from bewithu.demo.charts import bars, boxed, ends, fit, indicator_box, natural_width, plain, table
from bewithu.demo.state import AlertLine, DemoState

#: Seconds of the demo between two lines where there is no terminal.
_BETWEEN_LINES: Final = 5.0
#: From this width on, the intake stands beside the indicators.
_TWO_COLUMNS: Final = 76
#: Wide enough for sixty days.
_INDICATORS: Final = 84
#: More would not make a chart easier to read.
_TALLEST: Final = 44
_SMALLEST: Final = (32, 16)
_STATES: Final = {"firing": ("●", "bold red"), "pending": ("◐", "yellow"), "resolved": ("○", "green")}
_SEVERITIES: Final = {"critical": "red", "warning": "yellow"}


class LiveView:
    """Shows the latest state on `console` (stderr if not given) while it is entered.

    On a terminal it is redrawn four times a second. Elsewhere `update` prints `plain_line` every five seconds
    of the demo, and when its phase or its trouble changes.
    """

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)
        self._live: Live | None = None
        self._latest: DemoState | None = None
        self._printed: DemoState | None = None

    def __enter__(self) -> Self:
        if _can_redraw(self._console):
            # A stdout that leads elsewhere holds what a program reads, and must not get into the picture.
            live = Live(console=self._console, refresh_per_second=4, redirect_stdout=sys.stdout.isatty())
            self._live = live
            live.start()
        return self

    def update(self, state: DemoState) -> None:
        self._latest = state
        if self._live is not None:
            self._live.update(render(state))
        elif self._is_due(state):
            self._print(state)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._live is not None:
            self._live.stop()
        elif self._latest is not None and self._latest is not self._printed:
            self._print(self._latest)

    def _is_due(self, state: DemoState) -> bool:
        last = self._printed
        return (
            last is None
            or state.seconds - last.seconds >= _BETWEEN_LINES
            or (state.phase, state.notice) != (last.phase, last.notice)
        )

    def _print(self, state: DemoState) -> None:
        encoding = self._console.encoding
        line = plain_line(state).encode(encoding, "replace").decode(encoding)
        self._console.print(Text(line), soft_wrap=True)
        self._printed = state


def _can_redraw(console: Console) -> bool:
    """A pipe cannot, though `FORCE_COLOR` makes it pass for a terminal; nor can one without block elements."""
    return console.is_interactive and console.file.isatty() and console.encoding.startswith("utf")


def render(state: DemoState) -> RenderableType:
    """The whole view, which takes the size of the console that it is printed on."""
    return _View(state)


def plain_line(state: DemoState) -> str:
    """One line with the same counts, for a log."""
    states = Counter(alert.state for alert in state.alerts)
    alerts = ", ".join(f"{count} {name}" for name, count in sorted(states.items())) or "none"
    parts = [
        f"bewithu demo {state.elapsed} {state.phase}".rstrip(),
        f"day {state.day.isoformat()}",
        f"published {state.published:,}, accepted {state.accepted:,}, quarantined {state.quarantined:,}, "
        f"duplicates {state.duplicates:,} ({state.rate:,.0f}/s)",
        f"alerts: {alerts}",
        f"mails: {state.mails:,}" + (f', last "{state.last_subject}"' if state.last_subject else ""),
        *([f"board {state.board}"] if state.board else []),
        *([f"trouble: {state.notice}"] if state.notice else []),
    ]
    return plain(" | ".join(parts))


@dataclass(frozen=True, slots=True)
class _View:
    state: DemoState

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        for line in picture(self.state, options.max_width, options.size.height):
            line.no_wrap, line.overflow = True, "crop"
            yield line


def picture(state: DemoState, width: int, height: int) -> list[Text]:
    """At most `height` - 1 rows of `width` cells, so that a shell's prompt below does not push out the first one.

    Smaller than `_SMALLEST` it does not get.
    """
    width, height = max(width, _SMALLEST[0]), min(max(height, _SMALLEST[1]), _TALLEST)
    top, bottom = _header(state, width), _mails(state, width)
    rows = height - 1 - len(top) - len(bottom)
    # A notice takes its row from the alerts, so that the charts keep their height.
    alert_rows = min(max(height // 7, 1), max(rows - 8, 1)) - (len(top) - 2)
    middle = _beside if width >= _TWO_COLUMNS else _stacked
    return [
        *top,
        *middle(state, width, rows - alert_rows - 2),
        *_alerts(state, width, alert_rows),
        *bottom,
    ]


def _beside(state: DemoState, width: int, rows: int) -> list[Text]:
    left = max(30, width // 3, min(width - _INDICATORS, 60))
    pairs = zip(
        _intake(state, left, rows - 2),
        indicator_box(state.indicators, width - left - 1, rows - 2),
        strict=True,
    )
    return [Text.assemble(one, " ", other) for one, other in pairs]


def _stacked(state: DemoState, width: int, rows: int) -> list[Text]:
    intake_rows = min(max(rows // 4 - 1, 3), 12) if rows >= 11 else 1
    return [
        *_intake(state, width, intake_rows),
        *indicator_box(state.indicators, width, max(rows - intake_rows - 4, 1)),
    ]


def _header(state: DemoState, width: int) -> list[Text]:
    running = state.phase == "running"
    name = Text.assemble((" bewithu ", "bold black on cyan"), (" demo", "bold"))
    day = f"   {state.day:%A} {state.day.day} {state.day:%B %Y}"
    phase = Text(plain(state.phase), "green" if running else "yellow")
    clock = Text.assemble(phase, (f"  {state.elapsed}", "bold"))
    pace = Text(f"  {state.pace}", "dim")
    if name.cell_len + len(day) + clock.cell_len + pace.cell_len + 2 <= width:
        clock += pace
    else:
        day = f"   {state.day:%a} {state.day.day} {state.day:%b %Y}"
    board = _link(state.board, state.board) if state.board else Text("is not served yet", "dim")
    hint = "Ctrl-C again does not wait" if state.phase.startswith("stop") else "Ctrl-C stops"
    rows = [
        ends(name + Text(day, "bold cyan"), clock, width),
        ends(Text.assemble(("Board  ", "dim"), board), Text(hint, "dim"), width),
    ]
    return [*rows, fit(f" ! {state.notice}", width, "bold yellow")] if state.notice else rows


def _intake(state: DemoState, width: int, rows: int) -> list[Text]:
    inside = width - 4
    counters = [
        _counter("published", state.published),
        _counter("accepted", state.accepted),
        _counter("quarantined", state.quarantined, "yellow" if state.quarantined else "dim"),
        _counter("duplicates", state.duplicates, "" if state.duplicates else "dim"),
    ]
    if width >= _TWO_COLUMNS // 2 + 8:
        half = (inside - 3) // 2
        pairs = zip(counters[::2], counters[1::2], strict=True)
        lines = [
            Text.assemble(ends(*one, half), "   ", ends(*other, inside - half - 3)) for one, other in pairs
        ]
    else:
        lines = [ends(*counter, inside) for counter in counters]
    lines.append(ends(Text("per second", "dim"), Text(f"{state.rate:,.0f}", "bold cyan"), inside))
    lines += _lists(state, inside, rows - len(lines))
    return boxed(Text("What flows in", "bold"), lines, width, rows)


def _lists(state: DemoState, width: int, rows: int) -> list[Text]:
    """Records by topic, then refusals by reason, spaced out where there is room for that."""
    topics = {
        topic.removeprefix("bewithu.").removesuffix(".v1"): count for topic, count in state.by_topic.items()
    }
    gap = [Text()] if rows >= len(topics) + min(len(state.refusals), 3) + 4 else []
    lines: list[Text] = []
    for heading, counts, style, share in (
        ("by topic", topics, "cyan", 0.6),
        ("quarantined because", state.refusals, "yellow", 1.0),
    ):
        room = int((rows - len(lines)) * share) - len(gap) - 1
        # One row for all would say no more than the counter above.
        if drawn := bars(counts, width, room, style) if room > 1 or len(counts) == room else []:
            lines += [*gap, Text(heading, "dim"), *drawn]
    return lines


def _counter(name: str, count: int, style: str = "") -> tuple[Text, Text]:
    return Text(name, "dim"), Text(f"{count:,}", f"bold {style}")


def _alerts(state: DemoState, width: int, rows: int) -> list[Text]:
    counts = Counter(alert.state for alert in state.alerts)
    title = Text("Alerts", "bold")
    for name, (_, style) in _STATES.items():
        if counts[name]:
            title.append(f"  {counts[name]:,} {name}", style)
    ordered = sorted(state.alerts, key=_urgency)
    shown = ordered if len(ordered) <= rows else ordered[: rows - 1]
    lines = _alert_rows(shown, state.day, width - 4)
    if len(shown) < len(ordered):
        rest = Counter(alert.state for alert in ordered[len(shown) :])
        others = ", ".join(f"{count:,} {name}" for name, count in rest.items())
        lines.append(fit(f"and {others} more", width - 4, "dim"))
    return boxed(title, lines or [Text("none so far", "dim")], width, rows)


def _urgency(alert: AlertLine) -> tuple[int, int, int]:
    """Firing before pending before resolved, critical before others, the newest first."""
    states, severities = list(_STATES), list(_SEVERITIES)
    return (
        states.index(alert.state) if alert.state in states else len(states),
        severities.index(alert.severity) if alert.severity in severities else len(severities),
        -alert.since.toordinal(),
    )


def _alert_rows(alerts: Sequence[AlertLine], today: date, width: int) -> list[Text]:
    """One row each; what can be missed is left out where not all fits."""
    rows: list[list[Text]] = []
    gap = 2
    for unit, since, gap in ((True, "since ", 2), (False, "since ", 2), (False, "", 2), (False, "", 1)):
        rows = [_alert_cells(alert, today, unit, since) for alert in alerts]
        if natural_width(rows, gap) <= width:
            break
    if width < 70:
        rows = [[state, *others] for state, _, *others in rows]
    return table(rows, width, gap, flexible=-3)


def _alert_cells(alert: AlertLine, today: date, with_unit: bool, since: str) -> list[Text]:
    mark, style = _STATES.get(alert.state, ("·", ""))
    year = "" if alert.since.year == today.year else f" {alert.since.year}"
    return [
        Text(plain(f"{mark} {alert.state}"), style),
        Text(plain(alert.severity), _SEVERITIES.get(alert.severity, "")),
        Text(plain(alert.area), "bold"),
        Text(plain(alert.what)),
        Text(
            plain(f"{alert.figure} {alert.unit_word if with_unit else ''}".rstrip()),
            "bold",
            justify="right",
        ),
        Text(f"{since}{alert.since.day} {alert.since:%b}{year}", "dim"),
    ]


def _mails(state: DemoState, width: int) -> list[Text]:
    last = Text(plain(state.last_subject)) if state.mails else Text("none so far", "dim")
    count = (f"{state.mails:,}  ", "bold") if state.mails else ("", "")
    folder = Text()
    if state.mails_folder:
        address = Path(state.mails_folder).absolute().as_uri()
        folder = Text.assemble(("       kept in ", "dim"), _link(state.mails_folder, address))
    return [fit(Text.assemble(("Mails  ", "dim"), count, last), width), fit(folder, width)]


def _link(words: str, address: str) -> Text:
    """A link in terminals that know them, and words that can be copied in all."""
    return Text(plain(words), Style(color="cyan", underline=True, link=plain(address)))
