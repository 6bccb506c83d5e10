"""What members of a household do besides being housed: school, work, courses."""

from __future__ import annotations

from collections.abc import Sequence

from bewithu.simulator.acts import Act
from bewithu.simulator.chance import stream_of
from bewithu.simulator.courses import courses
from bewithu.simulator.people import Person
from bewithu.simulator.school import schooling
from bewithu.simulator.stays import stays
from bewithu.simulator.work import working


def pursuits(person: Person, acts: Sequence[Act]) -> list[Act]:
    """One member's acts at school, at work and in courses, given the `acts` of the life; none without a declaration.

    Each draws from a stream of its own, so that none depends on the others, nor the life on them.
    """
    lived = stays(acts)
    if not lived:
        return []
    told = [
        *schooling(stream_of(f"{person.pseudonym}/school"), person, lived),
        *working(stream_of(f"{person.pseudonym}/work"), person, lived),
        *courses(stream_of(f"{person.pseudonym}/courses"), person, lived),
    ]
    return sorted(told, key=lambda act: act.moment)
