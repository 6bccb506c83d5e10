"""`bewithu alerts list` and `show`."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Sequence
from typing import Annotated

import typer

from alerts.acknowledging import look_up
from alerts.evaluate import latest
from alerts.holding import holding, in_force
from bewithu.cli.indicators.choosing import checked_area
from bewithu.cli.printing import Json, print_json, print_records, print_table
from bewithu.clock import SystemClock
from bewithu.settings import load_settings
from bewithu.wiring import connect, read_definitions
from schemas.alerting import OPEN, Acknowledgement, MailNote, Transition
from sinks.clickhouse.acknowledgements import ClickHouseAcknowledgements
from sinks.clickhouse.alert_log import ClickHouseAlertLog
from sinks.clickhouse.silences import ClickHouseSilences


def list_(
    everything: bool = typer.Option(False, "--all", help="Also those that are resolved or dropped."),
    as_json: Json = False,
) -> None:
    """The newest step of every alert, newest first.

    `acknowledged`: who looks after it. `held`: why nobody was told of it yet.
    """
    settings = load_settings()
    rules = {rule.id: rule for rule in read_definitions(settings).rules}
    with contextlib.closing(connect(settings)) as database:
        log, now = ClickHouseAlertLog(database), SystemClock().now()
        steps = sorted(log.states(), key=lambda step: step.at, reverse=True)
        silences = in_force(ClickHouseSilences(database).written(now))
        held = holding(log.unaddressed(), rules, silences, latest(steps), now)
        seen = look_up(latest(steps), ClickHouseAcknowledgements(database))
        alerts = {
            (each.rule, each.area): held[each.id].reason for each in log.unaddressed() if each.id in held
        }
    rows = [
        (
            step.rule, step.area, step.kind, step.since, step.value, step.threshold, step.reason,
            seen[step.rule, step.area].author if (step.rule, step.area) in seen else "",
            alerts.get((step.rule, step.area), ""),
        )
        for step in steps
        if everything or step.kind in OPEN
    ]  # fmt: skip
    columns = ["rule", "area", "state", "since", "value", "threshold", "reason", "acknowledged", "held"]
    print_records(as_json, columns, rows, "no alerts")


def show(
    rule: Annotated[str, typer.Argument(help="id of the rule")],
    area: Annotated[str, typer.Argument(help="NIS code of the area; BE for the country")],
    as_json: Json = False,
) -> None:
    """The story of a rule in an area: every step, what became of the mails about it, and who acknowledged it.

    Exit 1 when there is none.
    """
    place = checked_area(area)
    with contextlib.closing(connect(load_settings())) as database:
        log = ClickHouseAlertLog(database)
        steps = log.story(rule, place)
        seen = ClickHouseAcknowledgements(database).story(rule, place)
        mails = {step.id: _last_notes(log.notes_about(step.id)) for step in steps}
    if as_json:
        print_json(
            [
                {
                    "step": step.kind, "at": step.at, "day": step.day, "value": step.value,
                    "threshold": step.threshold, "reason": step.reason,
                    "mails": [
                        {"to": note.coordinator, "outcome": note.outcome, "at": note.at, "detail": note.detail}
                        for note in mails[step.id]
                    ],
                    "acknowledged": [
                        {"by": each.author, "at": each.at, "comment": each.comment} for each in _of(step, seen)
                    ],
                }
                for step in steps
            ]
        )  # fmt: skip
    else:
        rows = [
            (step.at, step.kind, step.reason, _in_words(mails[step.id]), _who_saw(_of(step, seen)))
            for step in steps
        ]
        print_table(
            ["at", "step", "reason", "mails", "acknowledged"], rows, f"{rule} was never pending in {place}"
        )
    if not steps:
        raise typer.Exit(1)


def _last_notes(notes: Iterable[MailNote]) -> list[MailNote]:
    """What was decided, and the last that is known of each mail."""
    last = {note.coordinator: note for note in notes}
    return list(last.values())


def _in_words(notes: Iterable[MailNote]) -> str:
    return "; ".join(
        f"{note.coordinator}: {note.outcome}" if note.coordinator else f"told to {note.detail}"
        for note in notes
    )


def _of(step: Transition, seen: Sequence[Acknowledgement]) -> list[Acknowledgement]:
    """Told beside the step with which their alert began to fire."""
    return [each for each in seen if step.kind == "firing" and each.since == step.since]


def _who_saw(seen: Iterable[Acknowledgement]) -> str:
    return "; ".join(
        f"{each.author}, {each.at:%Y-%m-%d %H:%M} UTC" + (f": {each.comment}" if each.comment else "")
        for each in seen
    )
