"""The statements that read what subjects did, and which steps they have made so far."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from schemas.contracts import Field, contract_of
from schemas.indicators import Completeness, Counted, Freshness, Stock, Sum, selections
from sinks.clickhouse.contract_tables import facts_table, subject_column
from sinks.clickhouse.literal import name
from sinks.indicators.forgetting import NOBODY
from sinks.indicators.packing import number_of_generation
from sinks.indicators.steps import events_of

#: Thousands of places with a few rows each: by the number of rows ClickHouse would leave them to one thread.
_BESIDE_EACH_OTHER = "SETTINGS merge_tree_min_rows_for_concurrent_read = 16384"


@dataclass(frozen=True, slots=True)
class Whom:
    """Some subjects: a condition on a column of theirs, and its parameters.

    `listed`: the statement that lists them one by one, where there is one.
    """

    condition: str
    parameters: Mapping[str, Any]
    listed: str | None = None

    def sql(self, column: str) -> str:
        return self.condition.replace("$subject", column)


@dataclass(frozen=True, slots=True)
class Concern:
    """Indicators, each in one or more generations, that are to be brought up for some subjects.

    `number` tells it from the others of one refresh.
    """

    number: int
    generations: Mapping[tuple[str, int], Counted]
    whom: Whom

    @property
    def indicators(self) -> Sequence[Counted]:
        return list({found.id: found for found in self.generations.values()}.values())

    @property
    def events(self) -> frozenset[str]:
        return frozenset(event for found in self.indicators for event in events_of(found))

    @property
    def flag(self) -> str:
        """The column that tells whether a fact is of its subjects."""
        return f"concern_{self.number}"


def touched(frames: Sequence[int], number: int) -> Whom:
    """The subjects with an event in one of the frames; `number` tells its parameter from that of others."""
    listed = f"SELECT DISTINCT subject FROM touched WHERE frame IN {{frames_{number}:Array(UInt64)}}"
    return Whom(f"$subject IN ({listed})", {f"frames_{number}": list(frames)}, listed)


def by_first_byte(first: int, end: int) -> Whom:
    """The subjects whose identifier begins with a byte from `first` up to and without `end`; nobody is none of them."""
    return Whom(
        "($subject BETWEEN unhex({first:String}) AND unhex({last:String}) AND $subject != unhex({nobody:String}))",
        {
            "first": f"{first:02x}{'00' * 15}",
            "last": f"{end - 1:02x}{'ff' * 15}",
            "nobody": NOBODY.hex(),
        },
    )


def facts_statement(event: str, concerns: Sequence[Concern]) -> str:
    """`sinks.indicators.steps.Facts` of one event type, as far as these concerns look at it, and their flags."""
    return f"""SELECT * EXCEPT (event_id, cancelled)
FROM
({_newest_revisions(event, concerns)})
WHERE NOT cancelled
ORDER BY subject, occurred_at, event_id
{_BESIDE_EACH_OTHER}"""


def all_events_statement(event: str, concerns: Sequence[Concern]) -> str:
    """As `facts_statement`, with the `id` of each event, and those too that are `cancelled`."""
    return f"""SELECT * EXCEPT (event_id), toString(event_id) AS id
FROM
({_newest_revisions(event, concerns)})
ORDER BY subject, occurred_at, event_id
{_BESIDE_EACH_OTHER}"""


def _newest_revisions(event: str, concerns: Sequence[Concern]) -> str:
    contract = contract_of(event)
    fields = {field.name: field for field in contract.fields}
    indicators = [found for concern in concerns for found in concern.indicators if event in events_of(found)]
    named = dict.fromkeys(("municipality", *_looked_at(event, indicators)))
    shown = [_shown(fields[field]) for field in named]
    shown += [f"{_number(fields[field])} AS number_{name(field)}" for field in _numbers(event, indicators)]
    subject = subject_column(contract)
    conditions = {concern.flag: concern.whom.sql(subject) for concern in concerns}
    shown += [f"CAST({condition} AS Bool) AS {flag}" for flag, condition in conditions.items()]
    return f"""
    SELECT {subject} AS subject, event_id, occurred_at, cancelled, {", ".join(shown)}
    FROM {facts_table(event)}
    WHERE {" OR ".join(conditions.values())}
    ORDER BY {subject}, event_id, revision DESC, version DESC
    LIMIT 1 BY {subject}, event_id
