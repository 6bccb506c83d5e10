"""`bewithu rules backtest`: what a rule would have done, on values as they were known then."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime, time, timedelta
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import Console

from alerts.address_book import load_address_book
from alerts.backtest import Moment, moment_at, panel_then
from alerts.backtest import backtest as steps_of
from alerts.backtest_corrections import MOST_ALERTS, are_too_many, corrected
from alerts.backtest_muting import heard, spans_of
from alerts.backtest_report import Alarm, Summary, firing_by_month, summary
from alerts.rules import Rule
from alerts.rules.load import load_rule
from alerts.varied import Variant, variants
from bewithu.cli.printing import Json, print_json, print_table
from bewithu.clock import BRUSSELS, SystemClock
from bewithu.definitions import suggestion
from bewithu.fitting.alerting import KnownHistory
from bewithu.settings import load_settings
from bewithu.wiring import Written, connect, read_definitions
from schemas.alerting import Transition
from schemas.areas import area, covering
from sinks.clickhouse.known_then import KnownThen

_BAR = 40


def backtest(
    rule: Annotated[str, typer.Argument(help="id of a rule, or the file of one that is not in use yet")],
    since: Annotated[datetime, typer.Option(formats=["%Y-%m-%d"], help="first day on which it is evaluated")],
    until: Annotated[
        datetime | None, typer.Option(formats=["%Y-%m-%d"], help="last such day; today when left out")
    ] = None,
    at: Annotated[
        str, typer.Option(metavar="HH:MM", help="when it is evaluated each day, in Belgium")
    ] = "08:00",
    vary: Annotated[
        list[str] | None,
        typer.Option(
            metavar="FIELD=FROM:TO:STEP", help="also with other numbers: threshold=10:50:5, for=1d:5d:1d"
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """What a rule would have done: when it would have fired, where, for how long, and how many mails each coordinator
    would have got.

    Values are taken as they were known at each moment, before events came late and were corrected. Mails are counted as
    they would be sent today: to the coordinators of today's address book.
    """
    settings = load_settings()
    written = read_definitions(settings)
    asked = _rule(rule, written)
    others = _variants(asked, vary or [])
    now = SystemClock().now()
    moments = _moments(asked, written, since, until or now.astimezone(BRUSSELS), at)
    codes = [each.code for each in covering(asked.level)]
    with (
        contextlib.closing(connect(settings)) as database,
        Console(stderr=True).status("reading what was known"),
    ):
        history = KnownHistory(KnownThen(database, written.indicators), written.indicators)
        panel = panel_then([variant.rule for variant in others], codes, moments, history)
        steps = [list(steps_of(each.rule, codes, moments, panel)) for each in others]
        # Of the rule itself alone: what it costs, each variant would cost again.
        is_corrected = not are_too_many(steps[0])
        if is_corrected:
            steps[0] = corrected(asked, steps[0], moments, _delays(asked, written), history)
        muting = [spans_of(_steps_of_other(name, written, moments, history)) for name in asked.muted_by]
    book = load_address_book(settings.address_book)
    found = {
        variant.label: summary(
            variant.rule,
            taken,
            book,
            moments[-1].at,
            is_corrected and variant is others[0],
            list(heard(taken, muting, moments)),
        )
        for variant, taken in zip(others, steps, strict=True)
    }
    if as_json:
        print_json(_document(asked, moments, found))
    else:
        _print(asked, moments, found)


def _rule(name: str, written: Written) -> Rule:
    known = {rule.id: rule for rule in written.rules}
    if name in known:
        return known[name]
    if name.endswith((".yaml", ".yml")):
        drafted = load_rule(Path(name), written.indicators)
        for other in drafted.muted_by:
            if other not in known:
                raise typer.BadParameter(
                    f"muted_by: no rule has the id {other!r}{suggestion(other, known)}", param_hint="RULE"
                )
        return drafted
    hint = suggestion(name, known) or f"; there are {', '.join(known)}"
    raise typer.BadParameter(f"no rule has the id {name!r}{hint}", param_hint="RULE")


def _variants(rule: Rule, vary: Sequence[str]) -> list[Variant]:
    found = [Variant("as it is", rule)]
    for how in vary:
        try:
            found += variants(rule, how)
        except ValueError as error:
            raise typer.BadParameter(str(error), param_hint="--vary") from error
    return found


def _moments(rule: Rule, written: Written, since: datetime, until: datetime, at: str) -> list[Moment]:
    delays = _delays(rule, written)
    try:
        time_of_day = time.fromisoformat(at)
    except ValueError as error:
        raise typer.BadParameter(f"expected HH:MM, as 08:00, got {at!r}", param_hint="--at") from error
    days = (until.date() - since.date()).days
    if days < 0:
        raise typer.BadParameter(f"{until:%Y-%m-%d} is before {since:%Y-%m-%d}", param_hint="--until")
    moments = []
    for number in range(days + 1):
        when = datetime.combine(since.date() + timedelta(days=number), time_of_day, BRUSSELS)
        moments.append(moment_at(rule, delays, when))
    return moments


def _steps_of_other(
    name: str, written: Written, moments: Sequence[Moment], history: KnownHistory
) -> Iterator[Transition]:
    """Of a rule that mutes the asked one, evaluated at the same times."""
    rule = next(rule for rule in written.rules if rule.id == name)
    codes = [each.code for each in covering(rule.level)]
    own = [moment_at(rule, _delays(rule, written), moment.at) for moment in moments]
    return steps_of(rule, codes, own, panel_then([rule], codes, own, history))


def _delays(rule: Rule, written: Written) -> Mapping[str, int]:
    return {name: written.indicators[name].usual_delay_days for name in rule.indicators}


def _document(rule: Rule, moments: Sequence[Moment], found: Mapping[str, Summary]) -> dict[str, Any]:
    return {
        "rule": rule.id,
        "since": moments[0].at,
        "until": moments[-1].at,
        "variants": [
            {
                "variant": label,
                "alerts": len(each.alarms),
                "areas": each.areas,
                "withdrawn": each.withdrawn,
                "median_days": round(each.days, 2),
                "mails": each.mails,
                "by_month": firing_by_month(each.alarms),
            }
            for label, each in found.items()
        ],
        "alerts": [
            {
                "area": alarm.area,
                "fired": alarm.fired,
                "over": alarm.ended,
                "withdrawn": alarm.withdrawn,
                "day": alarm.day,
                "value": alarm.value,
                "threshold": alarm.bound,
                "reason": alarm.reason,
            }
            for alarm in next(iter(found.values())).alarms
        ],
    }


def _print(rule: Rule, moments: Sequence[Moment], found: Mapping[str, Summary]) -> None:
    first, last = (moment.at.astimezone(BRUSSELS) for moment in (moments[0], moments[-1]))
    typer.echo(
        f"{rule.id}, each day at {first:%H:%M} from {first:%Y-%m-%d} to {last:%Y-%m-%d}, as known then\n"
    )
    rows = [
        (
            label, len(each.alarms), each.areas, each.withdrawn, f"{each.days:.1f}", sum(each.mails.values()),
            _most(each.mails),
        )
        for label, each in found.items()
    ]  # fmt: skip
    columns = ["variant", "alerts", "areas", "withdrawn", "median days", "mails", "most to one"]
    print_table(columns, rows, "")
    itself = next(iter(found.values()))
    if itself.withdrawn is None:
        typer.echo(f"\nmore than {MOST_ALERTS} alerts: whether later data withdrew any was not looked at")
    if not itself.alarms:
        return
    typer.echo("")
    months = firing_by_month(itself.alarms)
    for month, count in months.items():
        typer.echo(f"{month}  {'█' * -(-count * _BAR // max(months.values()))} {count}".rstrip())
    typer.echo("")
    until = moments[-1].at
    listed = [
        (
            area(alarm.area).name("en"),
            _day(alarm.fired),
            _end(alarm),
            f"{alarm.lasted(until) / timedelta(days=1):.1f}",
            alarm.reason,
        )
        for alarm in itself.alarms
    ]
    print_table(["area", "fired", "over", "days", "reason"], listed, "")
    typer.echo("")
    print_table(["coordinator", "mails"], list(itself.mails.items()), "nobody would have got a mail")


def _end(alarm: Alarm) -> str:
    if alarm.ended is None:
        return "still"
    return f"{_day(alarm.ended)}{', withdrawn' if alarm.withdrawn else ''}"


def _day(moment: datetime) -> date:
    return moment.astimezone(BRUSSELS).date()


def _most(mails: Mapping[str, int]) -> str:
    return f"{max(mails.values())}" if mails else "0"
