"""The JSON API: what the board shows, for machines.

Numbers that are hidden are `"value": null, "suppressed": true`, never a number that stands for "hidden".
Days are Brussels days as YYYY-MM-DD, moments are UTC in ISO 8601. A misspelt parameter is an error. `"partial": true`:
who asks may see only totals of the area, so lists hold what lies in their own areas, and breakdowns are left out.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import timedelta

from aiohttp import hdrs, web
from multidict import MultiMapping

from bewithu.board.access.guard import visitor
from bewithu.board.access.visitor import decide
from bewithu.board.cards import DAYS
from bewithu.board.data import BoardData, IndicatorInfo, Value
from bewithu.board.figures import COUNTS
from bewithu.board.labels import REASONS
from bewithu.board.plain_json import Json, as_json, json_response
from bewithu.board.problems import RequestProblem, nearest_of
from bewithu.board.view import (
    check_parameters,
    read_area,
    read_day,
    read_level,
    read_limit,
    read_moment,
    read_view,
)
from bewithu.board.words import words
from bewithu.clock import Clock
from schemas.areas import COUNTRY, Language, areas

Query = MultiMapping[str]

#: Rows that a list gives unless asked for another number, and at most.
USUAL, MOST = 100, 1000


class Api:
    """The handlers under /api/v1. The store is asked in threads."""

    def __init__(self, data: BoardData, clock: Clock) -> None:
        self._data = data
        self._clock = clock

    async def status(self, request: web.Request) -> web.Response:
        """GET /api/v1/status: how the platform and each agency's feed do. No parameters.

        `{"now", "latest_day", "status": {"published", "accepted", "quarantined", "duplicates", "last_refresh_at",
        "lag", "versions"}, "agencies": [{"agency", "last_event_at", "last_seen_at", "accepted", "refused",
        "refusals": {reason: count}, "promised_every" (seconds), "exact"}]}`. Where it is not `exact`, refused
        records are told in whole batches of five, as accepted ones are: only operators are told single ones.
        """
        return await self._answer(request, (), self._status)

    async def indicators(self, request: web.Request) -> web.Response:
        """GET /api/v1/indicators: every definition with its value. Parameters: lang, area, day.

        `{"area": {"code", "name", "level"}, "day", "language", "indicators": [{"id", "name", "explanation", "names",
        "explanations", "unit", "kind", "publishers", "minimum_cell", "decimals", "percent", "headline", "delay_days",
        "round_to",
        "value": {"value", "suppressed", "provisional", "known_at", "change_7d", …}}]}`
        """
        return await self._answer(request, ("lang", "area", "day"), self._indicators)

    async def indicator(self, request: web.Request) -> web.Response:
        """GET /api/v1/indicators/<id>: one indicator. Parameters: lang, area, day, since, level, as_of.

        As an entry of `indicators`, with `trend` from `since` (90 days when not given) to `day`, `breakdown`, and
        with `level` (municipality, arrondissement, province, region, country) `by_area`, whose values name the area.
        With `as_of`, a moment, all of it is what was known then, and so is told.
        """
        id_ = request.match_info["id"]
        return await self._answer(
            request,
            ("lang", "area", "day", "since", "level", "as_of"),
            lambda query, lang: self._indicator(id_, query, lang),
        )

    async def origin(self, request: web.Request) -> web.Response:
        """GET /api/v1/indicators/<id>/origin: how a value came about. Parameters: lang, area, day.

        `{"area", "day", "value": {…}, "origins": [{"indicator", "revisions": [{"known_on", "value", "moved_by":
        [{"agency", "late", "corrected"}]}], "contributors": [{"agency", "events", "corrected"}]}]}`:
        of the indicator, or of both that it is worked out from. A revision is what was told from that
        day on, null where it was suppressed; it begins with the end of the day itself. Counts of few are null.
        """
        id_ = request.match_info["id"]
        return await self._answer(
            request, ("lang", "area", "day"), lambda query, lang: self._origin(id_, query, lang)
        )

    async def alerts(self, request: web.Request) -> web.Response:
        """GET /api/v1/alerts: open alerts, worst first. Parameters: lang, area (and all within it), limit.

        `{"alerts": [{"id", "rule", "indicator", "area", "area_name", "severity", "state", "since", "value",
        "threshold", "summary", "summaries", "acknowledged_by", "acknowledged_at", "fingerprint", "day",
        "ended_at", "suppressed"}]}`. Fewer persons than a batch are a value of null, suppressed. `acknowledged_at`
        is null while nobody looks after it; `acknowledged_by` is told to the area's coordinators, and is empty for
        all others; `/alerts/<fingerprint>` is its page.
        """
        return await self._answer(request, ("lang", "area", "limit"), self._alerts)

    async def quarantine(self, request: web.Request) -> web.Response:
        """GET /api/v1/quarantine: refused records, newest first, for operators. Parameters: agency, reason, limit.

        `{"quarantine": [{"topic", "partition", "offset", "agency", "reason", "detail", "known_at"}]}`. What was in the
        record is not told: it may hold what made it refused.
        """
        return await self._answer(request, ("agency", "reason", "limit"), self._quarantine)

    async def _answer(
        self, request: web.Request, parameters: tuple[str, ...], find: Callable[[Query, str], Json]
    ) -> web.Response:
        # keys() would name a repeated parameter once
        check_parameters([name for name, _ in request.query.items()], parameters)
        accepted = request.headers.get(hdrs.ACCEPT_LANGUAGE, "")
        return json_response(await asyncio.to_thread(find, request.query, accepted))

    def _status(self, _query: Query, _accepted: str) -> Json:
        return {
            "now": as_json(self._clock.now()),
            "latest_day": as_json(self._data.latest_day()),
            "status": as_json(self._data.status()),
            "agencies": as_json(self._data.agencies()),
        }

    def _indicators(self, query: Query, accepted: str) -> Json:
        infos = self._data.indicators()
        view = read_view(query, accepted, infos, self._data.latest_day())
        values = {value.indicator: value for value in self._data.headline(view.area.code, view.day)}
        return {
            **_about(view.area.code, view.language),
            "day": as_json(view.day),
            "indicators": [
                _described(
                    info,
                    values.get(info.id) or self._data.value(info.id, view.area.code, view.day),
                    view.language,
                )
                for info in infos
            ],
        }

    def _indicator(self, id_: str, query: Query, accepted: str) -> Json:
        infos = self._data.indicators()
        view = read_view(query, accepted, infos, self._data.latest_day(), id_)
        code, day = view.area.code, view.day
        first = max(day - timedelta(days=DAYS - 1), day.min)
        since = read_day(query["since"], day, "since") if query.get("since") else first
        as_of = read_moment(query.get("as_of"), self._clock.now(), "as_of")
        value = self._data.value(id_, code, day, as_of)
        found = {
            **_about(code, view.language),
            "day": as_json(day),
            "as_of": as_json(as_of),
            **_described(view.indicator, value, view.language),
            "trend": as_json(self._data.trend(id_, code, since, day, as_of)),
            "breakdown": as_json(self._data.breakdown(id_, code, day, as_of)),
        }
        if "level" in query:
            found["by_area"] = as_json(self._data.by_area(id_, read_level(query["level"]), day, as_of))
        return found

    def _origin(self, id_: str, query: Query, accepted: str) -> Json:
        infos = self._data.indicators()
        view = read_view(query, accepted, infos, self._data.latest_day(), id_)
        code = view.area.code
        return {
            **_about(code, view.language),
            "day": as_json(view.day),
            "value": as_json(self._data.value(id_, code, view.day)),
            "origins": as_json(self._data.origins(id_, code, view.day)),
        }

    def _alerts(self, query: Query, accepted: str) -> Json:
        area = read_area(query.get("area")).code
        view = read_view(query, accepted, self._data.indicators(), self._data.latest_day())
        limit = read_limit(query.get("limit"), USUAL, MOST)
        alerts = self._data.open_alerts(None if area == COUNTRY else area, limit)
        spoken = words(view.language)
        in_batches = {
            info.id for info in self._data.indicators() if info.kind in COUNTS and info.minimum_cell > 1
        }
        return {
            **_about(area, view.language),
            "alerts": [
                {
                    **_fields(alert),
                    **_told(alert.value, few=alert.value == 0 and alert.indicator in in_batches),
                    "area_name": areas()[alert.area].name(view.language)
                    if alert.area in areas()
                    else alert.area,
                    "summary": spoken.named(alert.summaries, alert.rule),
                }
                for alert in alerts
            ],
        }

    def _quarantine(self, query: Query, _accepted: str) -> Json:
        limit = read_limit(query.get("limit"), USUAL, MOST)
        agency, reason = query.get("agency"), query.get("reason")
        if agency or reason:
            agencies = self._data.agencies()
            _must_be_known("agency", agency, {each.agency for each in agencies})
            _must_be_known(
                "reason", reason, {*REASONS, *(each for info in agencies for each in info.refusals)}
            )
        return {"quarantine": as_json(self._data.quarantined(limit, agency or None, reason or None))}


def _must_be_known(field: str, value: str | None, known: set[str]) -> None:
    if value and value not in known:
        nearest = nearest_of(value, known)
        expected = (
            f"one of {', '.join(sorted(known))}" if field == "reason" else "an agency that has sent something"
        )
        raise RequestProblem(404, field, value, expected, nearest)


def _about(code: str, language: Language) -> dict[str, Json]:
    area = areas()[code]
    return {
        "area": {"code": code, "name": area.name(language), "level": area.level},
        "language": language,
        "partial": not decide(visitor(), "details", code).allowed,
    }


def _described(info: IndicatorInfo, value: Value, language: Language) -> dict[str, Json]:
    spoken = words(language)
    return {
        **_fields(info),
        "name": spoken.named(info.names, info.id),
        "explanation": spoken.named(info.explanations, ""),
        "value": as_json(value),
    }


def _told(value: float | None, few: bool) -> Mapping[str, Json]:
    """Where persons are counted in batches, rules know 0 as fewer than one."""
    return {"value": None if few else value, "suppressed": few}


def _fields(record: object) -> Mapping[str, Json]:
    fields = as_json(record)
    assert isinstance(fields, dict)
    return fields
