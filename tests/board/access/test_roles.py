"""The file of roles: what is wrong is told with file, line and field, all of it at once."""

from __future__ import annotations

from pathlib import Path

import pytest

from bewithu.board.access.roles import load_roles
from bewithu.errors import DefinitionError
from tests.board.access.logins import LIEGE_CITY

GOOD = """roles:
  - group: cpas
    role: reader
    areas: ["62063", "02000"]
  - user: ann@example.be
    role: coordinator
    areas: [BE]
  - group: ops
    role: operator
"""


def test_grants_add_up(tmp_path: Path) -> None:
    (tmp_path / "roles.yaml").write_text(GOOD)
    book = load_roles(tmp_path / "roles.yaml")
    found = book.grants("ann@example.be", {"cpas", "others"})
    assert {(each.role, each.area) for each in found} == {
        ("reader", LIEGE_CITY), ("reader", "02000"), ("coordinator", "BE"),
    }  # fmt: skip
    assert [(each.role, each.area) for each in book.grants("x", ["ops"])] == [("operator", "BE")]
    # A user who is called like a group is none of it, and the other way round.
    assert book.grants("ops", ["ann@example.be"]) == frozenset()


@pytest.mark.parametrize(
    ("wrong", "right", "line", "said"),
    [
        ("role: reader", "rolle: reader", 3, "did you mean 'role'?"),
        ("role: reader", "role: raeder", 3, "'reader', 'coordinator' or 'operator', got 'raeder'"),
        ('"62063"', '"62064"', 4, "62064"),
        ('"62063"', '"11007"', 4, "merged into another: write '11002' (Antwerpen) instead"),
        ('"62063"', "Liege", 4, "Liège"),
        ('"62063"', "62063", 4, "write the area code in quotes"),
        ("    areas: [BE]\n", "", 5, "a coordinator is one of areas: name them"),
        ("role: operator", "role: operator\n    areas: [BE]", 8, "leave areas out"),
        ("group: cpas", "group: cpas\n    user: x", 2, "either a group or a user"),
        ("group: cpas", "group: 'a,b'", 2, "pattern"),
        ("roles:", "rols:", 1, "did you mean 'roles'?"),
    ],
)
def test_what_is_wrong_is_told_with_its_line(
    tmp_path: Path, wrong: str, right: str, line: int, said: str
) -> None:
    (tmp_path / "roles.yaml").write_text(GOOD.replace(wrong, right, 1))
    with pytest.raises(DefinitionError) as caught:
        load_roles(tmp_path / "roles.yaml")
    assert f"roles.yaml:{line}" in str(caught.value)
    assert said in str(caught.value)
