"""What coordinators who are logged in do about alerts: the `AlertActions` of bewithu/board/acting.py."""

from __future__ import annotations

import hashlib
from datetime import datetime, timedelta

from alerts.evaluate import GOES_ON, latest, to_millisecond
from alerts.fingerprint import alert_fingerprint
from alerts.holding import in_force
from bewithu.board.acting import LENGTHS
from bewithu.clock import Clock
from bewithu.fitting.acting import Stores
from schemas.alerting import Acknowledgement, Silence, Transition
from schemas.national_number import mask

#: Where nobody gave one.
_REASON = "from the board"


class OwnActions:
    """Writes under the name that the login gave. `clock`: real time, as mails are sent in."""

    def __init__(self, stores: Stores, clock: Clock) -> None:
        self._stores = stores
        self._clock = clock

    def acknowledge(self, fingerprint: str, since: datetime, author: str, comment: str) -> bool:
        step = self._going_on(fingerprint, since)
        if step is None:
            return False
        written = self._stores.acknowledgements.story(step.rule, step.area)
        if not any(each.since == since for each in written):
            now = to_millisecond(self._clock.now())
            self._stores.acknowledgements.write(
                Acknowledgement(step.rule, step.area, since, author, mask(comment), now)
            )
        return True

    def silence(self, fingerprint: str, since: datetime, author: str, days: int, reason: str) -> bool:
        if days not in LENGTHS:
            raise ValueError(f"an alert cannot be silenced for {days} days from here")
        step = self._going_on(fingerprint, since)
        if step is None:
            return False
        now, id_ = to_millisecond(self._clock.now()), _silence_id(step, author)
        if not any(
            each.id == id_ and each.ends > now for each in in_force(self._stores.silences.written(now))
        ):
            matchers = {"rule": step.rule, "area": step.area}
            ends = now + timedelta(days=days)
            self._stores.silences.write(
                Silence(id_, now, author, mask(reason) or _REASON, now, ends, matchers)
            )
        return True

    def _going_on(self, fingerprint: str, since: datetime) -> Transition | None:
        """The alert's last step; None where that run of it is over."""
        for last in self._stores.log.states():
            if alert_fingerprint(last.rule, last.area) == fingerprint:
                state = latest([last])[(last.rule, last.area)]
                return last if state.phase in GOES_ON and state.since == since else None
        return None


def _silence_id(step: Transition, author: str) -> str:
    """The same for the same person and run: a second click cannot make a second silence."""
    words = f"board\n{step.rule}\n{step.area}\n{step.since.isoformat()}\n{author}"
    return hashlib.sha256(words.encode()).hexdigest()[:16]
