"""What links in mails do: the `LinkActions` of bewithu/board/acting.py."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import timedelta

from pydantic import SecretStr

from alerts.acknowledging import acknowledged, shown_name
from alerts.address_book import AddressBook, Coordinator, responsible_for
from alerts.evaluate import GOES_ON, latest, to_millisecond
from alerts.holding import in_force
from alerts.links import Action, Refused, read
from alerts.ports import IndicatorText
from alerts.rules import Rule
from bewithu.board.acting import LENGTHS, Declined, Done, Offer
from bewithu.clock import Clock
from bewithu.fitting.board_alerts import alert_info
from schemas.alerting import FIRING, Acknowledgement, Silence, Transition
from sinks.clickhouse.acknowledgements import ClickHouseAcknowledgements
from sinks.clickhouse.alert_log import ClickHouseAlertLog
from sinks.clickhouse.silences import ClickHouseSilences

#: Where nobody gave one.
_REASON = "from a link in a mail"


@dataclass(frozen=True, slots=True)
class Stores:
    """Where alerts are read, and the only two places that links write to."""

    log: ClickHouseAlertLog
    acknowledgements: ClickHouseAcknowledgements
    silences: ClickHouseSilences


@dataclass(frozen=True, slots=True)
class _Standing:
    """A link that holds: its coordinator still hears of the area, and its alert goes on."""

    action: Action
    coordinator: Coordinator
    rule: Rule
    story: Sequence[Transition]


class LinkedActions:
    """Does what a link was signed for, for as long as its alert goes on. `clock`: real time, as mails are sent in."""

    def __init__(
        self,
        key: SecretStr,
        stores: Stores,
        rules: Sequence[Rule],
        texts: Mapping[str, IndicatorText],
        book: AddressBook,
        clock: Clock,
    ) -> None:
        self._key = key
        self._stores = stores
        self._rules: Mapping[str, Rule] = {rule.id: rule for rule in rules}
        self._texts = texts
        self._book = book
        self._clock = clock

    def offer(self, token: str) -> Offer | Declined:
        found = self._standing(token)
        return found if isinstance(found, Declined) else self._offer(found, before=True)

    def acknowledge(self, token: str) -> Offer | Declined:
        found = self._standing(token)
        if isinstance(found, Declined) or found.action.verb != "acknowledge":
            return found if isinstance(found, Declined) else Declined("tampered")
        before = self._offer(found, before=True)
        if before.done:
            return before
        action = found.action
        self._stores.acknowledgements.write(
            Acknowledgement(
                action.rule, action.area, action.since, action.email, "", to_millisecond(self._clock.now())
            )
        )
        return self._offer(found, before=False)

    def silence(self, token: str, days: int, reason: str) -> Offer | Declined:
        if days not in LENGTHS:
            raise ValueError(f"an alert cannot be silenced for {days} days from here")
        found = self._standing(token)
        if isinstance(found, Declined) or found.action.verb != "silence":
            return found if isinstance(found, Declined) else Declined("tampered")
        before = self._offer(found, before=True)
        if before.done:
            return before
        now, action = to_millisecond(self._clock.now()), found.action
        matchers = {"rule": action.rule, "area": action.area}
        ends = now + timedelta(days=days)
        self._stores.silences.write(
            Silence(silence_id(action), now, action.email, reason or _REASON, now, ends, matchers)
        )
        return self._offer(found, before=False)

    def _standing(self, token: str) -> _Standing | Declined:
        action = read(token, self._key, self._clock.now())
        if isinstance(action, Refused):
            return Declined(action.reason)
        coordinator = self._book.find(action.email)
        if coordinator is None or responsible_for(coordinator, action.area) is None:
            return Declined("not_told")
        story = self._stores.log.story(action.rule, action.area)
        state = latest(story).get((action.rule, action.area))
        rule = self._rules.get(action.rule)
        if rule is None or state is None or state.phase not in GOES_ON or state.since != action.since:
            return Declined("over")
        return _Standing(action, coordinator, rule, story)

    def _offer(self, found: _Standing, before: bool) -> Offer:
        action, coordinator = found.action, found.coordinator
        seen = self._seen(found)
        done = self._silenced(action, before) if action.verb == "silence" else _done(seen, before)
        step = next(each for each in reversed(found.story) if each.kind in FIRING)
        info = alert_info(found.rule.told_in(action.area), step, seen, self._texts[found.rule.indicator])
        return Offer(action.verb, info, coordinator.name, coordinator.email, done)

    def _seen(self, found: _Standing) -> Acknowledgement | None:
        """The first acknowledgement of the alert, by a name that others may read."""
        action = found.action
        written = self._stores.acknowledgements.story(action.rule, action.area)
        first = acknowledged(latest(found.story), written).get((action.rule, action.area))
        return replace(first, author=shown_name(first.author, self._book)) if first else None

    def _silenced(self, action: Action, before: bool) -> Done | None:
        """The silence of this very link, while it lasts."""
        now = self._clock.now()
        for each in in_force(self._stores.silences.written(now)):
            if each.id == silence_id(action) and each.ends > now:
                return Done(shown_name(each.author, self._book), each.at, each.ends, before)
        return None


def silence_id(action: Action) -> str:
    """The same whenever the same link is used: a second use cannot make a second silence."""
    words = f"{action.rule}\n{action.area}\n{action.since.isoformat()}\n{action.email}"
    return hashlib.sha256(words.encode()).hexdigest()[:16]


def _done(seen: Acknowledgement | None, before: bool) -> Done | None:
    return Done(seen.author, seen.at, None, before) if seen else None
