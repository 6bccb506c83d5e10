"""Reads YAML that people write, and says exactly where it is wrong: file, line, field, expectation."""

from __future__ import annotations

import difflib
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import cache
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import TypeAdapter, ValidationError
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from bewithu.errors import DefinitionError, Problem

T = TypeVar("T")
Location = tuple[str | int, ...]
#: How deep a text may nest, at most, to be read by libyaml, which runs out of stack somewhere above 20 000.
_DEEPEST = 5_000
#: Of each model one: making it takes longer than reading a file.
_adapter: Callable[[Any], TypeAdapter[Any]] = cache(TypeAdapter)


class Source:
    """One YAML file: its data, and the line of every place in it."""

    def __init__(self, name: str, text: str) -> None:
        self.name = name
        try:
            node, self.data = _parsed(text)
            self._lines = dict(_lines(node, ())) if node else {}
            twice = list(_given_twice(node, ())) if node else []
        # PyYAML lets the errors of its constructors pass: an impossible date, a tag that does not fit its value.
        except (yaml.YAMLError, ValueError, AttributeError, KeyError, RecursionError) as error:
            raise DefinitionError([_unreadable(name, text, error)]) from error
        if twice:
            message = "is given twice; the second would win in silence"
            raise DefinitionError(
                [Problem(name, line, ".".join(map(str, place)), message) for place, line in twice]
            )

    def line(self, location: Location) -> int:
        """The line of `location`, or of the nearest place around it."""
        while location and location not in self._lines:
            location = location[:-1]
        return self._lines.get(location, 1)

    def problem(self, location: Location, message: str) -> Problem:
        return Problem(self.name, self.line(location), ".".join(map(str, location)), message)


def _parsed(text: str) -> tuple[Node | None, Any]:
    """The document as it is written, and what it says."""
    loader = _loader(text)
    try:
        node = loader.get_single_node()
        return node, loader.construct_document(node) if node else None
    finally:
        loader.dispose()


def _loader(text: str) -> yaml.CSafeLoader | yaml.SafeLoader:
    """Ten times faster where it can be: a start reads some ninety files."""
    brackets = text.count("[") + text.count("{")
    # Without brackets, a level is a column wide or more.
    columns = max(map(len, text.splitlines()), default=0)
    if not yaml.__with_libyaml__ or brackets + columns > _DEEPEST:
        return yaml.SafeLoader(text)
    return yaml.CSafeLoader(text)


def read(path: Path | Traversable) -> Source:
    """Raises `DefinitionError` when the file is missing or is not YAML."""
    try:
        return Source(path.name if not isinstance(path, Path) else str(path), path.read_text("utf-8"))
    except OSError as error:
        raise DefinitionError([Problem(str(path), 0, "", f"cannot be read: {error.strerror}")]) from error
    except UnicodeDecodeError as error:
        raise DefinitionError([Problem(str(path), 0, "", "is not UTF-8 text")]) from error


def validate(source: Source, model: type[T]) -> T:
    """The source's data as `model`. Raises `DefinitionError` with every problem and its line."""
    adapter: TypeAdapter[T] = _adapter(model)
    try:
        return adapter.validate_python(source.data)
    except ValidationError as error:
        known = _field_names(adapter.json_schema())
        raise DefinitionError(list(_problems(source, error, known))) from error


def suggestion(name: str, known: Iterable[str]) -> str:
    """` (did you mean …?)` for a misspelt name, or nothing."""
    close = difflib.get_close_matches(name, list(known), n=1)
    return f" (did you mean {close[0]!r}?)" if close else ""


def _problems(source: Source, error: ValidationError, known: Sequence[str]) -> Iterator[Problem]:
    for detail in error.errors():
        tagged = detail["type"] in ("union_tag_invalid", "union_tag_not_found")
        tag = (detail["ctx"]["discriminator"].strip("'"),) if tagged else ()
        location = _in_file((*detail["loc"], *tag), source.data)
        message = detail["msg"]
        if detail["type"] == "extra_forbidden":
            message = f"is not a field of this definition{suggestion(str(location[-1]), known)}"
        elif detail["type"] == "union_tag_invalid":
            tags = detail["ctx"]["expected_tags"]
            near = suggestion(detail["ctx"]["tag"], tags.replace("'", "").split(", "))
            message = f"is {detail['ctx']['tag']!r}, expected one of {tags}{near}"
        elif detail["type"] in ("missing", "union_tag_not_found"):
            message = "is missing"
        elif isinstance(detail["input"], str | int | float | bool):
            message = f"{detail['msg']}, got {detail['input']!r}"
        yield source.problem(location, message)


def _in_file(location: Location, data: Any) -> Location:
    """Pydantic's location without what is not in the file: union tags, and its mark of a key. A missing field stays."""
    location = tuple(part for part in location if part != "[key]")
    kept: list[str | int] = []
    for index, part in enumerate(location):
        inside: Any = dict(enumerate(data)) if isinstance(data, list) else data
        if isinstance(inside, Mapping) and part in inside:
            data = inside[part]
        elif index + 1 < len(location):
            continue
        kept.append(part)
    return tuple(kept)


def _field_names(schema: Mapping[str, Any]) -> list[str]:
    """Every field that a model or a part of it has."""
    shapes = [schema, *schema.get("$defs", {}).values()]
    return [name for shape in shapes for name in shape.get("properties", {})]


def _unreadable(name: str, text: str, error: Exception) -> Problem:
    mark = getattr(error, "problem_mark", None)
    reason = getattr(error, "problem", None) or str(error) or "unreadable"
    if mark is not None:
        return Problem(name, mark.line + 1, "", f"is not YAML: {reason}")
    line = 0 if isinstance(error, yaml.YAMLError | RecursionError) else _line_of_bad_scalar(text)
    return Problem(name, line, "", f"is not YAML: {reason}")


def _line_of_bad_scalar(text: str) -> int:
    """The line of a scalar that looks like a date or a number and is none: PyYAML does not tell where it was."""
    loader = _loader(text)
    try:
        waiting = [node] if (node := loader.get_single_node()) else []
        while waiting:
            node = waiting.pop()
            if isinstance(node, ScalarNode):
                try:
                    loader.construct_object(node)
                except (ValueError, AttributeError, KeyError):
                    return int(node.start_mark.line) + 1
            elif isinstance(node, SequenceNode):
                waiting += node.value
            elif isinstance(node, MappingNode):
                waiting += [part for pair in node.value for part in pair]
    except (yaml.YAMLError, RecursionError):
        return 0
    finally:
        loader.dispose()
    return 0


def _given_twice(node: Node, location: Location) -> Iterator[tuple[Location, int]]:
    if isinstance(node, MappingNode):
        seen: set[str] = set()
        for key, value in node.value:
            if key.value in seen:
                yield (*location, key.value), key.start_mark.line + 1
            seen.add(key.value)
            yield from _given_twice(value, (*location, key.value))
    elif isinstance(node, SequenceNode):
        for index, item in enumerate(node.value):
            yield from _given_twice(item, (*location, index))


def _lines(node: Node, location: Location) -> Iterator[tuple[Location, int]]:
    yield location, node.start_mark.line + 1
    if isinstance(node, MappingNode):
        for key, value in node.value:
            yield (*location, key.value), key.start_mark.line + 1
            for place, line in _lines(value, (*location, key.value)):
                if place != (*location, key.value):
                    yield place, line
    elif isinstance(node, SequenceNode):
        for index, item in enumerate(node.value):
            yield from _lines(item, (*location, index))
