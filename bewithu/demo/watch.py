"""Collects what the terminal view shows, a few times a second."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator

from bewithu.demo.platform import Choices, Platform
from bewithu.demo.run import Story


@contextlib.contextmanager
def watching(platform: Platform, choices: Choices, story: Story) -> Iterator[Callable[[], None]]:
    yield lambda: None
