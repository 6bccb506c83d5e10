"""The mails as they arrive: golden files in each language, headers, threading, nothing remote."""

from __future__ import annotations

import os
import re
from dataclasses import replace
from datetime import datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from pydantic import SecretStr

from alerts.fingerprint import alert_fingerprint
from alerts.letter import Letter, page
from alerts.links import VALID_FOR, actions_for
from alerts.mail import compose
from schemas.alerting import Kind
from schemas.areas import LANGUAGES, Language
from tests.alerts.samples import ARRIVALS, NOON, coordinator, letter, letters, rule, transition

GOLDEN = Path(__file__).parent / "golden"
SENDER = "bewithu <alerts@bewithu.invalid>"
KINDS: tuple[Kind, ...] = ("firing", "resolved", "reminded", "retracted")


def linked(language: Language) -> Letter:
    """The mail that an alert fires, with links to acknowledge and to silence it."""
    bare, key = letter(language, "firing"), SecretStr("key of the golden mails, known to all")
    email = bare.coordinator.email
    return replace(bare, actions=actions_for(bare.transition, email, language, key, bare.board, NOON))


def received(language: Language = "en", kind: Kind = "firing", links: bool = False) -> EmailMessage:
    """The mail as a mail program reads it from the wire."""
    written = linked(language) if links else letter(language, kind)
    sent = compose([written], "<id@bewithu.invalid>", SENDER, NOON)
    read = message_from_bytes(sent.as_bytes(), policy=policy.default)
    assert isinstance(read, EmailMessage)
    return read


def body(mail: EmailMessage, kind: str) -> str:
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


@pytest.mark.parametrize(
    ("name", "kind", "links"),
    [*((kind, kind, False) for kind in KINDS), ("firing-links", "firing", True)],
)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_mail_is_the_one_that_was_read_and_approved(
    language: Language, name: str, kind: Kind, links: bool
) -> None:
    compare(received(language, kind, links), f"{name}.{language}")


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mail_about_several_alerts_is_the_one_that_was_read_and_approved(language: Language) -> None:
    sent = compose(letters(language), "<id@bewithu.invalid>", SENDER, NOON)
    mail = message_from_bytes(sent.as_bytes(), policy=policy.default)
    assert isinstance(mail, EmailMessage)
    compare(mail, f"several.{language}")
    roots = str(mail["References"]).split()
    assert len(roots) == len(set(roots)) == 4
    assert mail["In-Reply-To"] == roots[0] == received(language, "resolved")["References"]


def compare(mail: EmailMessage, name: str) -> None:
    """With golden files of that name."""
    parts = {"txt": f"Subject: {mail['Subject']}\n\n{body(mail, 'plain')}", "html": body(mail, "html")}
    for ending, text in parts.items():
        file = GOLDEN / f"{name}.{ending}"
        if os.environ.get("UPDATE_GOLDEN"):
            file.write_text(text, "utf-8")
        assert file.read_text("utf-8") == text, (
            f"UPDATE_GOLDEN=1 rewrites {file.name}; read it before committing"
        )


def test_the_same_mail_composed_again_is_the_same_bytes() -> None:
    twice = {compose([letter("fr", "firing")], "<id@x.be>", SENDER, NOON).as_bytes() for _ in range(2)}
    assert len(twice) == 1


def test_headers_tell_mail_programs_what_this_is() -> None:
    mail = received("de")
    assert mail["From"] == "bewithu <alerts@bewithu.invalid>"
    assert mail["To"].addresses[0].addr_spec == "gouverneur@liege.example.invalid"
    assert mail["Reply-To"] == "address-book@crisiscentre.example.invalid"
    assert mail["Message-ID"] == "<id@bewithu.invalid>"
    assert mail["Date"].datetime == NOON
    assert mail["Auto-Submitted"] == "auto-generated"
    assert mail["List-Id"] == "bewithu alerts <alerts.bewithu.invalid>"
    assert mail["Content-Language"] == "de"
    assert mail.get_content_type() == "multipart/alternative"
    plain, shown = mail.iter_parts()
    assert (plain.get_content_type(), shown.get_content_type()) == ("text/plain", "multipart/related")
    assert [part.get_content_type() for part in shown.iter_parts()] == ["text/html", "image/png"]


