"""ClickHouse as we need it: new enough, brought to this version, with room, rights, and the right time."""

from __future__ import annotations

import contextlib
import time
from collections.abc import Callable, Iterator, Sequence

from clickhouse_connect.driver.exceptions import DatabaseError

from bewithu.cli.doctor.finding import Finding, failed, ok, warning
from bewithu.cli.doctor.shown import protection
from bewithu.errors import MigrationError, Unavailable
from bewithu.settings import Settings
from bewithu.wiring import connect
from sinks.clickhouse.access.rights import lacking
from sinks.clickhouse.condition import Condition
from sinks.clickhouse.database import Database
from sinks.clickhouse.disks import Disk, disks
from sinks.clickhouse.migrate import unapplied

#: Its defaults are those that our inserts state settings against (docs/decisions/0003-facts-keep-every-revision.md).
LEAST_VERSION = (26, 2)
_GIB = 1 << 30
#: Merges need room for what they merge.
SCARCE = (10 * _GIB, 0.10)
FULL = (_GIB, 0.02)
MANY_PARTS, TOO_MANY_PARTS = 500, 1_000
#: Seconds: what is known when is read off two clocks.
OFF, FAR_OFF = 2.0, 60.0


def check_store(settings: Settings) -> Iterator[Finding]:
    with contextlib.closing(connect(settings)) as database:
        condition = Condition(database)
        yield from _server(database, condition, protection(settings.clickhouse))
        yield _migrations(database)
        looks: tuple[tuple[str, Callable[[], Finding]], ...] = (
            ("ClickHouse rights", lambda: _rights(database)),
            ("ClickHouse disk", lambda: disk(disks(database))),
            ("ClickHouse parts", lambda: parts(*condition.most_parts())),
            ("ClickHouse mutations", lambda: _mutations(condition)),
            ("ClickHouse replicas", lambda: _replicas(condition)),
        )
        for what, look in looks:
            try:
                yield look()
            except (DatabaseError, Unavailable) as error:
                detail = str(error) if isinstance(error, Unavailable) else f"error {error.code} of ClickHouse"
                yield warning(what, f"cannot be asked: {detail}", "run bewithu access apply as an admin")


def _server(database: Database, condition: Condition, protected: str) -> Iterator[Finding]:
    condition.server()  # A first call connects, which takes its time.
    before = time.time()
    server = condition.server()
    after = time.time()
    yield version(f"{database.name}, {protected}", server.version)
    yield clock(server.seconds - (before + after) / 2, (after - before) / 2)


def version(where: str, found: str) -> Finding:
    numbers = tuple(int(part) for part in found.split(".")[:2] if part.isdigit())
    if numbers < LEAST_VERSION:
        least = ".".join(map(str, LEAST_VERSION))
        return warning(
            "ClickHouse", f"{where}, version {found}", f"upgrade it to {least} or later: older is not tested"
        )
    return ok("ClickHouse", f"{where}, version {found}")


def clock(ahead: float, uncertain: float) -> Finding:
    """`ahead`: the server's clock against ours, give or take."""
    told = f"ClickHouse's is {abs(ahead):.1f} s {'ahead of' if ahead > 0 else 'behind'} this machine's"
    off = abs(ahead) - uncertain
    if off < OFF:
        return ok("clock", told)
    mend = "let NTP set the clocks of both"
    return failed("clock", told, mend) if off >= FAR_OFF else warning("clock", told, mend)


def _migrations(database: Database) -> Finding:
    try:
        left = unapplied(database)
    except MigrationError as error:
        return failed(
            "ClickHouse migrations", str(error), "run the version of bewithu that made it, or upgrade"
        )
    if left:
        names = ", ".join(f"{each.number:04} {each.title}" for each in left)
        return failed("ClickHouse migrations", f"not applied: {names}", "run bewithu migrate")
    return ok("ClickHouse migrations", "all applied")


def _rights(database: Database) -> Finding:
    left = lacking(database)
    if left:
        return failed(
            "ClickHouse rights", f"its user lacks {'; '.join(left)}", "run bewithu access apply as an admin"
        )
    return ok("ClickHouse rights", "all that a worker needs")


def disk(found: Sequence[Disk]) -> Finding:
    """By the one with the least room."""
    if not found:
        return ok("ClickHouse disk", "none with a size of its own")
    least = min(found, key=lambda each: each.free / each.size)
    told = f"{least.name}: {least.free / _GIB:.1f} of {least.size / _GIB:.1f} GiB free"
    mend = "give it more room, or shorten how long events are kept"
    if _is_under(least, FULL):
        return failed("ClickHouse disk", told, mend)
    return warning("ClickHouse disk", told, mend) if _is_under(least, SCARCE) else ok("ClickHouse disk", told)


def _is_under(disk: Disk, limit: tuple[int, float]) -> bool:
    return disk.free < limit[0] or disk.free < limit[1] * disk.size


def parts(table: str, count: int) -> Finding:
    told = f"{count} at most in a partition" + (f", of {table}" if table else "")
    mend = "see that merges keep up: system.merges, system.part_log and the disk"
    if count >= TOO_MANY_PARTS:
        return failed("ClickHouse parts", told, mend)
    return warning("ClickHouse parts", told, mend) if count >= MANY_PARTS else ok("ClickHouse parts", told)


def _mutations(condition: Condition) -> Finding:
    stuck = condition.stuck_mutations()
    if not stuck:
        return ok("ClickHouse mutations", "none is stuck")
    told = ", ".join(f"{mutation} of {table}{' fails' if fails else ''}" for table, mutation, fails in stuck)
    mend = "read latest_fail_reason in system.mutations, then mend or KILL MUTATION"
    found = failed if any(fails for _, _, fails in stuck) else warning
    return found("ClickHouse mutations", told, mend)


def _replicas(condition: Condition) -> Finding:
    lagging = condition.lagging()
    if not lagging:
        return ok("ClickHouse replicas", "none lags behind")
    told = ", ".join(
        f"{each.table}: {'takes no writes' if each.is_readonly else f'{each.delay_seconds} s behind'},"
        f" {each.active} of {each.replicas} there"
        for each in lagging
    )
    found = failed if any(each.is_readonly for each in lagging) else warning
    return found("ClickHouse replicas", told, "start the replicas, and see that Keeper answers")
