"""The end of a run: what was sent is taken in, the worker ends, and its store is held against what was sent."""

from __future__ import annotations

import time
from collections.abc import Sequence

from bench.soaking.platform import Platform
from bench.soaking.sampling import REFRESH, scraped
from bench.soaking.tally import Tally, differences
from tests.parts.deadlines import wait_until

_DRAIN_SECONDS, _END_SECONDS = 180, 60
#: So long nothing more is refreshed or mailed when all is done: evaluations come every five seconds.
_STILL_SECONDS = 7.0


def end(platform: Platform, tally: Tally) -> Sequence[str]:
    """What is broken at the end. Raises `AssertionError` when the worker does not come to an end of its work."""
    log = platform.worker.process.log
    wait_until(lambda: not platform.uncommitted(), _DRAIN_SECONDS, "lag 0", log=log, every=0.5)
    wait_until(_Stillness(platform), _DRAIN_SECONDS, "the last refresh and mail", log=log, every=0.5)
    mails = platform.mail.twice
    code = platform.worker.end(_END_SECONDS)
    return [
        *([f"{mails} mails came twice"] if mails else []),
        *([f"the worker ended with exit code {code}"] if code else []),
        *differences(platform.store_url, tally),
    ]


class _Stillness:
    """True once no mail waits and nothing was refreshed for a while."""

    def __init__(self, platform: Platform) -> None:
        self._platform = platform
        self._seen: tuple[float, ...] = ()
        self._since = time.monotonic()

    def __call__(self) -> bool:
        metrics = scraped(self._platform.worker.port)
        if metrics is None:
            return False
        seen = (
            metrics.sum(f"{REFRESH}_count", stage="refresh"),
            metrics.sum("bewithu_mails_total"),
            metrics.sum("bewithu_mails_waiting"),
        )
        if seen != self._seen:
            self._seen, self._since = seen, time.monotonic()
        return seen[2] == 0 and time.monotonic() - self._since >= _STILL_SECONDS
