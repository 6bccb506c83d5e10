"""HTML as a tree that tests can ask questions of."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = {"meta", "link", "input", "br", "img", "hr"}


@dataclass
class Element:
    """An element; `texts` are its own pieces of text, in order, without those of its children."""

    name: str
    attributes: dict[str, str]
    parent: Element | None = None
    children: list[Element] = field(default_factory=list)
    texts: list[str] = field(default_factory=list)

    def all(self, name: str = "") -> Iterator[Element]:
        """The elements within, of one name or of any, in order."""
        for child in self.children:
            if not name or child.name == name:
                yield child
            yield from child.all(name)

    def text(self) -> str:
        """All text within, in no particular order between an element's own and its children's."""
        return " ".join([*self.texts, *(child.text() for child in self.children)]).strip()

    def within(self, name: str) -> bool:
        return self.parent is not None and (self.parent.name == name or self.parent.within(name))


class _Builder(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Element("", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, self._open[-1])
        self._open[-1].children.append(element)
        if tag not in VOID:
            self._open.append(element)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        element = Element(tag, {name: value or "" for name, value in attrs}, self._open[-1])
        self._open[-1].children.append(element)

    def handle_endtag(self, tag: str) -> None:
        closed = self._open.pop()
        assert closed.name == tag, f"<{closed.name}> is closed by </{tag}>"

    def handle_data(self, data: str) -> None:
        if data.strip():
            self._open[-1].texts.append(data.strip())

    def close(self) -> None:
        super().close()
        assert self._open == [self.root], f"not closed: {[element.name for element in self._open[1:]]}"


def parse(html: str) -> Element:
    """The document; fails where tags do not match."""
    builder = _Builder()
    builder.feed(html)
    builder.close()
    return builder.root
