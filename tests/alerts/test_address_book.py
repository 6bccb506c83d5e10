"""Who is told, and what a wrong address book is refused with."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import alerts
from alerts.address_book import (
    AddressBook,
    Webhook,
    address_book_schema,
    hooked,
    load_address_book,
    responsible_for,
    told,
)
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


# --- webhooks ---

HOOKS = (
    GOOD
    + """\
webhooks:
  - name: dispatch
    url: https://dispatch.example.invalid/alerts/s3cret?team=a
    areas: [BE]
  - name: liege
    url: http://127.0.0.1:9000
    areas: ["60000"]
    severities: [critical]
"""
)


def test_a_book_without_webhooks_has_none_and_the_demos_posts_to_nobody() -> None:
    assert load_address_book().webhooks == ()


def test_webhooks_are_read_as_written_and_found_by_what_stands_for_them(tmp_path: Path) -> None:
    file = tmp_path / "book.yaml"
    file.write_text(HOOKS, "utf-8")
    read = load_address_book(file)
    dispatch, liege = read.webhooks
    assert (dispatch.severities, liege.severities) == (("info", "warning", "critical"), ("critical",))
    assert read.find_webhook("webhook:liege") == liege
    assert read.find_webhook("liege") is None
    assert read.find(dispatch.address) is None
    assert read.find_webhook("ann@example.invalid") is None


@pytest.mark.parametrize(
    ("right", "wrong", "message"),
    [
        ("https://dispatch", "ftp://dispatch", "book.yaml:13: webhooks.0: url must be an address such as https://"),
        ("https://dispatch.example.invalid", "https://", "book.yaml:13: webhooks.0: url must be an address such as"),
        ("https://dispatch", "dispatch", "book.yaml:13: webhooks.0: url must be an address such as https://"),
        (":9000", ":90000", "book.yaml:16: webhooks.1: url must be an address such as https://"),
        ("/alerts/", "/al erts/", "book.yaml:13: webhooks.0: url must be an address such as https://"),
        ("https://dispatch", "https://bo:s3cret@dispatch", "book.yaml:13: webhooks.0: url has a login"),
        ("?team=a", "#a", "book.yaml:13: webhooks.0: url must not have a #"),
        ("name: liege", "name: dispatch", "book.yaml:16: webhooks.1.name: 'dispatch' is already in line 13"),
        ('areas: ["60000"]', 'areas: ["62036"]', "book.yaml:18: webhooks.1.areas.0: area code '62036' is unknown"),
        ('areas: ["60000"]', "areas: []", "book.yaml:18: webhooks.1.areas: Tuple should have at least 1 item"),
        ("    url: http://127.0.0.1:9000\n", "", "book.yaml:16: webhooks.1.url: is missing"),
        ("    url: http:", "    uri: http:", "uri: is not a field of this definition (did you mean 'url'?)"),
    ],
)  # fmt: skip
def test_a_wrong_webhook_is_refused_with_its_place_and_its_address_is_not_repeated(
    tmp_path: Path, right: str, wrong: str, message: str
) -> None:
    assert right in HOOKS
    said = refusal(tmp_path, HOOKS.replace(right, wrong, 1))
    assert message in said
    assert "s3cret" not in said


def test_webhooks_are_told_of_their_areas_and_severities_as_coordinators_are() -> None:
    book_of_hooks = AddressBook(
        contact="book@example.invalid",
        coordinators=(coordinator("country@x.be", "BE"),),
        webhooks=tuple(
            Webhook.model_validate(
                {"name": name, "url": "https://x.invalid", "areas": areas, "severities": only}
            )
            for name, areas, only in (
                ("country", ["BE"], ["warning"]),
                ("province", [LIEGE], ["warning", "critical"]),
                ("beside", [FLANDERS], ["warning"]),
                ("calm", ["BE"], ["critical"]),
            )
        ),
    )
    answers = hooked(transition("firing", area=LIEGE), "warning", book_of_hooks)
    assert [(each.webhook.name, each.told, each.reason) for each in answers] == [
        ("country", True, "60000 lies in BE"),
        ("province", True, "60000 is the webhook's area"),
        ("beside", False, "60000 is not in 02000"),
        ("calm", False, "hears of critical, not of warning"),
    ]
    pending = hooked(transition("pending"), "warning", book_of_hooks)
    assert {each.reason for each in pending} == {"nobody is told of a pending alert"}
    assert len(told(transition("firing"), rule(), book_of_hooks)) == 1
