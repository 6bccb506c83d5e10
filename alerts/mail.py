"""Writes letters as one e-mail: text and HTML, readable without remote content, threaded by alert."""

from __future__ import annotations

import hashlib
import textwrap
from collections.abc import Sequence
from datetime import datetime
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import parseaddr
from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, select_autoescape

from alerts.address_book import Coordinator
from alerts.bulletin import BulletinPage, bulletin
from alerts.headers import address_header, text_header
from alerts.letter import Letter, Page, Picture, page
from alerts.overview import Overview, OverviewPage, overview
from alerts.voice import voice
from schemas.alerting import Transition
from schemas.areas import Language

_WIDTH = 76
#: A mail program that keeps whole threads needs no more to find the one that a mail belongs to.
_MOST_ROOTS = 20


def compose(letters: Sequence[Letter], message_id: str, sender: str, date: datetime) -> EmailMessage:
    """The mail to one reader: the same bytes for the same arguments.

    `letters`: one for each alert that it tells of. `sender`: `name <address>`; `date`: of the header.
    """
    content = page(letters[0]) if len(letters) == 1 else bulletin(letters)
    template = "alert" if len(letters) == 1 else "bulletin"
    roots = [thread_root(each.transition, domain_of(sender)) for each in letters[:_MOST_ROOTS]]
    return _mail(content, template, letters[0].coordinator, message_id, sender, date, roots)


def compose_overview(found: Overview, message_id: str, sender: str, date: datetime) -> EmailMessage:
    """As `compose`: the mail about a week, which belongs to no thread."""
    return _mail(overview(found), "overview", found.coordinator, message_id, sender, date, [])


def _mail(
    content: Page | BulletinPage | OverviewPage,
    template: str,
    reader: Coordinator,
    message_id: str,
    sender: str,
    date: datetime,
    roots: Sequence[str],
) -> EmailMessage:
    name, address = parseaddr(sender)
    domain = domain_of(sender)
    mail = EmailMessage(policy=SMTP.clone(max_line_length=78))
    mail["From"] = address_header("From", name, address)
    mail["To"] = address_header("To", reader.name, reader.email)
    mail["Reply-To"] = content.contact
    mail["Subject"] = text_header("Subject", content.subject)
    mail["Date"] = date
    mail["Message-ID"] = message_id
    if roots:
        mail["In-Reply-To"] = roots[0]
        mail["References"] = " ".join(dict.fromkeys(roots))
    # RFC 3834: no out-of-office answers; Exchange listens to the second header only.
    mail["Auto-Submitted"] = "auto-generated"
    mail["X-Auto-Response-Suppress"] = "OOF, AutoReply"
    mail["List-Id"] = f"bewithu alerts <alerts.{domain}>"
    mail["List-Unsubscribe"] = f"<mailto:{content.contact}?subject=unsubscribe%20{reader.email}>"
    mail.set_content(_render(f"{template}.txt", content), cte="quoted-printable")
    mail.add_alternative(_render(f"{template}.html", content), subtype="html", cte="quoted-printable")
    if isinstance(content, Page) and content.picture:
        _add_picture(mail, content.picture)
    # After the content: setting that removes every header that begins with Content.
    mail["Content-Language"] = content.language
    # Python draws a random boundary; a second sending of the same mail must be the same mail.
    mail.set_boundary(hashlib.sha256(message_id.encode()).hexdigest()[:32])
    return mail


def _add_picture(mail: EmailMessage, picture: Picture) -> None:
    """Inside the mail, beside the HTML that shows it: nothing is fetched from anywhere."""
    html = mail.get_body(("html",))
    assert isinstance(html, EmailMessage)
    html.add_related(
        picture.png, "image", "png", cid=f"<{picture.id}>", disposition="inline", filename="chart.png"
    )
    html.set_boundary(hashlib.sha256(picture.id.encode()).hexdigest()[:32])


def thread_root(transition: Transition, domain: str) -> str:
    """The id of a mail that is never sent: all mails of one alert answer it, so they form one thread."""
    words = f"{transition.rule}\n{transition.area}\n{transition.since.isoformat()}"
    return f"<alert-{hashlib.sha256(words.encode()).hexdigest()[:32]}@{domain}>"


def domain_of(sender: str) -> str:
    """The part of `name <address>` after the `@`."""
    return parseaddr(sender)[1].partition("@")[2]


def _render(template: str, content: Page | BulletinPage | OverviewPage) -> str:
    return _environment(content.language).get_template(f"{template}.jinja").render(page=content)


@cache
def _environment(language: Language) -> Environment:
    environment = Environment(
        loader=PackageLoader("alerts"),
        extensions=["jinja2.ext.i18n"],
        autoescape=select_autoescape(enabled_extensions=("html.jinja",), default=False),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.install_gettext_translations(voice(language).translations, newstyle=True)  # type: ignore[attr-defined]
    environment.filters["wrap"] = lambda text: textwrap.fill(
        text, _WIDTH, break_long_words=False, break_on_hyphens=False
    )
    return environment
