"""How log lines name steps of alerts, and mails."""

from __future__ import annotations

from typing import Any

from alerts.outbox import Due
from bewithu.correlation import ids
from schemas.alerting import Transition


def ids_of(step: Transition) -> dict[str, Any]:
    """`alert` is the step's id in `alert_log`."""
    return ids({"alert": step.id, "rule": step.rule, "area": step.area})


def ids_of_mail(mail: Due) -> dict[str, Any]:
    """Whom it goes to is in `mail_log`, under the same `message_id`, and in no log."""
    return ids({"message_id": mail.message_id, "alert": [notice.about.id for notice in mail.notices]})
