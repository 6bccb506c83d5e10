"""The statement that brings `contributions` to what the facts say, for the persons touched: target minus existing."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import groupby
from operator import attrgetter

from schemas.indicators import Flow, Stock
from sinks.clickhouse.contract_tables import facts_table
from sinks.clickhouse.literal import name, text, texts

#: Whom a refresh recomputes: the persons in frames given as a parameter, or everybody.
TOUCHED = "SELECT DISTINCT subject FROM touched WHERE frame IN {frames:Array(UInt64)}"
EVERYBODY = ""


def contributions_statement(indicators: Sequence[Flow | Stock], subjects: str) -> str:
    """INSERT … SELECT with the parameters `frames` (for `TOUCHED`) and `refresh`."""
    by_event = groupby(sorted(indicators, key=attrgetter("event")), key=attrgetter("event"))
    targets = "\nUNION ALL\n".join(_targets(event, list(found), subjects) for event, found in by_event)
    whom = f" AND subject IN ({subjects})" if subjects else ""
    return f"""INSERT INTO contributions (indicator, subject, municipality, sex, age_group, day, delta, refresh)
SELECT indicator, subject, municipality, sex, age_group, day, sum(delta) AS difference, {{refresh:UInt64}}
FROM
(
{targets}
UNION ALL
SELECT indicator, subject, municipality, sex, age_group, day, -delta AS delta
FROM contributions
WHERE indicator IN {texts(indicator.id for indicator in indicators)}{whom}
)
GROUP BY indicator, subject, municipality, sex, age_group, day
HAVING difference != 0"""


def _targets(event: str, indicators: Sequence[Flow | Stock], subjects: str) -> str:
    """All steps that one type of event makes, whatever the number of indicators that rest on it.

    A flow counts each event from its day on, and no longer when the window has passed. For a stock the last event of a
    day decides: a step down where the person was, a step up where the person is.
    """
    uses = ",\n            ".join(_use(indicator) for indicator in indicators)
    return f"""SELECT indicator, subject, step.1 AS municipality, step.2 AS sex, step.3 AS age_group, step.5 AS day,
    step.4 AS delta
FROM
(
    SELECT indicator, subject, happened, window_days, state,
        lagInFrame(state) OVER (
            PARTITION BY indicator, subject ORDER BY happened ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS was
    FROM
    (
        SELECT use.1 AS indicator, person AS subject, happened, use.2 AS window_days,
            argMax(
                (joinGet('present_places', 'current_nis', municipality), sex, age_group, toInt64(use.4)),
                (occurred_at, event_id)
            ) AS state
        FROM ({_facts(event, indicators, subjects)})
        -- What each indicator makes of the event: its id, its window (none for a stock), and whether the event
        -- concerns it, and lets the person in.
        ARRAY JOIN arrayFilter(use -> use.3, [
            {uses}
        ]) AS use
        WHERE NOT cancelled
        -- Each event of a flow by itself.
        GROUP BY indicator, subject, happened, window_days, if(window_days = 0, NULL, event_id)
    )
)
ARRAY JOIN arrayFilter(step -> step.4 != 0, [
    (state.1, state.2, state.3, state.4, happened),
    if(window_days = 0,
        (was.1, was.2, was.3, -was.4, happened),
        (state.1, state.2, state.3, -state.4, happened + window_days))
]) AS step"""


def _use(indicator: Flow | Stock) -> str:
    if isinstance(indicator, Flow):
        return f"({text(indicator.id)}, {indicator.window_days}, {_matches(indicator.filter)}, 1)"
    enters = _matches(indicator.enter)
    return f"({text(indicator.id)}, 0, {enters} OR {_matches(indicator.leave)}, {enters})"


def _facts(event: str, indicators: Iterable[Flow | Stock], subjects: str) -> str:
    """Of each event its highest revision, be it a cancellation."""
    whom = f"WHERE person IN ({subjects})" if subjects else ""
    filtered = {
        field: None
        for indicator in indicators
        for filters in _filters(indicator)
        for field in filters
        if field not in _ALWAYS
    }
    columns = ", ".join(map(name, (*_ALWAYS, *filtered)))
    return f"""
            SELECT {columns}, toDate32(toTimeZone(occurred_at, 'Europe/Brussels')) AS happened
            FROM {facts_table(event)} {whom}
            ORDER BY person, event_id, revision DESC, version DESC
            LIMIT 1 BY person, event_id
        """


_ALWAYS = ("person", "event_id", "cancelled", "occurred_at", "municipality", "sex", "age_group")


def _filters(indicator: Flow | Stock) -> tuple[Mapping[str, Sequence[str]], ...]:
    return (indicator.filter,) if isinstance(indicator, Flow) else (indicator.enter, indicator.leave)


def _matches(filters: Mapping[str, Sequence[str]]) -> str:
    parts = (f"ifNull(toString({name(field)}), '') IN {texts(values)}" for field, values in filters.items())
    return f"({' AND '.join(parts)})"
