"""A worker that fills a second database beside the serving one, and tells nobody anything."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Final

from alerts.teller import StepReport
from bewithu.errors import BewithuError
from bewithu.settings import Kafka
from streams.standing import Standing

REASON: Final = "is quiet: it fills a database beside the serving one"


async def tell_nobody(now: datetime) -> StepReport:
    """In place of the teller's step: no rule is evaluated."""
    return StepReport()


def require_a_group_of_its_own(kafka: Kafka, found: Sequence[Standing]) -> None:
    """Raises `BewithuError` where the group is, or seems to be, that of the serving workers."""
    if kafka.group == Kafka.model_fields["group"].default or any(each.missing for each in found):
        raise BewithuError(
            f"the group {kafka.group} is the serving workers', or has taken what is not stored here: "
            "a quiet worker needs one of its own, set BEWITHU_KAFKA__GROUP"
        )
