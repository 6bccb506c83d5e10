"""What Grafana and the plugin grafana-clickhouse-datasource make of a query before ClickHouse gets it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta


@dataclass(frozen=True)
class Chosen:
    """What a reader looks at. `values`: of the variables, one each."""

    first: date
    last: date
    values: Mapping[str, str] = field(default_factory=dict)

    @property
    def begin(self) -> datetime:
        return datetime.combine(self.first, time(), UTC)

    @property
    def end(self) -> datetime:
        return datetime.combine(self.last, time(12), UTC)


def expanded(sql: str, chosen: Chosen) -> str:
    """First Grafana fills in its variables, then the plugin its macros. Raises when either knows a name not."""
    return _macros(_variables(sql, chosen.values), chosen)


def _variables(sql: str, values: Mapping[str, str]) -> str:
    """`${name:singlequote}` and `${name:text}`."""

    def filled(match: re.Match[str]) -> str:
        value = values[match["name"]]
        if match["format"] == "singlequote":
            return "'" + value.replace("'", "\\'") + "'"
        raise ValueError(f"{match[0]}: only singlequote is safe in SQL")

    return re.sub(r"\$\{(?P<name>\w+)(:(?P<format>\w+))?\}", filled, sql)


def _macros(sql: str, chosen: Chosen) -> str:
    begin, end = int(chosen.begin.timestamp()), int(chosen.end.timestamp())
    seconds = max(1, int(timedelta(hours=6).total_seconds()))

    def between(column: str) -> str:
        return f"{column} >= toDateTime({begin}) AND {column} <= toDateTime({end})"

    def days_between(column: str) -> str:
        first, last = chosen.begin.date(), chosen.end.date()
        return f"{column} >= toDate('{first}') AND {column} <= toDate('{last}')"

    calls: Mapping[str, Callable[[str], str]] = {
        "timeFilter": between,
        "dateFilter": days_between,
        "timeInterval": lambda column: f"toStartOfInterval(toDateTime({column}), INTERVAL {seconds} second)",
    }
    words = {"fromTime": f"toDateTime({begin})", "toTime": f"toDateTime({end})", "interval_s": str(seconds)}

    def filled(match: re.Match[str]) -> str:
        name, argument = match["name"], match["argument"]
        return words[name] if name in words else calls[name](argument) if argument else calls[name]("")

    found = re.sub(r"\$__(?P<name>fromTime|toTime|interval_s)\b(?P<argument>)", filled, sql)
    found = re.sub(r"\$__(?P<name>\w+)\((?P<argument>[^()]*)\)", filled, found)
    if "$" in found:
        raise ValueError(f"nothing fills this in: {found[found.index('$') :][:40]}")
    return found
