"""What a mail says of the threshold: which one, and nothing where there is none."""

from __future__ import annotations

from dataclasses import replace

import pytest

from alerts.letter import page
from alerts.mail import compose
from alerts.voice import voice
from schemas.alerting import Kind
from schemas.areas import LANGUAGES, Language
from tests.alerts.samples import NOON, letter, rule
from tests.alerts.test_mail import SENDER, body


@pytest.mark.parametrize("kind", ["firing", "reminded", "resolved"])
@pytest.mark.parametrize("language", LANGUAGES)
def test_a_figure_that_is_held_against_none_is_told_without_a_threshold(
    language: Language, kind: Kind
) -> None:
    known = letter(language, kind)
    bare = replace(known, transition=replace(known.transition, threshold=None))
    mail = compose([bare], "<id@bewithu.invalid>", SENDER, NOON)
    for part in ("plain", "html"):
        assert f"({voice(language).gettext('no figure')})" not in body(mail, part)
    assert "|" not in body(mail, "plain")
    assert "#1f2933;font-size:1px" not in body(mail, "html")
    told = page(bare).lead
    assert voice(language).moment(bare.transition.since) in told
    if language == "en":
        assert told.startswith("This alert is over. It" if kind == "resolved" else "This alert began on")


def test_the_sentence_is_on_the_part_that_looks_at_the_indicator_of_the_mail() -> None:
    parts = [{"below": 2, "indicator": "freshness_housing_change"}, {"above": 150}]
    known = letter("en", "firing")
    told = page(replace(known, rule=rule(condition={"all": parts})))
    assert told.lead.startswith("Above the threshold (150 persons) since")
    assert [line.figure for line in told.lines if line.beyond] == ["187", "263", "412"]
