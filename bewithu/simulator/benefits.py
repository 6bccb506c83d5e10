"""The equivalent living wage: asked for at the CPAS of each municipality where an adult declares."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from decimal import Decimal
from random import Random

from bewithu.simulator.acts import BENEFIT, CPAS, Act
from bewithu.simulator.chance import lag, pick
from bewithu.simulator.moments import at_office, date_of, day_number
from bewithu.simulator.stays import Span

_REFUSED = 0.08
_PARTIAL = 0.15

# EUR cents a month in March 2022 (published); a step of 2 % on each of the days below approximates the
# indexation.
_CEILING = {"cohabiting": 72_900, "single": 109_300, "with_family": 147_800}
_STEPS = tuple(
    day_number(date(*day))
    for day in (
        (2022, 5, 1),
        (2022, 8, 1),
        (2022, 11, 1),
        (2022, 12, 1),
        (2023, 11, 1),
        (2024, 5, 1),
        (2025, 2, 1),
    )
)

# Rates and reasons are ours; the most frequent reason is work (a third of those known to VDAB had found a
# job).
_CHANGES_A_DAY = 0.02 / 30.4
_ENDS_A_DAY = 0.02 / 30.4
_REASONS = (("work", 0.55), ("other_income", 0.2), ("no_longer_in_need", 0.21), ("sanction", 0.04))


def benefit(random: Random, spans: Sequence[Span], category: str) -> list[Act]:
    """One adult's requests and grants, until payment ends; see `ended` for a departure before."""
    acts: list[Act] = []
    for span in spans:
        claim = _claim(random, span, category)
        acts += claim
        if claim and claim[-1].detail.get("reason") != "moved":
            break
    return acts


def ended(moment: float, nis: str, reason: str) -> Act:
    return Act(moment, BENEFIT, "ended", CPAS, nis, {"reason": reason, "valid_to": date_of(moment)})


def _claim(random: Random, span: Span, category: str) -> list[Act]:
    asked = at_office(random, span.since, lag(random, 5, 0.7))
    decided = at_office(random, asked, lag(random, 18, 0.5))
    if decided + 1 >= span.until:
        return []
    acts = [Act(asked, BENEFIT, "requested", CPAS, span.municipality, {})]
    if random.random() < _REFUSED:
        return [*acts, Act(decided, BENEFIT, "refused", CPAS, span.municipality, {})]
    granted = {**_award(random, decided, category), "valid_from": date_of(asked)}
    acts.append(Act(decided, BENEFIT, "granted", CPAS, span.municipality, granted))
    end = at_office(random, decided, random.expovariate(_ENDS_A_DAY))
    until = min(end, span.until)
    changed = at_office(random, decided, random.expovariate(_CHANGES_A_DAY))
    while changed < until:
        award = {**_award(random, changed, category), "valid_from": date_of(changed)}
        acts.append(Act(changed, BENEFIT, "changed", CPAS, span.municipality, award))
        changed = at_office(random, changed, random.expovariate(_CHANGES_A_DAY))
    return [*acts, ended(until, span.municipality, pick(random, _REASONS) if end <= span.until else "moved")]


def _award(random: Random, moment: float, category: str) -> dict[str, object]:
    cents = _CEILING[category] * 1.02 ** sum(step <= moment for step in _STEPS)
    if random.random() < _PARTIAL:
        cents *= 0.4 + 0.55 * random.random()
    return {"category": category, "amount": Decimal(round(cents)).scaleb(-2)}
