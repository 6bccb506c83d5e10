"""Dataclasses as JSON."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import fields, is_dataclass
from datetime import UTC, date, datetime, timedelta
from math import isfinite

from aiohttp import web

Json = str | int | float | bool | None | list["Json"] | dict[str, "Json"]


def as_json(item: object) -> Json:
    """Dataclasses become objects, moments UTC in ISO 8601, lengths of time seconds; what is no number becomes null."""
    match item:
        case None | bool() | int() | str():
            return item
        case float():
            return item if isfinite(item) else None
        case datetime():
            return item.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
        case date():
            return item.isoformat()
        case timedelta():
            return item.total_seconds()
        case Mapping():
            return {str(name): as_json(value) for name, value in item.items()}
        case Sequence():
            return [as_json(each) for each in item]
    if is_dataclass(item):
        return {field.name: as_json(getattr(item, field.name)) for field in fields(item)}
    raise TypeError(f"{type(item).__name__} has no form in JSON")


def json_response(found: Json, *, status: int = 200, content_type: str = "application/json") -> web.Response:
    """Readable as it is: no escapes for accents, one object a response."""
    text = json.dumps(found, ensure_ascii=False, allow_nan=False)
    return web.Response(
        text=text,
        status=status,
        content_type=content_type,
        headers={"Cache-Control": "no-cache", "Vary": "Accept-Language, Accept-Encoding"},
    )
