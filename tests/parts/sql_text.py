"""Reading of a ClickHouse statement what its HTTP interface must know: where data begin, which format."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass

# Comments and quoted text come first, so that no keyword is found inside them.
_TOKEN = re.compile(
    rb"""(?P<skip> \s+ | --[^\n]* | \#[ !][^\n]* | /\*.*?\*/ )
       | (?P<quoted> '(?:[^'\\]|\\.|'')*' | "(?:[^"\\]|\\.|"")*" | `(?:[^`\\]|\\.|``)*` )
       | (?P<word> [A-Za-z_]\w* )
       | (?P<other> . )""",
    re.VERBOSE | re.DOTALL,
)
# Between FORMAT's name and the data stand blanks and at most one line end, which are no data.
_BEFORE_DATA = re.compile(rb"[ \t\f]*\r?\n?")
# `INSERT INTO … SELECT … FROM input('structure') FORMAT …` has its data behind it like a plain insert.
_INPUT = re.compile(r"\binput\((?P<structure>'(?:[^'\\]|\\.|'')*')\)")
_SELECTS = (b"SELECT", b"WITH", b"FROM", b"WATCH")


@dataclass(frozen=True, slots=True)
class InsertWithData:
    """`INSERT INTO … [SETTINGS …] FORMAT …` and the bytes behind it."""

    target: str
    settings: str
    format: str
    data: bytes

    def from_file(self, path: str) -> str:
        """The same insert, reading its data from a file."""
        if found := _INPUT.search(self.target):
            source = f"file('{path}', '{self.format}', {found['structure']})"
            rest = self.target[found.end() :].rstrip()
            return f"{self.target[: found.start()]}{source}{rest} {self.settings}"
        return f"{self.target} FROM INFILE '{path}' {self.settings} FORMAT {self.format}"


@dataclass(frozen=True, slots=True)
class _Word:
    """An unquoted word outside all brackets, in capitals, and where it stands."""

    text: bytes
    start: int
    end: int
    after: bytes  # the word or sign right before it, in capitals; b"" at the beginning


def split_insert(statement: bytes) -> InsertWithData | None:
    """The parts of an insert that brings its data in a format; None for every other statement."""
    settings_at: int | None = None
    previous: _Word | None = None
    selects = False
    for number, word in enumerate(_words(statement)):
        if number == 0 and word.text != b"INSERT":
            return None
        if word.text == b"VALUES":
            return None
        if word.text in _SELECTS:
            selects = True
        if word.text == b"INPUT" and word.after == b"FROM":
            selects = False
        if word.text == b"SETTINGS" and settings_at is None:
            settings_at = word.start
        if previous is not None and word.after == previous.text == b"FORMAT":
            return (
                None if selects else _split_at(statement, settings_at or previous.start, previous.start, word)
            )
        previous = word
    return None


def _split_at(statement: bytes, target_end: int, settings_end: int, name: _Word) -> InsertWithData:
    gap = _BEFORE_DATA.match(statement, name.end)
    return InsertWithData(
        target=statement[:target_end].decode(),
        settings=statement[target_end:settings_end].decode(),
        format=statement[name.start : name.end].decode(),
        data=statement[gap.end() if gap else name.end :],
    )


def output_format(statement: bytes) -> str | None:
    """The name behind a closing `FORMAT` (a `SETTINGS` clause may follow), or None without one."""
    words = list(_words(statement))
    for index, name in enumerate(words):
        behind = words[index + 1 : index + 2]
        if name.after == b"FORMAT" and (not behind or behind[0].text == b"SETTINGS"):
            return statement[name.start : name.end].decode()
    return None


def _words(statement: bytes) -> Iterator[_Word]:
    depth = 0
    before = b""
    for token in _TOKEN.finditer(statement):
        if token.lastgroup == "skip":
            continue
        text = token.group().upper()
        if token.lastgroup == "other":
            depth += {b"(": 1, b")": -1}.get(text, 0)
        # A word behind a dot is a name, even if it reads like a keyword.
        elif token.lastgroup == "word" and depth == 0 and before != b".":
            yield _Word(text, token.start(), token.end(), before)
        before = text
