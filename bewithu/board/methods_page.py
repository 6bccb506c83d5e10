"""All indicators with their definitions, by what they are about."""

from __future__ import annotations

from dataclasses import dataclass

from bewithu.board.asked import Asked
from bewithu.board.data import BoardData, IndicatorInfo
from bewithu.board.definition import Fact, definition_facts
from bewithu.board.labels import EVENTS, label
from bewithu.board.words import mark, plain
from schemas.indicators import Completeness, Derived, Freshness, counting, sides_of

_DATA_QUALITY = mark("Quality of the data")


@dataclass(frozen=True, slots=True)
class Method:
    """`found_by`: what a reader may type to find it, without accents and capitals."""

    id: str
    name: str
    explanation: str
    facts: tuple[Fact, ...]
    found_by: str


@dataclass(frozen=True, slots=True)
class Topic:
    id: str
    name: str
    methods: tuple[Method, ...]


@dataclass(frozen=True, slots=True)
class MethodsPage:
    asked: Asked
    topics: tuple[Topic, ...]
    count: int


def build_methods_page(data: BoardData, asked: Asked) -> MethodsPage:
    """From memory."""
    words = asked.words
    by_topic: dict[str, list[Method]] = {}
    for info in asked.infos:
        topic = topic_of(data, info.id)
        by_topic.setdefault(topic, []).append(_method(data, info, asked))
    topics = [
        Topic(
            id=f"topic-{topic or 'quality'}",
            name=label(EVENTS, topic, words) if topic else words.gettext(_DATA_QUALITY),
            methods=tuple(sorted(methods, key=lambda each: plain(each.name))),
        )
        for topic, methods in by_topic.items()
    ]
    ordered = tuple(sorted(topics, key=lambda each: (each.id == "topic-quality", plain(each.name))))
    return MethodsPage(asked, ordered, len(asked.infos))


def topic_of(data: BoardData, indicator: str) -> str:
    """The event type that it is told of; empty for what tells of the data themselves."""
    definition = data.definition(indicator)
    counted = data.definition(sides_of(definition)[0]) if isinstance(definition, Derived) else definition
    if isinstance(counted, Completeness | Freshness | Derived):
        return ""
    return counting(counted).event


def _method(data: BoardData, info: IndicatorInfo, asked: Asked) -> Method:
    words = asked.words
    name, explanation = words.named(info.names, info.id), words.named(info.explanations, "")
    return Method(
        id=info.id,
        name=name,
        explanation=explanation,
        facts=definition_facts(data.definition(info.id), info, asked.by_id, words),
        found_by=plain(f"{name} {explanation} {info.id}"),
    )
