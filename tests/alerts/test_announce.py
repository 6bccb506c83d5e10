"""What other systems are told of an alert's step, in which order, and what a broker that refuses some does to it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

import fastavro
import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerts.announce import LONGEST_PAUSE, WAVES_PER_STEP, Announcer, event, next_of_each, pause
from alerts.ports import AlertEvents, EventLog
from bewithu.errors import Unavailable
from schemas.alert_events import AlertEvent, Published, alert_events, key, value
from schemas.alerting import KINDS, Transition
from schemas.areas import Level
from schemas.contracts import contracts
from tests.alerts.samples import LIEGE, rule, transition
from tests.alerts.stage import RealTime

HOUSING = rule(
    labels={"domain": "housing"}, overrides={"63023": {"severity": "critical"}, "02000": {"off": True}}
)


# --- the contract ---


def test_the_contract_is_no_event_type_and_every_field_says_what_it_means() -> None:
    contract = alert_events()
    assert contract.topic not in contracts()
    assert (contract.topic, contract.subject) == ("bewithu.alerts.v1", "bewithu.alerts.v1-value")
    assert all(each.doc.endswith(".") for each in contract.fields)
    symbols = {each.name: set(each.symbols) for each in contract.fields if each.symbols}
    assert symbols == {
        "level": {*(level.value for level in Level), "unknown"},
        "kind": {*KINDS, "unknown"},
        "severity": {"info", "warning", "critical", "unknown"},
    }
    assert {each.default_symbol for each in contract.fields if each.symbols} == {"unknown"}


@pytest.mark.parametrize("kind", KINDS)
def test_a_step_of_any_kind_can_be_written(kind: str) -> None:
    told = event(transition(kind), HOUSING)  # type: ignore[arg-type]
    assert fastavro.validation.validate(value(told), fastavro.parse_schema(dict(alert_events().schema)))


# --- what is told ---


@pytest.mark.parametrize(
    ("area", "level", "severity"),
    [
        (LIEGE, "province", "warning"),
        ("63023", "municipality", "critical"),
        ("02000", "region", "warning"),
        ("99999", "unknown", "warning"),
    ],
    ids=["as written", "overridden", "off by now", "no area any more"],
)
def test_level_and_severity_are_those_of_the_area(area: str, level: str, severity: str) -> None:
    told = event(transition(area=area), HOUSING)
    assert (told.level, told.severity, told.labels) == (level, severity, {"domain": "housing"})
    assert key(told) == f"arrivals_high|{area}"


def test_of_a_rule_that_is_gone_its_severity_and_labels_are_not_known() -> None:
    told = event(transition(), None)
    assert (told.level, told.severity, told.labels) == ("province", "unknown", {})


def test_of_each_alert_the_first_is_next() -> None:
    steps = [transition(number=1), transition(number=2), transition(number=7, area="BE")]
    assert next_of_each(steps) == (steps[0], steps[2])
    assert next_of_each([]) == ()


def test_a_broker_that_refuses_is_left_alone_longer_and_longer() -> None:
    assert [pause(failures).total_seconds() for failures in (0, 1, 2, 3, 6, 7)] == [0, 1, 2, 4, 32, 60]
    assert pause(10_000) == LONGEST_PAUSE


# --- in which order: a broker that confirms some and takes others unconfirmed ---


@dataclass
class Memory:
    """An event log without a disk."""

    waiting: Sequence[Transition]
    noted: set[str] = field(default_factory=set)

    def unpublished(self, count: int) -> Sequence[Transition]:
        return [each for each in self.waiting if each.id not in self.noted][:count]

    def note_published(self, ids: Sequence[str], at: datetime) -> None:
        self.noted.update(ids)


@dataclass
class Moody:
    """A broker. `moods`, used up: for each message whether it is confirmed, or else whether it is kept all the same."""

    moods: list[tuple[bool, bool]]
    kept: list[AlertEvent] = field(default_factory=list)

    def publish(self, events: Sequence[AlertEvent]) -> Published:
        confirmed = []
        for each in events:
            takes, keeps = self.moods.pop() if self.moods else (True, True)
            if takes:
                confirmed.append(each.transition.id)
            if takes or keeps:
                self.kept.append(each)
        trouble = "timed out" if len(confirmed) < len(events) else ""
        return Published(tuple(confirmed), trouble)


def fits_the_protocols(broker: Moody, log: Memory) -> tuple[AlertEvents, EventLog]:
    return broker, log


STEPS = [transition(number=number, area=area) for area in (LIEGE, "BE", "63023") for number in range(1, 5)]


@given(moods=st.lists(st.tuples(st.booleans(), st.booleans()), max_size=40))
async def test_whatever_is_confirmed_or_lost_every_step_arrives_and_none_overtakes_another(
    moods: list[tuple[bool, bool]],
) -> None:
    real = RealTime()
    broker, log = Moody(moods), Memory(STEPS)
    assert fits_the_protocols(broker, log)
    leader = Announcer(broker, log, [HOUSING], real)
    for _ in range(60):
        real.moment += LONGEST_PAUSE
        await leader.step()
    firsts = dict.fromkeys((each.transition.area, each.transition.number) for each in broker.kept)
    for area in (LIEGE, "BE", "63023"):
        assert [number for where, number in firsts if where == area] == [1, 2, 3, 4]
    assert log.noted == {each.id for each in STEPS}


async def test_a_long_story_takes_several_steps_so_that_rules_are_evaluated_in_between() -> None:
    story = [transition(number=number) for number in range(1, WAVES_PER_STEP + 3)]
    broker = Moody([])
    leader = Announcer(broker, Memory(story), [HOUSING], RealTime())
    assert [(await leader.step()).published for _ in range(3)] == [WAVES_PER_STEP, 2, 0]


async def test_trouble_is_told_while_it_lasts_and_logged_once(caplog: pytest.LogCaptureFixture) -> None:
    class Away:
        def publish(self, events: Sequence[AlertEvent]) -> Published:
            raise Unavailable("the schema registry", "refused")

    real = RealTime()
    leader = Announcer(Away(), Memory(STEPS), [HOUSING], real)
    for seconds in (0, 0, 1, 0.5):
        real.moment += timedelta(seconds=seconds)
        assert (await leader.step()).trouble == "the schema registry is away: refused"
    assert [record.message for record in caplog.records] == [
        "alert events wait: the schema registry is away: refused"
    ]
