"""Labels have few values, whatever anybody sends, and nothing that tells of a person."""

from __future__ import annotations

from hypothesis import example, given
from hypothesis import strategies as st

from bewithu.fitting.metrics.labels import OTHER, agency_label, reason_label, topic_label
from schemas.agencies import agency_codes
from schemas.areas import municipalities
from schemas.contracts import contracts
from schemas.reasons import reasons

LABELS = {*agency_codes(), OTHER}


def test_known_agencies_are_told_one_by_one_and_local_ones_by_their_sort() -> None:
    assert [agency_label(code) for code in ("dvz", "reg-vl", "cpas", "cpas-62063", "mun-21004")] == [
        "dvz", "reg-vl", "cpas", "cpas", "mun",
    ]  # fmt: skip


def test_all_municipalities_together_make_no_more_labels_than_there_are_kinds() -> None:
    codes = [f"{sort}-{nis}" for sort in ("cpas", "mun", "evil") for nis in municipalities()]
    assert len(codes) > 1_500
    assert {agency_label(code) for code in codes} == {"cpas", "mun", OTHER}


@given(st.one_of(st.text(), st.from_regex(r"[a-z]{2,16}(-[a-z0-9]{1,9})?", fullmatch=True)))
@example("")
@example("cpas-99999")
@example("85073003328")
@example('dvz"} 1\nevil{x="')
def test_no_code_that_anybody_sends_makes_a_new_label(code: str) -> None:
    assert agency_label(code) in LABELS
    assert topic_label(code) in {*contracts(), OTHER}
    assert reason_label(code) in {*reasons(), OTHER}


def test_what_we_know_is_told_by_its_name() -> None:
    assert {topic_label(topic) for topic in contracts()} == set(contracts())
    assert {reason_label(reason) for reason in reasons()} == set(reasons())
