"""The events that tests start from: every contract has a maker, and what it makes is sound."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from schemas.contracts import Contract, contracts
from tests import makers

MOMENT = datetime(2025, 2, 28, 23, 30, tzinfo=UTC)
SUBJECTS = {"person": makers.person(1), "site": "home-62063-1", "agency": "cpas-62063"}


@pytest.mark.parametrize("contract", contracts().values(), ids=lambda contract: contract.name)
def test_a_maker_gives_a_sound_event_of_every_status(contract: Contract) -> None:
    make = getattr(makers, contract.event_type)
    for status in contract.symbols["status"]:
        message = make(SUBJECTS[contract.about[-1]], MOMENT, status)
        assert message.topic == contract.topic
        assert message.event.keys() == {field.name for field in contract.fields}
        assert contract.check(message.event, MOMENT) == (), status
