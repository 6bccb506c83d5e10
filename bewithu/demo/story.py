"""How far a demo has come; the view reads it while the run writes it."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from bewithu import simulator


@dataclass
class Story:
    """`phase` as the view shows it. `progress` is what the agencies have published so far."""

    started: float = field(default_factory=time.monotonic)
    phase: str = "starting the worker"
    progress: simulator.Progress | None = None

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.started
