"""The list of alerts, as much of it as its reader asks for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Final, get_args

from bewithu.board.alert_data import GOES_ON, AlertsWanted, State
from bewithu.board.asked import Asked
from bewithu.board.data import BoardData
from bewithu.board.labels import SEVERITIES
from bewithu.board.open_alerts import AlertLines, alert_lines
from bewithu.board.problems import RequestProblem, nearest_of
from bewithu.board.words import mark
from schemas.areas import COUNTRY

#: On one page; who looks for more narrows it down.
LISTED: Final = 100

_EVERY: Final[frozenset[State]] = frozenset({*get_args(State)} - {"dropped"})
#: What can be asked for as `state`; the first when nothing is.
STATES: Final[Mapping[str, tuple[str, frozenset[State]]]] = MappingProxyType(
    {
        "open": (mark("open: going on, or not certain yet"), GOES_ON),
        "firing": (mark("going on"), frozenset({"firing"})),
        "pending": (mark("not certain yet"), frozenset({"pending"})),
        "over": (mark("over"), frozenset({"over"})),
        "retracted": (mark("withdrawn"), frozenset({"retracted"})),
        "all": (mark("all"), _EVERY),
    }
)


@dataclass(frozen=True, slots=True)
class AlertFilter:
    """`state`: a key of STATES; `severity`: empty for any. `chosen`: which the address itself names."""

    state: str
    severity: str
    chosen: frozenset[str]

    def parameters(self) -> dict[str, str]:
        own = {"state": self.state, "severity": self.severity}
        return {name: value for name, value in own.items() if name in self.chosen}


@dataclass(frozen=True, slots=True)
class AlertListPage:
    """`states`, `severities`: (value, name) of what can be chosen."""

    asked: Asked
    filter: AlertFilter
    alerts: AlertLines
    now: str
    states: tuple[tuple[str, str], ...]
    severities: tuple[tuple[str, str], ...]


def read_filter(query: Mapping[str, str]) -> AlertFilter:
    """Raises `RequestProblem`."""
    state, severity = query.get("state") or "open", query.get("severity") or ""
    _must_be_one_of("state", state, STATES)
    if severity:
        _must_be_one_of("severity", severity, SEVERITIES)
    return AlertFilter(state, severity, frozenset(name for name in ("state", "severity") if query.get(name)))


def build_alert_list(data: BoardData, asked: Asked, chosen: AlertFilter) -> AlertListPage:
    """Raises `Unavailable` when the store does not answer."""
    words, code = asked.words, asked.view.area.code
    wanted = AlertsWanted(None if code == COUNTRY else code, STATES[chosen.state][1], chosen.severity or None)
    found = data.alerts(wanted, LISTED + 1)
    return AlertListPage(
        asked=asked,
        filter=chosen,
        alerts=alert_lines(found, asked.by_id, asked.now, words, LISTED),
        now=words.clock_time(asked.now),
        states=tuple((state, words.gettext(name)) for state, (name, _) in STATES.items()),
        severities=(
            ("", words.gettext("any")),
            *((severity, words.gettext(name)) for severity, name in reversed(tuple(SEVERITIES.items()))),
        ),
    )


def _must_be_one_of(field: str, value: str, known: Mapping[str, object]) -> None:
    if value not in known:
        raise RequestProblem(400, field, value, f"one of {', '.join(known)}", nearest_of(value, known))
