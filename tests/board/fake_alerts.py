"""Stories of made-up alerts, with all that a story can have."""

from __future__ import annotations

from datetime import timedelta

from bewithu.board.alert_data import AlertInfo, AlertRun, AlertStep, AlertStory, Hush, Seen


def story_of(alert: AlertInfo) -> AlertStory:
    """It began twice; the first time it was acknowledged and withdrawn. Others are silenced."""
    day = alert.since.date()

    def step(kind: str, hours: int, **mails: int) -> AlertStep:
        at = alert.since + timedelta(hours=hours)
        return AlertStep(kind, at, day, alert.value, alert.threshold, hours == 0, **mails)

    before = alert.since - timedelta(days=40)
    first = AlertRun(
        anchor=f"since-{before:%Y%m%dT%H%M%SZ}",
        since=before,
        state="retracted",
        steps=(
            step("pending", -960),
            step("firing", -940, sent=4, given_up=1),
            step("retracted", -900, sent=4),
        ),
        acknowledged=(Seen("Ann Peeters", before + timedelta(hours=30), "The city was called."),),
    )
    now = AlertRun(
        anchor=f"since-{alert.since:%Y%m%dT%H%M%SZ}",
        since=alert.since,
        state=alert.state,
        steps=(step("pending", 0), step("firing", 24, sent=3, waiting=1)),
        acknowledged=(),
    )
    return AlertStory(
        alert=alert,
        actions={
            "nl": "Bel de stad.",
            "fr": "Appelez la ville.",
            "de": "Rufen Sie die Stadt an.",
            "en": "Call the city.",
        },
        holds_for=timedelta(days=1),
        keeps_for=timedelta(days=2),
        runs=(now, first),
        silences=(Hush(alert.since + timedelta(days=9), "Bo Dumont", "planned works"),),
        muted_by=(),
    )
