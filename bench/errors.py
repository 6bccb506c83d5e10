"""Why a benchmark has no result.

BenchError
├── PartMissing       something that it runs on is not on this machine
├── PublishError      the broker did not acknowledge all that was sent
└── ContenderError    a contender failed, or did not store what it was given
"""

from __future__ import annotations


class BenchError(RuntimeError):
    """Root of all errors of a run; the message is for a person."""


class PartMissing(BenchError):
    """A broker, uv or another part is missing; the message says how to get it."""


class PublishError(BenchError):
    """The broker does not hold the events."""


class ContenderError(BenchError):
    """The message has the end of the contender's log."""
