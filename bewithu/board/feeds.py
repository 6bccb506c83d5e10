"""The agencies' feeds: how fresh each is, what was refused and why."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime

from bewithu.board.agencies import agency_name, municipality_of, sort_of
from bewithu.board.data import BATCH, AgencyInfo
from bewithu.board.labels import REASONS, label
from bewithu.board.words import Words
from schemas.areas import Area, is_within

#: Local agencies that the page lists of one sort; the API has them all.
LISTED = 12

_NEVER = datetime.min.replace(tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Feed:
    """A line of the table. `count`: agencies behind it, 1 for a single one. `overdue`: those silent too long."""

    code: str
    name: str
    count: int
    overdue: int
    last: datetime | None
    fresh: str
    moment: str
    accepted: str
    refused: str
    reasons: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class LocalFeeds:
    """The local agencies of one sort: those that need attention first, and how many more there are."""

    name: str
    feeds: tuple[Feed, ...]
    unlisted: int


@dataclass(frozen=True, slots=True)
class Feeds:
    """One line for each national agency and for each sort of local agencies, whose members are in `local`."""

    feeds: tuple[Feed, ...]
    local: tuple[LocalFeeds, ...]


def feeds(agencies: Sequence[AgencyInfo], chosen: Area, now: datetime, words: Words) -> Feeds:
    """All national agencies, and the local ones whose municipality lies in the chosen area."""
    national = sorted(
        (each for each in agencies if sort_of(each.agency) is None), key=lambda each: _rank(each, now)
    )
    by_sort: dict[str, list[AgencyInfo]] = {}
    for each in agencies:
        sort = sort_of(each.agency)
        if sort is not None and is_within(municipality_of(each.agency), chosen.code):
            by_sort.setdefault(sort, []).append(each)
    lines = [_feed(each.agency, [each], now, words) for each in national]
    lines += [_feed(sort, members, now, words) for sort, members in sorted(by_sort.items())]
    local = [_local(sort, members, now, words) for sort, members in sorted(by_sort.items())]
    return Feeds(tuple(lines), tuple(local))


def overdue(info: AgencyInfo, now: datetime) -> bool:
    """Silent for longer than the agency promised."""
    if info.promised_every is None:
        return False
    return info.last_event_at is None or now - info.last_event_at > info.promised_every


def _local(sort: str, members: Sequence[AgencyInfo], now: datetime, words: Words) -> LocalFeeds:
    ranked = sorted(members, key=lambda each: _rank(each, now))
    listed = tuple(_feed(each.agency, [each], now, words) for each in ranked[:LISTED])
    return LocalFeeds(agency_name(sort, words), listed, len(ranked) - len(listed))


def _feed(code: str, members: Sequence[AgencyInfo], now: datetime, words: Words) -> Feed:
    last = max((each.last_event_at for each in members if each.last_event_at), default=None)
    refusals = Counter[str]()
    for each in members:
        refusals.update(each.refusals)
    return Feed(
        code=code,
        name=agency_name(code, words),
        count=len(members),
        overdue=sum(overdue(each, now) for each in members),
        last=last,
        fresh=words.ago(last, now) if last else words.gettext("never"),
        moment=words.moment(last) if last else "",
        accepted=_accepted(sum(each.accepted for each in members), words),
        refused=_refused(members, words),
        reasons=tuple(_reasons(refusals.items(), words)),
    )


def _reasons(refusals: Iterable[tuple[str, int]], words: Words) -> Iterable[tuple[str, str]]:
    for reason, count in sorted(refusals, key=lambda each: (-each[1], each[0])):
        yield label(REASONS, reason, words), words.number(count)


def _rank(info: AgencyInfo, now: datetime) -> tuple[bool, int, datetime, str]:
    """What needs attention first: overdue, then many refusals, then long silent."""
    return not overdue(info, now), -info.refused, info.last_event_at or _NEVER, info.agency


def _refused(members: Sequence[AgencyInfo], words: Words) -> str:
    records = sum(each.refused for each in members)
    if records or all(each.exact for each in members):
        return words.number(records)
    return words.fewer_than(BATCH)


def _accepted(events: int, words: Words) -> str:
    return words.number(events) if events else words.fewer_than(BATCH)
