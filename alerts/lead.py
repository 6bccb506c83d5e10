"""The first sentence of a mail: what happened, since when, for how long."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final, NamedTuple

from alerts.rules.conditions import Above, Absent, Below, Condition, Simple, is_lower, simple_parts
from alerts.voice import Voice, mark
from schemas.alerting import Transition


class _Sentences(NamedTuple):
    begun: str
    held: str
    over: str


_FIXED_ABOVE: Final = _Sentences(
    mark("Above the threshold (%(threshold)s) since %(since)s."),
    mark("Above the threshold (%(threshold)s) since %(since)s, for %(length)s."),
    mark(
        "No longer above the threshold (%(threshold)s). "
        "It was exceeded for %(length)s, from %(since)s to %(until)s."
    ),
)
_FIXED_BELOW: Final = _Sentences(
    mark("Below the threshold (%(threshold)s) since %(since)s."),
    mark("Below the threshold (%(threshold)s) since %(since)s, for %(length)s."),
    mark(
        "No longer below the threshold (%(threshold)s). "
        "The figure was too low for %(length)s, from %(since)s to %(until)s."
    ),
)
_UNUSUALLY_HIGH: Final = _Sentences(
    mark("Higher than was to be expected (at most %(threshold)s) since %(since)s."),
    mark("Higher than was to be expected (at most %(threshold)s) since %(since)s, for %(length)s."),
    mark(
        "No longer higher than was to be expected (at most %(threshold)s). "
        "It was so for %(length)s, from %(since)s to %(until)s."
    ),
)
_UNUSUALLY_LOW: Final = _Sentences(
    mark("Lower than was to be expected (at least %(threshold)s) since %(since)s."),
    mark("Lower than was to be expected (at least %(threshold)s) since %(since)s, for %(length)s."),
    mark(
        "No longer lower than was to be expected (at least %(threshold)s). "
        "It was so for %(length)s, from %(since)s to %(until)s."
    ),
)
_NO_FIGURE: Final = _Sentences(
    mark("No figure is available since %(since)s."),
    mark("No figure is available since %(since)s, for %(length)s."),
    mark("Figures are available again. There were none for %(length)s, from %(since)s to %(until)s."),
)
#: Where the figure is held against none, as where another one ended the alert, or the rule is off by now.
_NO_THRESHOLD: Final = _Sentences(
    mark("This alert began on %(since)s."),
    mark("This alert began on %(since)s and has gone on for %(length)s."),
    mark("This alert is over. It went on for %(length)s, from %(since)s to %(until)s."),
)

_WITHDRAWN: Final = mark(
    "This alert, which began on %(since)s, was wrong: data have been added or corrected since. "
    "By today's data the figure of %(day)s gives no reason for an alert."
)


def lead(transition: Transition, condition: Condition, threshold: str, speak: Voice) -> str:
    """`threshold`: as it is written in the reader's language."""
    sentences = _sentences(transition, condition)
    facts: Mapping[str, str] = {
        "threshold": threshold,
        "since": speak.moment(transition.since),
        "until": speak.moment(transition.at),
        "length": speak.length(transition.at - transition.since),
        "day": speak.day(transition.day),
    }
    if transition.kind == "retracted":
        return speak.gettext(_WITHDRAWN, **facts)
    if transition.kind == "resolved":
        return speak.gettext(sentences.over, **facts)
    return speak.gettext(sentences.begun if transition.at == transition.since else sentences.held, **facts)


def told_part(condition: Condition, indicator: str) -> Simple:
    """The one that readers are told of, who see the figures of `indicator`, the rule's: the first on it, if any is."""
    parts = list(simple_parts(condition))
    return next((part for part in parts if part.indicator in (None, indicator)), parts[0])


def _sentences(transition: Transition, condition: Condition) -> _Sentences:
    """Of a condition that is made of others one is told; the log has them all."""
    match told_part(condition, transition.indicator):
        case Absent():
            return _NO_FIGURE
        case _ if transition.threshold is None:
            return _NO_THRESHOLD
        case Above():
            return _FIXED_ABOVE
        case Below():
            return _FIXED_BELOW
        case other:
            return _UNUSUALLY_LOW if is_lower(other) else _UNUSUALLY_HIGH
