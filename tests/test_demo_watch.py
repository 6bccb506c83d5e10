"""Which steps of alerts the demo shows."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from bewithu.demo.watch import _last_steps
from schemas.alerting import Kind, Transition

NOON = datetime(2022, 3, 15, 12, tzinfo=UTC)


def step(number: int, kind: Kind, area: str = "BE") -> Transition:
    at = NOON + timedelta(days=number)
    return Transition(
        id=f"{area}-{number}", rule="many", area=area, number=number, kind=kind, at=at, since=at,
        indicator="registrations_7d", day=date(2022, 3, 15), value=9.0, threshold=5.0, provisional=False, reason="",
    )  # fmt: skip


def test_an_alert_that_only_threatened_again_still_shows_as_resolved() -> None:
    steps = [
        step(1, "pending"),
        step(2, "firing"),
        step(3, "resolved"),
        step(4, "pending"),
        step(5, "dropped"),
    ]
    assert [found.kind for found in _last_steps(steps[::-1])] == ["resolved"]
    assert [found.kind for found in _last_steps(steps[:4][::-1])] == ["pending"]


def test_an_alert_that_never_fired_does_not_show() -> None:
    assert _last_steps([step(2, "dropped"), step(1, "pending")]) == []


def test_every_area_shows_its_own_last_step() -> None:
    steps = [step(3, "firing", "10000"), step(2, "firing"), step(1, "pending")]
    assert [(found.area, found.kind) for found in _last_steps(steps)] == [
        ("10000", "firing"),
        ("BE", "firing"),
    ]
