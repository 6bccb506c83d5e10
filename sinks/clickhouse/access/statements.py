"""Who may do what in ClickHouse, as statements: a file of SQL for each kind of user, filled in here.

Each statement says how things should be, so all of them can be carried out again. docs/security.md has the users.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from importlib.resources import files

from schemas.areas import COUNTRY, area, areas, is_within
from sinks.clickhouse.access.passwords import Secret
from sinks.clickhouse.literal import text, texts
from sinks.clickhouse.script import statements_of

ADMIN, WORKER, GRAFANA = "bewithu_admin", "bewithu_worker", "bewithu_grafana"
#: Reads all that is published.
READER = "bewithu_published"
#: Dashboards read these views and nothing else.
PUBLISHED = "published_"
#: What indicators are and things are called: of no area, without a figure. Readers of an area have them as well.
WORDS = frozenset({"published_indicators", "published_names"})


@dataclass(frozen=True, slots=True)
class Asked:
    """`views` are the published ones by their columns, `areas` those of which a reader sees no other.

    `secrets` are by user. `stale` are views of area databases, by database, that are published no more. `maker` is who
    carries it out: nobody can give rights to themselves. `beside` another database, the worker and the admin keep their
    rights there, and readers stay with it: nothing is said of them.
    """

    database: str
    views: Mapping[str, Sequence[str]]
    areas: Sequence[str] = ()
    secrets: Mapping[str, Secret] = field(default_factory=dict)
    stale: Mapping[str, Sequence[str]] = field(default_factory=dict)
    cluster: str = ""
    maker: str = ADMIN
    beside: bool = False


@dataclass(frozen=True, slots=True)
class Given:
    """A statement, and which user it is for; it holds no password, but may hold a hash of one."""

    user: str
    statement: str


def statements(asked: Asked) -> tuple[Given, ...]:
    """In the order in which they are carried out. Raises `UnknownArea`."""
    return tuple(_all(asked))


def _all(asked: Asked) -> Iterator[Given]:
    if asked.maker != ADMIN:
        yield from _user(asked, ADMIN)
        yield from _filled("admin", asked, ADMIN)
    yield from _user(asked, WORKER)
    yield from _filled("worker", asked, WORKER)
    if asked.cluster:
        yield from _filled("worker_on_cluster", asked, WORKER)
    if not asked.beside:
        yield from _readers(asked)


def _readers(asked: Asked) -> Iterator[Given]:
    yield from _filled("limits", asked, GRAFANA)
    for view in sorted(asked.views):
        yield from _filled("published", asked, GRAFANA, view=quoted(view))
    yield from _reader(asked, GRAFANA, READER, asked.database, f"{quoted(asked.database)}.{PUBLISHED}*")
    for code in sorted(set(asked.areas)):
        yield from _area(asked, code)


def _area(asked: Asked, code: str) -> Iterator[Given]:
    inside, own, user = texts(subtree(code)), area_database(asked.database, code), area_user(code)
    yield Given(user, f"CREATE DATABASE IF NOT EXISTS {quoted(own)}{_on(asked)}")
    for view, columns in sorted(asked.views.items()):
        # What else has no area is not told apart: it may be of all areas together.
        if "area" in columns or view in WORDS:
            template = "area_view" if "area" in columns else "word_view"
            yield from _filled(
                template, asked, user, area_database=quoted(own), view=quoted(view), areas=inside
            )
    for view in asked.stale.get(own, ()):
        yield Given(user, f"DROP VIEW IF EXISTS {quoted(own)}.{quoted(view)}{_on(asked)}")
    yield from _reader(asked, user, f"bewithu_published_{code}", own, f"{quoted(own)}.*")


def _reader(asked: Asked, user: str, role: str, database: str, readable: str) -> Iterator[Given]:
    yield from _user(asked, user)
    yield from _filled("reader", asked, user, role=role, readable=readable, database=quoted(database))


def _user(asked: Asked, user: str) -> Iterator[Given]:
    """Who has no password given keeps the one that they have."""
    secret = asked.secrets.get(user)
    if secret is not None:
        yield from _filled("user", asked, user, hash=text(secret.hash), salt=text(secret.salt))


def _filled(template: str, asked: Asked, user: str, **words: str) -> Iterator[Given]:
    known = {
        "database": quoted(asked.database),
        "area_databases": quoted(area_database(asked.database, "")),
        "on_cluster": _on(asked),
        "user": user,
        "replacing": "" if asked.beside else " WITH REPLACE OPTION",
        "maker": quoted(asked.maker),
        **words,
    }
    filled = (files("sinks.clickhouse.access") / f"{template}.sql").read_text("utf-8")
    for word, value in known.items():
        filled = filled.replace(f"{{{word}}}", value)
    for statement in statements_of(filled):
        yield Given(user, statement)


def _on(asked: Asked) -> str:
    return f" ON CLUSTER {asked.cluster}" if asked.cluster else ""


def subtree(code: str) -> tuple[str, ...]:
    """The area and all that lie in it. Raises `UnknownArea`, which names what a merged municipality is today."""
    if code == COUNTRY:
        raise ValueError(f"{COUNTRY} is everything: {GRAFANA} reads that")
    return tuple(each for each in areas() if is_within(each, area(code).code))


def area_database(database: str, code: str) -> str:
    """Where an area's reader finds views of the usual names."""
    return f"{database}_area_{code}"


def users_of(codes: Iterable[str]) -> frozenset[str]:
    """All users that there are, with these areas' readers."""
    return frozenset({ADMIN, WORKER, GRAFANA, *map(area_user, codes)})


def area_user(code: str) -> str:
    return f"{GRAFANA}_{code}"


def quoted(name: str) -> str:
    """An identifier that may hold anything but what ends it."""
    if not name or "`" in name or "\\" in name:
        raise ValueError(f"{name!r} is no name of a database or view")
    return f"`{name}`"
