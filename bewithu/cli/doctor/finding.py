"""What a check found: one line, and how to mend it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from bewithu.addresses import mask_logins
from bewithu.errors import BewithuError, DefinitionError

State = Literal["ok", "warning", "failed"]


@dataclass(frozen=True, slots=True)
class Finding:
    """`mend` is empty where all is well."""

    what: str
    state: State
    detail: str
    mend: str = ""


def ok(what: str, detail: str) -> Finding:
    return Finding(what, "ok", detail)


def warning(what: str, detail: str, mend: str) -> Finding:
    return Finding(what, "warning", detail, mend)


def failed(what: str, detail: str, mend: str) -> Finding:
    return Finding(what, "failed", detail, mend)


#: A check of a part: its name, what it looks at, what to do when it cannot be asked.
Check = tuple[str, Callable[[], Iterable[Finding]], str]


def carried_out(checks: Iterable[Check]) -> Iterator[Finding]:
    """Every finding, without logins. A part that is away is one finding."""
    for what, look, mend in checks:
        try:
            for found in look():
                yield Finding(found.what, found.state, mask_logins(found.detail), found.mend)
        except DefinitionError as error:
            yield failed(what, str(error), "mend the files at these lines")
        except BewithuError as error:
            yield failed(what, mask_logins(str(error)), mend)
