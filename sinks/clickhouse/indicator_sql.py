"""The statement that brings `contributions` to what the facts say, for the persons touched: target minus existing."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from schemas.indicators import Flow, Stock
from sinks.clickhouse.contract_tables import facts_table
from sinks.clickhouse.literal import name, text, texts

#: Whom a refresh recomputes: the persons in frames given as a parameter, or everybody.
TOUCHED = "SELECT DISTINCT subject FROM touched WHERE frame IN {frames:Array(UInt64)}"
EVERYBODY = ""

_DAY = "toDate32(toTimeZone(occurred_at, 'Europe/Brussels'))"


def contributions_statement(indicators: Sequence[Flow | Stock], subjects: str) -> str:
    """INSERT … SELECT with the parameters `frames` (for `TOUCHED`) and `refresh`."""
    targets = "\nUNION ALL\n".join(_target(indicator, subjects) for indicator in indicators)
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


def _target(indicator: Flow | Stock, subjects: str) -> str:
    return _flow(indicator, subjects) if isinstance(indicator, Flow) else _stock(indicator, subjects)


def _flow(indicator: Flow, subjects: str) -> str:
    """An event counts from its day on, and no longer when the window has passed."""
    return f"""SELECT {text(indicator.id)} AS indicator, person AS subject, place.current_nis AS municipality, sex,
    age_group, step.1 AS day, step.2 AS delta
FROM ({_facts(indicator.event, subjects)}) AS fact
{_PLACE}
ARRAY JOIN [({_DAY}, toInt64(1)), ({_DAY} + {indicator.window_days}, toInt64(-1))] AS step
WHERE {_matches(indicator.filter)}"""


def _stock(indicator: Stock, subjects: str) -> str:
    """The last event of a day decides; a step down where the person was, a step up where the person is."""
    enters = _matches(indicator.enter)
    return f"""SELECT {text(indicator.id)} AS indicator, subject, step.1 AS municipality, step.2 AS sex,
    step.3 AS age_group, day, step.4 AS delta
FROM
(
    SELECT subject, day, state,
        lagInFrame(state) OVER (
            PARTITION BY subject ORDER BY day ROWS BETWEEN UNBOUNDED PRECEDING AND CURRENT ROW
        ) AS was
    FROM
    (
        SELECT person AS subject, {_DAY} AS day,
            argMax(
                tuple(place.current_nis, toString(sex), toString(age_group), toInt64({enters})),
                (occurred_at, event_id)
            ) AS state
        FROM ({_facts(indicator.event, subjects)}) AS fact
        {_PLACE}
        WHERE {enters} OR {_matches(indicator.leave)}
        GROUP BY subject, day
    )
)
ARRAY JOIN arrayFilter(step -> step.4 != 0, [state, tuple(was.1, was.2, was.3, -was.4)]) AS step"""


_PLACE = (
    "INNER JOIN (SELECT nis, current_nis FROM municipalities FINAL) AS place"
    " ON place.nis = toUInt32(fact.municipality)"
)


def _facts(event: str, subjects: str) -> str:
    """What holds now of each event: its highest revision, unless that cancels it."""
    whom = f"WHERE person IN ({subjects})" if subjects else ""
    return f"""SELECT * FROM
    (
        SELECT * FROM {facts_table(event)} {whom}
        ORDER BY person, event_id, revision DESC, version DESC
        LIMIT 1 BY person, event_id
    )
    WHERE NOT cancelled"""


def _matches(filters: Mapping[str, Sequence[str]]) -> str:
    parts = (f"ifNull(toString({name(field)}), '') IN {texts(values)}" for field, values in filters.items())
    return f"({' AND '.join(parts)})"
