"""How far a demo has come; the view reads it while the run writes it."""

from __future__ import annotations

import asyncio
import time
from dataclasses import dataclass, field

from bewithu import simulator


@dataclass(frozen=True, slots=True)
class Asked:
    """What whoever runs the demo asked for: to end it, and then not to wait for what is under way either."""

    end: asyncio.Event = field(default_factory=asyncio.Event)
    at_once: asyncio.Event = field(default_factory=asyncio.Event)

    def ask(self) -> None:
        """Ctrl-C was pressed, or the process told to end."""
        (self.at_once if self.end.is_set() else self.end).set()


@dataclass
class Story:
    """`phase` as the view shows it. `progress` is what the agencies have published so far."""

    started: float = field(default_factory=time.monotonic)
    phase: str = "starting the worker"
    progress: simulator.Progress | None = None

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started
