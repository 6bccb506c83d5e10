"""What ClickHouse keeps on disk, told from its folder: to ask for it would be work of which it is not free."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_BLOCK = 512


@dataclass(frozen=True, slots=True)
class Part:
    """A part by its folder's name, `<partition>_<first block>_<last block>_<level>[_<mutation>]`."""

    partition: str
    first: int
    last: int
    level: int
    mutation: int

    @classmethod
    def of(cls, name: str) -> Part | None:
        """None for what is no part in use: one that is being written, or set aside."""
        words = name.split("_")
        if not 4 <= len(words) <= 5 or not all(word.isdecimal() for word in words[1:]):
            return None
        first, last, level, *mutation = map(int, words[1:])
        return cls(words[0], first, last, level, mutation[0] if mutation else 0)

    def covers(self, other: Part) -> bool:
        """Whether it was made out of the other one, which then waits to be removed."""
        return (
            self != other
            and self.first <= other.first
            and self.last >= other.last
            and (self.level, self.mutation) >= (other.level, other.mutation)
        )


@dataclass(frozen=True, slots=True)
class Stored:
    """`parts`: active ones, by table. `active_bytes`: on disk, of these; `bytes`: of everything in the folder."""

    parts: Mapping[str, int]
    active_bytes: int
    bytes: int

    @property
    def active_parts(self) -> int:
        return sum(self.parts.values())

    @property
    def old_bytes(self) -> int:
        return self.bytes - self.active_bytes


def active(parts: Sequence[Part]) -> Sequence[Part]:
    """Those that no other one covers, as ClickHouse decides it when it starts."""
    found: list[Part] = []
    # A part that covers others begins no later and, where it begins with them, ends no earlier.
    for part in sorted(
        parts, key=lambda each: (each.partition, each.first, -each.last, -each.level, -each.mutation)
    ):
        newest = found[-1] if found and found[-1].partition == part.partition else None
        if newest is None or not newest.covers(part):
            found.append(part)
    return found


def stored_in(folder: Path) -> Stored:
    """Parts come and go while this looks: what has gone meanwhile is not counted."""
    parts: dict[str, int] = {}
    active_bytes = 0
    for database in _folders(folder / "data"):
        for table in _folders(database):
            found = {part: Path(entry.path) for entry in _entries(table) if (part := Part.of(entry.name))}
            kept = active(list(found))
            if kept:
                parts[f"{database.name}.{table.name}"] = len(kept)
            active_bytes += sum(disk_bytes(found[part]) for part in kept)
    return Stored(parts, active_bytes, disk_bytes(folder))


def disk_bytes(folder: Path) -> int:
    """What the files below take on disk; links are not followed."""
    total, left = 0, [folder]
    while left:
        for entry in _entries(left.pop()):
            with suppress(FileNotFoundError):
                if entry.is_dir(follow_symlinks=False):
                    left.append(Path(entry.path))
                else:
                    total += entry.stat(follow_symlinks=False).st_blocks * _BLOCK
    return total


def _folders(folder: Path) -> Iterator[Path]:
    """Links included: ClickHouse keeps tables under random names, and links to them under their own."""
    for entry in _entries(folder):
        if entry.is_dir():
            yield Path(entry.path)


def _entries(folder: Path) -> Sequence[os.DirEntry[str]]:
    with suppress(FileNotFoundError), os.scandir(folder) as found:
        return list(found)
    return []