"""


def statements_of(indicator: Counted) -> dict[str, str]:
    """By event type, what the store is asked to work an indicator out for the subjects of some frames."""
    concern = Concern(0, {(indicator.id, 0): indicator}, touched([], 0))
    return {event: facts_statement(event, [concern]) for event in sorted(concern.events)}


def existing_steps_statement(concerns: Sequence[Concern]) -> str:
    """The steps so far of each concern's subjects in its indicators; parameters are those of `parameters_of`.

    A step that was taken back, or came in two, is there as often as it was written.
    """
    theirs = " OR ".join(
        f"(has({_generations(concern)}, (toString(steps.indicator), generation)) AND {concern.whom.sql('subject')})"
        for concern in concerns
    )
    return f"""SELECT toString(steps.indicator) AS indicator, generation, subject,
    toString(steps.municipality) AS municipality, toString(steps.cell) AS cell, day, bin, delta
FROM steps
WHERE {theirs}"""


def packed_steps_statement(concerns: Sequence[Concern]) -> str:
    """The same steps as `sinks.indicators.packing.NUMBERED`, where every concern's subjects are `listed`."""
    listed = {concern.number: str(concern.whom.listed) for concern in concerns}
    keys = [f"SELECT subject, toUInt16({number}) FROM ({whom})" for number, whom in listed.items()]
    # The subjects alone find the places: `identity` keeps the index from looking for the pairs, which takes longer than
    # to read a few in vain. A generation is of one concern.
    generation = "reinterpretAsUInt32(substring(packed, 29, 4))"
    concern = (
        f"transform({generation}, {{packed:Array(UInt32)}}, {{concerns:Array(UInt16)}}, toUInt16(65535))"
    )
    return f"""SELECT subject, {generation} AS generation,
    reinterpretAsUInt32(substring(packed, 25, 4)) AS municipality,
    reinterpretAsUInt64(substring(packed, 9, 8)) AS cell,
    reinterpretAsInt32(substring(packed, 21, 4)) AS day,
    reinterpretAsInt32(substring(packed, 17, 4)) AS bin,
    reinterpretAsInt64(substring(packed, 1, 8)) AS delta
FROM steps
PREWHERE subject IN ({" UNION DISTINCT ".join(listed.values())})
WHERE (identity(subject), {concern}) IN ({" UNION ALL ".join(keys)})"""


def _generations(concern: Concern) -> str:
    """The concern's indicators, each with the number of its generation."""
    number = concern.number
    return f"arrayZip({{indicators_{number}:Array(String)}}, {{generations_{number}:Array(UInt64)}})"


def parameters_of(concerns: Sequence[Concern]) -> dict[str, Any]:
    """What the statements of these concerns are run with."""
    found: dict[str, Any] = {}
    for concern in concerns:
        found |= concern.whom.parameters
        found[f"indicators_{concern.number}"] = [indicator for indicator, _ in concern.generations]
        found[f"generations_{concern.number}"] = [number for _, number in concern.generations]
    of_concern = {key: concern.number for concern in concerns for key in concern.generations}
    found["packed"] = [number_of_generation(*key) for key in of_concern]
    found["concerns"] = list(of_concern.values())
    return found


def steps_by_refresh_statement(whom: Whom) -> str:
    """All steps of these subjects, of whatever generation, by the refresh that wrote them."""
    return f"""SELECT toString(steps.indicator) AS indicator, generation, subject,
    toString(steps.municipality) AS municipality, toString(steps.cell) AS cell, steps.day AS day, bin, refresh,
    sum(steps.delta) AS delta
FROM steps
WHERE {whom.sql("subject")}
GROUP BY indicator, generation, subject, municipality, cell, day, bin, refresh
HAVING delta != 0"""


def facts_count_statement(events: Iterable[str]) -> str:
    counts = " UNION ALL ".join(f"SELECT count() AS facts FROM {facts_table(event)}" for event in events)
    return f"SELECT sum(facts) FROM ({counts})"


def _looked_at(event: str, indicators: Iterable[Counted]) -> Iterable[str]:
    """The fields that filters and dimensions name."""
    known = {field.name for field in contract_of(event).fields}
    for indicator in indicators:
        for selection in selections(indicator):
            if selection.event == event:
                yield from selection.filter
                yield from (field for field in indicator.dimensions if field in known)
        if isinstance(indicator, Completeness | Freshness):
            yield from ("status", "feed", "period_start", "period_end")


def _numbers(event: str, indicators: Iterable[Counted]) -> Iterable[str]:
    """The fields that are summed."""
    summed = (found.field for found in indicators if isinstance(found, Sum | Stock) and found.event == event)
    return dict.fromkeys(field for field in summed if field is not None)


def _shown(field: Field) -> str:
    kind = "Date32" if field.logical_type == "date" else "String"
    return (
        f"CAST({name(field.name)} AS {f'Nullable({kind})' if field.optional else kind}) AS {name(field.name)}"
    )


def _number(field: Field) -> str:
    """In units of the last decimal: cents of an amount in EUR."""
    return f"CAST({name(field.name)} * {10**field.scale} AS Nullable(Int64))"
