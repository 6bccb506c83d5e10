"""axe-core, which finds what readers with a disability cannot use: fetched by `make axe`, run in a tab of a browser."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Final

from tests.parts.require import require_part

_FILE: Final = Path(__file__).parent.parent / "axe" / "target" / "axe_playwright_python" / "axe.min.js"

#: WCAG 2.2, levels A and AA, with all of its predecessors.
_TAGS: Final = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]

#: One line for each thing that is wrong: the rule, and where.
CHECK: Final = f"""axe.run(document, {{runOnly: {_TAGS}, resultTypes: ["violations"]}}).then((found) =>
  found.violations.flatMap((each) =>
    each.nodes.map((node) => [each.id, node.target.join(" "), node.failureSummary].join(": "))))"""


@cache
def axe_script() -> str:
    """The script that defines `axe`. Skips where it was not fetched."""
    require_part("axe-core", _FILE.exists(), "Fetch it with: make axe")
    return _FILE.read_text("utf-8")
