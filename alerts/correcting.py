"""Takes an alert back when the value that it fired on was wrong: events came late, or were corrected.

An alert is looked at again when it ends, and for some time after. One that still fires needs no correction: it is true
now.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Final

from alerts.evaluate import to_millisecond, transition_id
from alerts.judging import Finding
from alerts.rules import Rule
from alerts.rules.conditions import Above, Below
from schemas.alerting import Transition
from schemas.areas import covering

#: After its end; what is corrected later than that nobody acts on any more.
LOOKED_AT_FOR: Final = timedelta(days=30)

#: A rule, and the day that its alerts fired on.
Judged = tuple[str, date]


def ended_lately(last: Iterable[Transition], now: datetime) -> list[Transition]:
    """`last`: the last step of each alert."""
    return [each for each in last if each.kind == "resolved" and now - each.at <= LOOKED_AT_FOR]


def by_judged(firings: Iterable[Transition]) -> Mapping[Judged, list[Transition]]:
    """Those that one look at the values answers for."""
    found: dict[Judged, list[Transition]] = defaultdict(list)
    for firing in firings:
        found[firing.rule, firing.day].append(firing)
    return found


def firing_before(end: Transition, story: Sequence[Transition]) -> Transition | None:
    """The firing that `end` ends; `story`: the steps of its alert, in their order."""
    return next(
        (each for each in reversed(story) if each.kind == "firing" and each.number < end.number), None
    )


def areas_to_judge(rule: Rule, wanted: Iterable[str]) -> tuple[str, ...]:
    """Whose values must be at hand to judge these areas of the rule's level; they are among them."""
    return tuple(each.code for each in covering(rule.level)) if rule.compares_areas else tuple(sorted(wanted))


def taken_back(
    ends: Iterable[tuple[Transition, Transition, bool]],
    rules: Mapping[str, Rule],
    restated: Mapping[tuple[str, str, date], Finding],
    now: datetime,
) -> Iterator[Transition]:
    """For each firing, its end, and whether that was noted before: what says that it was wrong, where it was.

    `rules`: those of the firings, by id. `restated`: by rule, area and day what a look at today's values finds there.
    The step comes in the place of an end that is not noted yet, else behind it.
    """
    for firing, end, is_noted in ends:
        finding = restated[firing.rule, firing.area, firing.day]
        if (
            not finding.is_over
            or finding.value == firing.value
            or _is_by_rule(firing, rules[firing.rule], finding)
        ):
            continue  # that the rule was changed is no correction of data
        number = end.number + is_noted
        yield Transition(
            id=transition_id(firing.rule, firing.area, number, "retracted"),
            rule=firing.rule,
            area=firing.area,
            number=number,
            kind="retracted",
            at=to_millisecond(now),
            since=firing.since,
            indicator=finding.indicator,
            day=firing.day,
            value=finding.value,
            threshold=finding.bound,
            provisional=finding.provisional,
            reason=f"by today's data it would not have fired on {firing.day}: {finding.reason}",
        )


def _is_by_rule(firing: Transition, rule: Rule, finding: Finding) -> bool:
    """Whether the rule's threshold is another by now, and at the one of then the value of today would fire, too.

    Of thresholds that are worked out it cannot be said: data move them as well.
    """
    value, then = finding.value, firing.threshold
    if value is None or then is None or finding.bound == then:
        return False
    match rule.told_in(firing.area).condition:
        case Above():
            return value > then
        case Below():
            return value < then
        case _:
            return False
