"""Takes out events that are older than their type is kept, and leaves every value as it is.

What is to go is noted first; then the steps that it made are handed over to nobody, in one insert; then the events and
the steps that were handed over are deleted, and the note last. What broke off before the insert is begun again, what
broke off after it is brought to its end before anything else is worked out.
"""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from time import monotonic

import polars as pl

from bewithu.clock import BRUSSELS, brussels_day
from schemas.contracts import contracts
from schemas.indicators import Counted
from sinks.clickhouse.contract_tables import facts_table
from sinks.clickhouse.database import Database, statement
from sinks.clickhouse.indicator_sql import (
    Concern,
    Whom,
    all_events_statement,
    parameters_of,
    steps_by_refresh_statement,
)
from sinks.clickhouse.quarantine import Quarantine
from sinks.clickhouse.refresh_run import Run
from sinks.clickhouse.step_store import ROWS_OF_A_PART, target_of
from sinks.indicators.forgetting import NOBODY, expendable, handed_over
from sinks.indicators.moves import generations_of
from sinks.indicators.steps import difference, events_of

log = logging.getLogger(__name__)

#: So many persons' events are looked at together.
_AT_ONCE = 2_000
#: For so long, before what was found is deleted, which takes as long for little as for much.
_SECONDS = 2.0
#: An event on its way when its like is deleted is not younger than this.
_GRACE = timedelta(days=2)


#: Generations that stand, by indicator and number.
Standing = Mapping[tuple[str, int], Counted]


@dataclass(frozen=True, slots=True)
class Forgot:
    """How many events were forgotten, by type. `more` tells that others are left for the next time."""

    events: Mapping[str, int]
    more: bool


def cuts_of(now: datetime) -> Mapping[str, date]:
    """By event type the first day of which events are kept. Types that are about no person have none."""
    return {
        contract.event_type: brussels_day(now) - timedelta(days=contract.kept_days) - _GRACE
        for contract in contracts().values()
        if contract.kept_days is not None
    }


