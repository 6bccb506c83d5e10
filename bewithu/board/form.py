"""What forms of the board hold, checked."""

from __future__ import annotations

from aiohttp import web
from multidict import MultiMapping

from bewithu.board.act_page import LONGEST_REASON
from bewithu.board.acting import LENGTHS
from bewithu.board.problems import RequestProblem

Form = MultiMapping[str | bytes | bytearray | web.FileField]


def field(form: Form, name: str) -> str:
    """Empty where there is no such text."""
    value = form.get(name, "")
    return value if isinstance(value, str) else ""


def days(text: str) -> int:
    """One of `LENGTHS`. Raises `RequestProblem`."""
    allowed = {str(days): days for days in LENGTHS}
    if text not in allowed:
        raise RequestProblem(400, "days", text, f"one of {', '.join(allowed)}")
    return allowed[text]


def one_line(text: str) -> str:
    """Operators read it in a terminal: nothing in it may steer one."""
    printable = "".join(each if each.isprintable() else " " for each in text[: 10 * LONGEST_REASON])
    return " ".join(printable.split())[:LONGEST_REASON]
