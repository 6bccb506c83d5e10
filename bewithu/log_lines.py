"""Log lines, as text or as JSON, without anything that tells of a person or opens a door.

Whatever a message or a traceback quotes goes through `without_persons`: a mail server's answer names the reader, an
unexpected error the data that it met. Ids stand in fields of their own (bewithu/correlation.py), as they are.
"""

from __future__ import annotations

import json
import logging
import re
import sys
from datetime import UTC, datetime

from rich.console import Console
from rich.logging import RichHandler

from bewithu.addresses import mask_logins
from bewithu.correlation import ids_of
from bewithu.log_settings import Log
from schemas.national_number import mask

#: Our own loggers begin so.
OURS = ("alerts", "bewithu", "sinks", "streams")
#: Lines for each batch and refresh: a trail for files, too much for eyes.
TRAIL = "bewithu.trail"
#: Faust and aiokafka tell of every rebalance, the store's client of every try that failed; what matters of it is in
#: readiness, metrics and our own messages.
_TALKATIVE = ("faust", "mode", "aiokafka", "urllib3", "clickhouse_connect")
_ADDRESS = re.compile(r"[^\s<>\"'(),;:*@/\\]+@[A-Za-z0-9.-]+\w")
_PSEUDONYM = re.compile(r"(?<![0-9A-Za-z])[0-9a-fA-F]{32}(?![0-9A-Za-z])")


def without_persons(text: str) -> str:
    """`text` without national numbers, pseudonyms, e-mail addresses and logins."""
    return mask(_PSEUDONYM.sub("(pseudonym)", _ADDRESS.sub("(address)", mask_logins(text))))


class TextLines(logging.Formatter):
    """The message, its ids, and the traceback of what went wrong."""

    def format(self, record: logging.LogRecord) -> str:
        record.message = record.getMessage()
        if self.usesTime():
            record.asctime = self.formatTime(record)
        line = without_persons(self.formatMessage(record))
        found = "".join(f" {name}={_in_text(value)}" for name, value in ids_of(record).items())
        return f"{line}{found}{_trouble(self, record, before=chr(10))}"


class JsonLines(logging.Formatter):
    """An object for each message: `at`, `level`, `logger`, `message`, its ids, and `error`, a traceback."""

    def format(self, record: logging.LogRecord) -> str:
        at = datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds")
        line = {
            "at": at.replace("+00:00", "Z"),
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": without_persons(record.getMessage()),
            **ids_of(record),
        }
        if trouble := _trouble(self, record):
            line["error"] = trouble
        return json.dumps(line, ensure_ascii=False, default=str)


def log_to(handler: logging.Handler, level: int, talkative: bool) -> None:
    """All lines of this process go to `handler`: ours from `level` on, others' warnings."""
    root = logging.getLogger()
    for each in root.handlers[:]:
        root.removeHandler(each)
    root.addHandler(handler)
    root.setLevel(logging.INFO if talkative else logging.WARNING)
    for name in OURS:
        logging.getLogger(name).setLevel(level)
    for name in _TALKATIVE:
        logging.getLogger(name).setLevel(logging.INFO if talkative else logging.ERROR)


def log_as_command(verbose: bool) -> None:
    """As commands do: text, coloured on a terminal."""
    log_to(_text_handler(), logging.INFO, verbose)
    logging.getLogger(TRAIL).setLevel(logging.INFO if verbose else logging.WARNING)


def log_as_worker(settings: Log, verbose: bool) -> None:
    """As `BEWITHU_LOG__…` says. The trail is left out on a terminal, unless it is asked for."""
    watched = sys.stderr.isatty()
    as_json = settings.format == "json" or (settings.format is None and not watched)
    log_to(
        _handler(JsonLines()) if as_json else _text_handler(),
        logging.getLevelNamesMapping()[settings.level.upper()],
        verbose,
    )
    hidden = watched and not as_json and not verbose
    logging.getLogger(TRAIL).setLevel(logging.WARNING if hidden else logging.NOTSET)


def _text_handler() -> logging.Handler:
    """Colours on a terminal; in a file one whole line for each message, so that it can be searched."""
    if not sys.stderr.isatty():
        return _handler(TextLines("%(asctime)s %(levelname)s %(name)s: %(message)s"))
    coloured = RichHandler(console=Console(stderr=True), show_path=False, rich_tracebacks=False)
    coloured.setFormatter(TextLines("%(message)s"))
    return coloured


def _handler(formatter: logging.Formatter) -> logging.Handler:
    handler = logging.StreamHandler()
    handler.setFormatter(formatter)
    return handler


def _in_text(value: object) -> str:
    return ",".join(map(str, value)) if isinstance(value, list | tuple) else str(value)


def _trouble(formatter: logging.Formatter, record: logging.LogRecord, before: str = "") -> str:
    if not record.exc_info:
        return ""
    return before + without_persons(formatter.formatException(record.exc_info))