def test_all_mails_of_one_alert_answer_one_root_and_those_of_another_a_different_one() -> None:
    firing, resolved = received("nl", "firing"), received("nl", "resolved")
    assert firing["References"] == firing["In-Reply-To"] == resolved["References"]
    later = replace(letter("nl", "firing").transition, since=NOON + timedelta(days=30))
    again = compose([replace(letter("nl", "firing"), transition=later)], "<id@x.be>", SENDER, NOON)
    assert str(again["References"]) != str(firing["References"])


def test_the_subject_starts_with_the_place_and_the_number() -> None:
    assert str(received("nl")["Subject"]).startswith("Provincie Luik: 412 personen – ALARM")
    assert str(received("de", "resolved")["Subject"]).startswith("Provinz Lüttich: 149 Personen – ENTWARNUNG")


class Tags(HTMLParser):
    """Collects tags, checks that they nest, and everything that could fetch something."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.languages: set[str] = set()
        self.fetched: list[str] = []
        self.links: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        named = {name: value or "" for name, value in attributes}
        if tag not in ("meta", "br", "img", "!doctype"):
            self.open.append(tag)
        self.languages |= {named["lang"]} if "lang" in named else set()
        # A picture that the mail brings along is fetched from nowhere.
        brought = tag == "img" and named.get("src", "").startswith("cid:") and bool(named.get("alt"))
        if not brought:
            self.fetched += [f"{tag} {name}" for name in ("src", "background", "srcset") if name in named]
            self.fetched += [tag] if tag in ("link", "script", "img", "style", "iframe", "object") else []
        self.fetched += re.findall(r"url\([^)]*\)|@import", named.get("style", ""))
        self.links += [named["href"]] if "href" in named else []

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("language", LANGUAGES)
def test_the_html_nests_fetches_nothing_and_names_its_language(language: Language, kind: Kind) -> None:
    links = links_of(received(language, kind), language)
    step = letter(language, kind).transition
    assert links == [
        f"https://bewithu.example.invalid/alerts/{alert_fingerprint(step.rule, step.area)}"
        f"?lang={language}#since-{step.since:%Y%m%dT%H%M%SZ}",
        "mailto:address-book@crisiscentre.example.invalid",
    ]


@pytest.mark.parametrize("language", LANGUAGES)
def test_a_mail_about_several_alerts_nests_fetches_nothing_and_leads_to_each_alert(
    language: Language,
) -> None:
    mail = compose(letters(language), "<id@x.be>", SENDER, NOON)
    links = links_of(mail, language)
    rule_id = letters(language)[0].transition.rule
    alerts = [alert_fingerprint(rule_id, code) for code in ("60000", "50000", "80000", "90000")]
    assert [urlsplit(link).path for link in links[:-1]] == [f"/alerts/{each}" for each in alerts]
    assert links[-1].startswith("mailto:")


def links_of(mail: EmailMessage, language: Language) -> list[str]:
    """Where the HTML leads, which is well-formed and in one language, and fetches nothing."""
    tags = Tags()
    tags.feed(body(mail, "html"))
    assert tags.open == []
    assert tags.fetched == []
    assert tags.languages == {language}
    return tags.links


@pytest.mark.parametrize("language", LANGUAGES)
def test_links_to_act_are_in_both_parts_whole_and_said_to_last_as_long_as_they_do(language: Language) -> None:
    wanted = [address for _, address in linked(language).actions]
    assert len(wanted) == 2
    mail = received(language, links=True)
    tags = Tags()
    tags.feed(body(mail, "html"))
    assert (tags.open, tags.fetched, tags.languages) == ([], [], {language})
    assert tags.links[:2] == wanted
    plain = body(mail, "plain")
    assert [line for line in plain.splitlines() if "/act?" in line] == wanted
    days = {"nl": "dagen", "fr": "jours", "de": "Tage", "en": "days"}[language]
    for text in (plain, body(mail, "html")):
        assert f"{VALID_FOR.days} {days}" in " ".join(text.split())


def test_words_of_a_definition_cannot_become_html() -> None:
    names = dict.fromkeys(LANGUAGES, "Arrivals <script>alert(1)</script> & more")
    hostile = replace(letter("en", "firing"), indicator=replace(ARRIVALS, names=names))
    mail = compose([hostile], "<id@x.be>", SENDER, NOON)
    assert "<script>" not in body(mail, "html")
    assert "&lt;script&gt;" in body(mail, "html")
    assert "<script>" in body(mail, "plain")


def test_a_suppressed_day_shows_a_dash_and_no_number() -> None:
    rows = [line for line in body(received("en"), "plain").splitlines() if line.startswith("Fri 4 Mar")]
    assert [row.split() for row in rows] == [["Fri", "4", "Mar", "–", "|"]]


def test_fewer_than_a_batch_of_persons_are_told_as_fewer() -> None:
    over = letter("en", "resolved")
    told = replace(ARRIVALS, batch=5)
    few = replace(over, transition=replace(over.transition, value=0.0), indicator=told)
    mail = compose([few], "<id@bewithu.invalid>", SENDER, NOON)
    assert "<\xa05 persons" in mail["Subject"]
    assert "<\xa05 persons" in body(mail, "plain")


def test_without_any_history_the_mail_has_no_chart() -> None:
    bare = compose([replace(letter("en", "firing"), history=())], "<id@x.be>", SENDER, NOON)
    assert "HOW THE FIGURE MOVED" not in body(bare, "plain")
    assert "How the figure moved" not in body(bare, "html")


@pytest.mark.parametrize(
    ("kind", "since", "words"),
    [
        ("firing", NOON, "Below the threshold (150 persons) since 14 March 2022 at 12:02."),
        ("firing", NOON - timedelta(hours=5), "since 14 March 2022 at 07:02, for 5 hours."),
        (
            "resolved",
            NOON - timedelta(days=40),
            "No longer below the threshold (150 persons). The figure was",
        ),
    ],
)
def test_a_figure_that_is_too_low_is_told_as_such(kind: Kind, since: datetime, words: str) -> None:
    low = rule(condition={"below": 150})
    step = transition(kind, since=since, rule=low.id)
    mail = compose([replace(letter("en", kind), rule=low, transition=step)], "<id@x.be>", SENDER, NOON)
    assert words in " ".join(body(mail, "plain").split())


def test_a_coordinator_above_the_area_reads_for_which_area_the_mail_comes() -> None:
    nation = coordinator("iom@example.invalid", "BE")
    mail = compose([replace(letter("en", "firing"), coordinator=nation)], "<id@x.be>", SENDER, NOON)
    assert "You receive this message as coordinator for: Belgium." in " ".join(body(mail, "plain").split())


def test_the_picture_is_in_the_mail_and_the_html_names_it() -> None:
    mail = received("en", "firing")
    _, shown = mail.iter_parts()
    html, picture = shown.iter_parts()
    named = str(picture["Content-ID"]).strip("<>")
    assert f'src="cid:{named}"' in html.get_content()
    assert picture.get_content().startswith(b"\x89PNG")
    assert picture.get_content_disposition() == "inline"


def test_a_mail_with_fewer_than_two_figures_has_no_picture() -> None:
    one = replace(letter("en", "firing"), history=letter("en", "firing").history[-1:])
    mail = compose([one], "<id@x.be>", SENDER, NOON)
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]


@pytest.mark.parametrize(
    ("least", "said"),
    [
        ({}, ""),
        ({"value": 20}, "Figures below 20 persons raise no alert."),
        ({"denominator": 1500}, "Shares that rest on fewer than 1,500 raise no alert."),
        (
            {"value": 20, "numerator": 5, "denominator": 30},
            "Figures below 20 persons raise no alert. Shares that rest on fewer than 30 raise no alert.",
        ),
    ],
)
def test_it_says_below_which_numbers_the_rule_says_nothing(least: dict[str, float], said: str) -> None:
    certainty = page(replace(letter("en", "firing"), rule=rule(minimum=least))).certainty
    assert certainty.partition("change it.")[2].strip() == said
