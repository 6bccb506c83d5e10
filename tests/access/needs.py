"""What rights statements need, by the engine's own parser, and a database that notes them with the lines that ask."""

from __future__ import annotations

import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import wraps
from pathlib import Path
from typing import Any

from sinks.clickhouse.database import Database, _into
from sinks.clickhouse.literal import text

#: A privilege on a table, or on everything.
Need = tuple[str, str]
EVERYTHING = "*.*"
STORE = Path(__file__).parents[2] / "sinks" / "clickhouse"
#: The calls that send something.
SENDING = frozenset(
    {
        *("rows", "frame", "value", "run", "define"),
        *("insert", "insert_columns", "insert_frame", "insert_avro", "insert_avro_select", "insert_selected"),
    }
)
_TEMPORARY: Need = ("CREATE TEMPORARY TABLE", EVERYTHING)
_NODE = re.compile(r"^(?P<depth> *)(?P<kind>\w+) *(?P<name>[^(\n]*?)(?: \(.*)?$", re.MULTILINE)
_NAMED = re.compile(r"\b(\w+)\s+AS\s*\(\s*(?:SELECT|WITH)\b")
_COMMANDS = {
    "DELETE": "ALTER DELETE",
    "UPDATE": "ALTER UPDATE",
    "APPLY_DELETED_MASK": "ALTER DELETE",
}


def needs_of(database: Database, statement: str, **parameters: Any) -> frozenset[Need]:
    """Raises where the engine does not take the statement, or where it is of a kind that is not known here."""
    rows = database.rows(f"EXPLAIN AST {statement}", **parameters)
    # The tree does not tell what a query names with WITH.
    named = set(_NAMED.findall(statement))
    return _needs_of_tree("\n".join(str(line) for (line,) in rows), named)


def _needs_of_tree(tree: str, named: set[str]) -> frozenset[Need]:
    nodes = [(len(node["depth"]), node["kind"], node["name"].strip()) for node in _NODE.finditer(tree)]
    found: set[Need] = set()
    kind = nodes[0][1]
    match kind:
        case "SelectWithUnionQuery" | "SelectQuery" | "SelectIntersectExceptQuery":
            pass
        case "InsertQuery":
            found.add(("INSERT", _target(nodes)))
        case "DeleteQuery":
            found.add(("ALTER DELETE", _target(nodes)))
        case "TruncateQuery":
            found.add(("TRUNCATE", _target(nodes)))
        case "AlterQuery":
            commands = [name for _, kind, name in nodes if kind == "AlterCommand"]
            found |= {(_COMMANDS[command], _target(nodes)) for command in commands}
        case _:
            raise AssertionError(f"what does a {kind} need?\n{tree}")
    found |= {("SELECT", name) for _, kind, name in nodes if kind == "TableIdentifier" and name not in named}
    for (_, kind, _), following in zip(nodes, [*nodes[1:], nodes[0]], strict=True):
        if kind == "TableExpression" and following[1] == "Function":
            assert following[2] in ("input", "file", "clusterAllReplicas"), following
            found.add(_TEMPORARY)
            if following[2] == "clusterAllReplicas":
                found.add(("REMOTE", EVERYTHING))
    found |= {
        ("SELECT", looked_up) for looked_up in re.findall(r"Function joinGet .*\n.*\n *Literal '(\w+)'", tree)
    }
    return frozenset(found)


def _target(nodes: Sequence[tuple[int, str, str]]) -> str:
    return next(name for depth, kind, name in nodes if depth == 1 and kind == "Identifier")


@dataclass
class Recorder:
    """Stands for a database, and a server's at that, and lets everything through. `lines` are those that asked."""

    inner: Database
    needs: dict[Need, str] = field(default_factory=dict)
    lines: set[tuple[str, int]] = field(default_factory=set)
    statements: set[str] = field(default_factory=set)
    embedded: bool = False
    #: Off while a test looks for itself.
    on: bool = True

    def __getattr__(self, name: str) -> Any:
        found = getattr(self.inner, name)
        if name not in SENDING or not self.on:
            return found
        self._note_lines()

        @wraps(found)
        def noted(*arguments: Any, **named: Any) -> Any:
            self._note(name, arguments, named)
            return found(*arguments, **named)

        return noted

    def _note_lines(self) -> None:
        frame = sys._getframe(2)
        while frame is not None:
            if frame.f_code.co_filename.startswith(str(STORE)):
                self.lines.add((Path(frame.f_code.co_filename).name, frame.f_lineno))
            frame = frame.f_back  # type: ignore[assignment]

    def _note(self, call: str, arguments: Sequence[Any], named: Mapping[str, Any]) -> None:
        asked, parameters = str(arguments[0]), dict(named)
        match call:
            case "insert" | "insert_columns" | "insert_avro":
                asked, parameters = f"INSERT INTO {asked} VALUES", {}
            case "insert_frame":
                # A server's, whose terms are looked at.
                term = 1 if len(arguments) > 2 or "term" in named else None
                asked, parameters = f"INSERT INTO {_into(asked, arguments[1], term)}", {}
                asked += "" if term else " VALUES"
            case "insert_avro_select":
                asked, parameters = f"INSERT INTO {asked} input({text(arguments[1])})", {}
        if asked not in self.statements:
            self.statements.add(asked)
            for need in needs_of(self.inner, asked, **parameters):
                self.needs.setdefault(need, asked)