class Forgetting:
    """Not beside a refresh: both are steps of the one that leads."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._after = NOBODY.hex()

    def finish(self, run: Run) -> None:
        """What an earlier one noted and did not come to do, and what an erasure waits for."""
        for number, is_done in self._database.rows(statement("forgetting_begun")):
            if not is_done:
                run.require_lead()
                self._database.run(
                    "ALTER TABLE forgetting DELETE WHERE refresh = {number:UInt64} SETTINGS mutations_sync = 2",
                    number=number,
                )
        self._take_out(run)
        self._take_out_erased(run)

    def forget(self, run: Run, standing: Standing, cuts: Mapping[str, date]) -> Forgot:
        """Goes on where it ended the last time; from the beginning, when it came to an end."""
        about_persons = {key: found for key, found in standing.items() if events_of(found) <= cuts.keys()}
        found: Counter[str] = Counter()
        until = monotonic() + _SECONDS
        while whom := self._next(cuts):
            gone, are_all = self._hand_over(run, Concern(0, about_persons, whom), cuts)
            found.update(gone)
            if are_all:
                self._after = whom.parameters["upto"]
            if monotonic() > until:
                break
        if found:
            self._take_out(run)
            told = ", ".join(
                f"{count} of {event} before {cuts[event]}" for event, count in sorted(found.items())
            )
            log.info("forgot old events, values stay: %s", told)
        if whom is None:
            self._after = NOBODY.hex()
            self._empty_refused(run, cuts)
            self._wipe(["steps", *map(facts_table, cuts)])
        return Forgot(dict(found), more=whom is not None)

    def _empty_refused(self, run: Run, cuts: Mapping[str, date]) -> None:
        """Of records that were refused so long ago nothing is left but that they were."""
        quarantine = Quarantine(self._database)
        for topic, contract in contracts().items():
            if contract.event_type in cuts:
                run.require_lead()
                quarantine.empty(
                    "topic = {topic:String} AND toDate32(known_at) < {before:Date32} AND raw != ''",
                    run.now,
                    "retention",
                    "it was refused longer ago than its like is kept",
                    topic=topic,
                    before=cuts[contract.event_type],
                )

    def _next(self, cuts: Mapping[str, date]) -> Whom | None:
        """The next persons of whom there is anything old.

        Up to two bytes that others have, too: servers log what they are asked.
        """
        moments = {f"before_{number}": start_of(day) for number, day in enumerate(cuts.values())}
        given = {**moments, "after": self._after}
        behind = "$subject > unhex({after:String})"
        next_ones = f"{_persons_of_old(cuts, behind)} ORDER BY subject LIMIT {_AT_ONCE}"
        ((count, last),) = self._database.rows(
            f"SELECT count(), hex(substring(max(subject), 1, 2)) FROM ({next_ones})", **given
        )
        if not count:
            return None
        these = f"{behind} AND $subject <= unhex({{upto:String}})"
        return Whom(
            f"({these} AND $subject IN ({_persons_of_old(cuts, these)}))", {**given, "upto": last + "FF" * 14}
        )

    def _hand_over(
        self, run: Run, concern: Concern, cuts: Mapping[str, date]
    ) -> tuple[Mapping[str, int], bool]:
        """How many events of each type are to go; and whether that is all, as one insert takes only so many steps."""
        facts = {event: self._events(event, concern) for event in cuts}
        existing = self._database.frame(steps_by_refresh_statement(concern.whom), **concern.whom.parameters)
        sound = {event: frame.filter(~pl.col("cancelled")) for event, frame in facts.items()}
        unsettled = _unsettled(concern, sound, existing)
        gone = {
            event: frame.join(unsettled, on="subject", how="anti")
            for event, frame in expendable(facts, concern.indicators, cuts).items()
        }
        left = {
            event: frame.join(gone[event], on=["subject", "event_id"], how="anti")
            for event, frame in sound.items()
        }
        whose = pl.concat([frame.select("subject") for frame in gone.values()]).unique().sort("subject")
        who, rows = _as_many_as_fit(whose, existing, target_of(concern, left), run.number)
        going = {event: frame.join(who, on="subject", how="semi") for event, frame in gone.items()}
        if len(who):
            self._write(run, going, rows, cuts)
        return {event: len(frame) for event, frame in going.items() if len(frame)}, len(who) == len(whose)

    def _events(self, event: str, concern: Concern) -> pl.DataFrame:
        asked = all_events_statement(event, [concern])
        return self._database.frame(asked, **parameters_of([concern])).rename({"id": "event_id"})

    def _write(
        self, run: Run, going: Mapping[str, pl.DataFrame], rows: pl.DataFrame, cuts: Mapping[str, date]
    ) -> None:
        number = pl.lit(run.number, pl.UInt64)
        noted = [
            frame.with_columns(event_type=pl.lit(event), before=pl.lit(cuts[event]), refresh=number)
            for event, frame in going.items()
        ]
        run.insert(self._database, "forgetting", pl.concat(noted))
        # One step of nobody's tells that all are there, even where none is of this number.
        mark = rows.clear(1).with_columns(
            indicator=pl.lit(""), municipality=pl.lit(""), cell=pl.lit(""), subject=pl.lit(NOBODY),
            generation=pl.lit(0, pl.UInt64), day=pl.lit(date(1970, 1, 1)), bin=pl.lit(0, pl.Int32),
            delta=pl.lit(0, pl.Int64), refresh=number,
        )  # fmt: skip
        run.insert(self._database, "steps", pl.concat([rows, mark]))
        run.number += 1

    def _take_out(self, run: Run) -> None:
        types = [
            event for (event,) in self._database.rows("SELECT DISTINCT event_type FROM forgetting ORDER BY 1")
        ]
        for event in types:
            self._note(run, event)
        for event in types:
            run.require_lead()
            self._database.run(
                f"DELETE FROM {facts_table(event)} WHERE (person, event_id) IN"
                " (SELECT subject, event_id FROM forgetting WHERE event_type = {event:String})",
                event=event,
            )
        run.require_lead()
        # Those that were listed before it broke off come first: while some of them are gone the others do not add up.
        self._delete_spent_steps()
        self._database.run(statement("find_spent_steps"))
        self._delete_spent_steps()
        self._database.run(statement("forget_touched").replace("{whom}", "SELECT subject FROM forgetting"))
        self._database.run("TRUNCATE TABLE forgetting")

    def _take_out_erased(self, run: Run) -> None:
        """Here and not in the erasure: a refresh beside it could see steps without those that take them back."""
        waiting = [
            erasure
            for (erasure,) in self._database.rows("SELECT erasure FROM erasing WHERE phase = 'taken back'")
        ]
        if not waiting:
            return
        run.require_lead()
        self._database.run(statement("find_erased_steps"))
        self._delete_spent_steps()
        self._wipe(["steps"])
        self._database.run(
            "ALTER TABLE erasing UPDATE phase = 'gone' WHERE phase = 'taken back' AND erasure IN {waiting:Array(UUID)}"
            " SETTINGS mutations_sync = 2",
            waiting=waiting,
        )

    def _delete_spent_steps(self) -> None:
        if self._database.value("SELECT count() FROM spent_steps"):
            self._database.run(statement("forget_spent_steps"))
            self._database.run("TRUNCATE TABLE spent_steps")

    def _wipe(self, tables: Iterable[str]) -> None:
        """What was deleted is seen no more at once; now parts are rewritten without it."""
        for table in tables:
            self._database.run(f"ALTER TABLE {table} APPLY DELETED MASK SETTINGS mutations_sync = 2")

    def _note(self, run: Run, event: str) -> None:
        run.require_lead()
        self._database.run(
            f"""INSERT INTO forgotten (refresh, event_type, agency, before, facts, at)
            SELECT going.refresh, going.event_type, facts.agency, going.before,
                uniqExact(facts.event_id, facts.revision), {{at:DateTime64(3, 'UTC')}}
            FROM {facts_table(event)} AS facts
            INNER JOIN (SELECT * FROM forgetting WHERE event_type = {{event:String}}) AS going
                ON going.subject = facts.person AND going.event_id = facts.event_id
            GROUP BY going.refresh, going.event_type, facts.agency, going.before""",
            event=event,
            at=run.now.astimezone(UTC).replace(tzinfo=None),
        )


def start_of(day: date) -> datetime:
    """The moment at which a day begins in Belgium, UTC, as the store takes it."""
    return datetime.combine(day, time(), BRUSSELS).astimezone(UTC).replace(tzinfo=None)


def _persons_of_old(cuts: Iterable[str], which: str) -> str:
    """`subject` of those persons with an event of before its type's cut; `which` is a condition on $subject."""
    persons = " UNION DISTINCT ".join(
        f"SELECT person AS subject FROM {facts_table(event)}"
        f" WHERE occurred_at < {{before_{number}:DateTime64(3, 'UTC')}} AND {which.replace('$subject', 'person')}"
        for number, event in enumerate(cuts)
    )
    return f"SELECT subject FROM ({persons})"


def _as_many_as_fit(
    whose: pl.DataFrame, existing: pl.DataFrame, target: pl.DataFrame, number: int
) -> tuple[pl.DataFrame, pl.DataFrame]:
    """The first of these subjects, and what hands their steps over in one insert."""
    while True:
        rows = handed_over(
            existing.join(whose, on="subject", how="semi"),
            target.join(whose, on="subject", how="semi"),
            number,
        )
        if len(rows) < ROWS_OF_A_PART or len(whose) <= 1:
            return whose, rows
        whose = whose.head(len(whose) // 2)


def _unsettled(concern: Concern, facts: Mapping[str, pl.DataFrame], existing: pl.DataFrame) -> pl.DataFrame:
    """The subjects with events that no refresh has taken in yet: their steps are not yet what is to be handed over."""
    target = target_of(concern, facts)
    standing = generations_of(concern.generations)
    followed = existing.join(standing, on=["indicator", "generation"], how="semi")
    return difference(target, followed).select("subject").unique()
