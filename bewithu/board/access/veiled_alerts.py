"""Alerts without the names, comments and reasons that are for their coordinators."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from bewithu.board.access.visitor import Visitor, decide, sees_alert
from bewithu.board.alert_data import GOES_ON, AlertInfo, AlertStory
from bewithu.board.labels import SEVERITIES
from schemas.areas import COUNTRY, areas

_WORST_FIRST = tuple(SEVERITIES)[::-1]


def shown_alert(alert: AlertInfo, visitor: Visitor) -> AlertInfo:
    """That somebody looks after it is told to all, and who to its coordinators."""
    return alert if _sees_comments(visitor, alert) else replace(alert, acknowledged_by="")


def shown_story(story: AlertStory, visitor: Visitor) -> AlertStory:
    """`story`: of an alert that is theirs to see; of those that explain it, those that are, too."""
    muted_by = tuple(shown_alert(each, visitor) for each in story.muted_by if sees_alert(visitor, each.area))
    if _sees_comments(visitor, story.alert):
        return replace(story, muted_by=muted_by)
    return replace(
        story,
        alert=shown_alert(story.alert, visitor),
        runs=tuple(
            replace(run, acknowledged=tuple(replace(seen, by="", comment="") for seen in run.acknowledged))
            for run in story.runs
        ),
        silences=tuple(replace(hush, by="", reason="") for hush in story.silences),
        muted_by=muted_by,
    )


def merged(lists: Sequence[Sequence[AlertInfo]]) -> list[AlertInfo]:
    """Lists of different areas, each in the order of `BoardData.alerts`, as one in that order."""
    if len(lists) == 1:
        return list(lists[0])
    return sorted((each for found in lists for each in found), key=_rank)


def _rank(alert: AlertInfo) -> tuple[bool, bool, int, float]:
    if alert.state in GOES_ON:
        severity = _WORST_FIRST.index(alert.severity)
        return False, alert.state == "pending", severity, -alert.since.timestamp()
    return True, False, 0, -(alert.ended_at or alert.since).timestamp()


def _sees_comments(visitor: Visitor, alert: AlertInfo) -> bool:
    return decide(visitor, "comments", alert.area if alert.area in areas() else COUNTRY).allowed
