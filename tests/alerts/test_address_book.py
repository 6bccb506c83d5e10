"""Who is told, and what a wrong address book is refused with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import alerts
from alerts.address_book import address_book_schema, load_address_book, responsible_for, told
from bewithu.errors import DefinitionError
from schemas.areas import LANGUAGES
from tests.alerts.samples import LIEGE, book, coordinator, rule, transition

EUPEN, HERVE, WALLONIA, FLANDERS = "63023", "63035", "03000", "02000"

GOOD = """\
contact: book@example.invalid
coordinators:
  - name: Ann
    email: ann@example.invalid
    language: nl
    areas: [BE]
  - name: Bo
    email: bo@example.invalid
    language: de
    areas: ["63023", "60000"]
    severities: [critical]
"""


def refusal(folder: Path, text: str) -> str:
    file = folder / "book.yaml"
    file.write_text(text, "utf-8")
    with pytest.raises(DefinitionError) as caught:
        load_address_book(file)
    return str(caught.value).replace(f"{folder}/", "")


def test_the_demo_book_loads_and_can_reach_nobody_by_accident() -> None:
    demo = load_address_book()
    assert {each.language for each in demo.coordinators} == set(LANGUAGES)
    assert all(each.email.endswith(".invalid") for each in demo.coordinators)
    assert demo.contact.endswith(".invalid")


def test_the_published_json_schema_is_current() -> None:
    published = Path(alerts.__file__).parent / "address_book.schema.json"
    assert json.loads(published.read_text("utf-8")) == address_book_schema()


def test_a_book_is_read_as_written(tmp_path: Path) -> None:
    file = tmp_path / "book.yaml"
    file.write_text(GOOD, "utf-8")
    ann, bo = load_address_book(file).coordinators
    assert (ann.areas, ann.severities) == (("BE",), ("info", "warning", "critical"))
    assert (bo.areas, bo.severities, bo.language) == (("63023", "60000"), ("critical",), "de")


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("ann@example.invalid", "ann@example", "book.yaml:4: coordinators.0.email: expected an e-mail "
         "address such as ann.peeters@example.be, got 'ann@example'"),
        ("ann@example.invalid", "ann..b@example.invalid", "book.yaml:4: coordinators.0.email: expected an e-mail"),
        ("ann@example.invalid", "\"a@x.be, b@x.be\"", "book.yaml:4: coordinators.0.email: expected an e-mail"),
        ("ann@example.invalid", "\"a@x.be\\nBcc: b@x.be\"", "book.yaml:4: coordinators.0.email: expected an e-mail"),
        ("name: Ann", "name: \"Ann\\nBcc: x@x.be\"", "book.yaml:3: coordinators.0.name: String should match"),
        ("bo@example", "Ann@example", "book.yaml:8: coordinators.1.email: 'Ann@example.invalid' is already in line 4"),
        ("[BE]", "['62036']", "book.yaml:6: coordinators.0.areas.0: area code '62036' is unknown; expected a NIS code"),
        ("[BE]", "['11007']", "areas.0: municipality '11007' merged into another: write '11002' (Antwerpen) instead"),
        ("[BE]", "[02000]", "book.yaml:6: coordinators.0.areas.0: write the area code in quotes"),
        ("[BE]", "[]", "book.yaml:6: coordinators.0.areas: Tuple should have at least 1 item"),
        ("language: nl", "language: uk", "book.yaml:5: coordinators.0.language: Input should be 'nl', 'fr', 'de' or"),
        ("[critical]", "[urgent]", "book.yaml:11: coordinators.1.severities.0: Input should be 'info', 'warning' or"),
        ("    language: nl\n", "", "book.yaml:3: coordinators.0.language: is missing"),
        ("language: nl", "langage: nl", "langage: is not a field of this definition (did you mean 'language'?)"),
        ("contact: book@example.invalid\n", "", "book.yaml:1: contact: is missing"),
    ],
)  # fmt: skip
def test_a_wrong_book_is_refused_with_its_place(tmp_path: Path, right: str, wrong: str, message: str) -> None:
    assert right in GOOD
    assert message in refusal(tmp_path, GOOD.replace(right, wrong, 1))


def test_a_missing_book_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r"none\.yaml: cannot be read: No such file"):
        load_address_book(tmp_path / "none.yaml")


def test_the_area_itself_and_those_above_it_are_told_and_nobody_beside_or_below() -> None:
    people = book(
        coordinator("country@x.be", "BE"),
        coordinator("region@x.be", WALLONIA),
        coordinator("province@x.be", LIEGE),
        coordinator("below@x.be", EUPEN),
        coordinator("beside@x.be", FLANDERS),
    )
    answers = told(transition("firing", area=LIEGE), rule(severity="warning"), people)
    assert {each.coordinator.email.partition("@")[0]: each.told for each in answers} == {
        "country": True,
        "region": True,
        "province": True,
        "below": False,
        "beside": False,
    }
    assert [each.reason for each in answers] == [
        "60000 lies in BE",
        "60000 lies in 03000",
        "60000 is the coordinator's area",
        "60000 is not in 63023",
        "60000 is not in 02000",
    ]


def test_a_coordinator_of_several_areas_is_told_once() -> None:
    people = book(coordinator("both@x.be", EUPEN, LIEGE, "BE"))
    (answer,) = told(transition("firing", area=EUPEN), rule(severity="info"), people)
    assert answer.told
    assert responsible_for(people.coordinators[0], EUPEN) == EUPEN
    assert responsible_for(people.coordinators[0], HERVE) == LIEGE


def test_severities_that_a_coordinator_left_out_are_not_told() -> None:
    people = book(coordinator("calm@x.be", "BE", severities=("critical",)))
    (answer,) = told(transition("firing"), rule(severity="warning"), people)
    assert (answer.told, answer.reason) == (False, "hears of critical, not of warning")
    assert told(transition("resolved"), rule(severity="critical"), people)[0].told


@pytest.mark.parametrize("kind", ["pending", "dropped"])
def test_nobody_is_told_of_what_may_come_to_nothing(kind: str) -> None:
    people = book(coordinator("country@x.be", "BE"))
    (answer,) = told(transition(kind), rule(severity="critical"), people)  # type: ignore[arg-type]
    assert (answer.told, answer.reason) == (False, f"nobody is told of a {kind} alert")
