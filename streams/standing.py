"""Whether the store has what the group's committed offsets stand for. Pure.

A store that was restored from a backup is behind the group. What it lacks is read again from Kafka, as far as Kafka
still has it; what Kafka has deleted meanwhile is lost, and said to be.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from schemas.offsets import InKafka, InStore, Place, Range


@dataclass(frozen=True, slots=True)
class Standing:
    """One partition. `missing`: offsets not stored that Kafka may still have; `lost`: not stored, and deleted there."""

    place: Place
    store: InStore
    kafka: InKafka
    missing: tuple[Range, ...]
    lost: tuple[Range, ...]

    @property
    def is_cut(self) -> bool:
        """Kafka ends before what was stored of it: it lost its end, or the topic was made anew."""
        return self.kafka.high < self.store.reached

    @property
    def resume_at(self) -> int | None:
        """Where the group has to go on; None where it already does."""
        if not self.missing:
            return None
        return min(self.missing).first


def standings(store: Mapping[Place, InStore], kafka: Mapping[Place, InKafka]) -> Sequence[Standing]:
    """Of all partitions that Kafka has, in order.

    Of one of which nothing was stored, all that the group is beyond counts as not stored, deleted or not.
    """
    return [_standing(place, store.get(place, InStore()), kafka[place]) for place in sorted(kafka)]


def resume_points(committed: Mapping[Place, int], reached: Mapping[Place, int]) -> Mapping[Place, int]:
    """The partitions whose group is beyond what is stored, and what is stored."""
    return {
        place: reached.get(place, 0) for place, offset in committed.items() if offset > reached.get(place, 0)
    }


def _standing(place: Place, store: InStore, kafka: InKafka) -> Standing:
    open_ranges = list(store.holes)
    # Kafka's low mark beyond the store's end: nobody can read up to there any more.
    expected = max(kafka.committed or 0, kafka.low if store.reached else 0)
    if expected > store.reached:
        open_ranges.append(Range(store.reached, expected))
    lost = [Range(each.first, min(each.behind, kafka.low)) for each in open_ranges if each.first < kafka.low]
    missing = [
        Range(max(each.first, kafka.low), each.behind) for each in open_ranges if each.behind > kafka.low
    ]
    return Standing(place, store, kafka, tuple(missing), tuple(lost))
