"""The page that a link in a mail leads to, in words: what will happen, what has happened, or why nothing can."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from types import MappingProxyType
from typing import Final, Literal
from urllib.parse import urlencode

from bewithu.board.acting import LENGTHS, Done, Offer, Why
from bewithu.board.data import IndicatorInfo
from bewithu.board.open_alerts import alert_lines
from bewithu.board.words import Words, mark
from schemas.areas import Language

#: Beside what the store declines: the form came from `elsewhere`, or the links are switched `off`.
NoAnswer = Why | Literal["elsewhere", "off"]

#: Characters of a reason that are kept.
LONGEST_REASON: Final = 200

_LENGTHS: Final[Mapping[int, str]] = MappingProxyType(
    dict(zip(LENGTHS, (mark("1 day"), mark("1 week"), mark("30 days")), strict=True))
)

_NOTHING: Final[Mapping[NoAnswer, tuple[int, str, str]]] = MappingProxyType(
    {
        "tampered": (
            403,
            mark("This link is not valid"),
            mark(
                "It is not whole, or it was changed: some mail programs break long links. Open "
                "it from the mail again, or copy all of it into your browser."
            ),
        ),
        "expired": (
            410,
            mark("This link has expired"),
            mark(
                "Links in mails work for 14 days. Use the link of a newer mail, or ask the "
                "contact at the foot of the mail."
            ),
        ),
        "over": (
            409,
            mark("This alert is over"),
            mark(
                "There is nothing left to acknowledge or to silence. Should it begin again, you "
                "will get a new mail with new links."
            ),
        ),
        "not_told": (
            403,
            mark("You are no longer told of this alert"),
            mark(
                "Your address is no longer listed for this area. If it should be, write to the "
                "contact at the foot of the mail."
            ),
        ),
        "elsewhere": (
            403,
            mark("This was sent from another site"),
            mark("Nothing was changed. Open the link from the mail again and confirm there."),
        ),
        "off": (
            404,
            mark("Mails have no such links here"),
            mark(
                "No key is set that would sign them, so alerts cannot be acknowledged or "
                "silenced on this page. Ask whoever operates this platform: they can do both."
            ),
        ),
    }
)


@dataclass(frozen=True, slots=True)
class ActPage:
    """`button`: what it says on it; empty where there is nothing to confirm. `lengths`: days and their name."""

    language: Language
    token: str
    status: int
    heading: str
    text: str
    facts: tuple[tuple[str, str], ...] = ()
    button: str = ""
    lengths: tuple[tuple[int, str], ...] = ()
    area: str = ""

    @property
    def board(self) -> str:
        return f"/?{urlencode({'lang': self.language} | ({'area': self.area} if self.area else {}))}"

    def address(self, language: Language) -> str:
        return f"/act?{urlencode({'token': self.token, 'lang': language})}"


def declined_page(why: NoAnswer, token: str, words: Words) -> ActPage:
    """Why nothing can be done, and what to do instead."""
    status, heading, text = _NOTHING[why]
    return ActPage(words.language, token, status, words.gettext(heading), words.gettext(text))


def offer_page(
    offer: Offer, token: str, infos: Mapping[str, IndicatorInfo], now: datetime, words: Words
) -> ActPage:
    """The question, or what has come of it. `now`: of the clock by which alerts are dated."""
    heading, text = _question(offer, words) if offer.done is None else _answer(offer, offer.done, words)
    asks = offer.done is None
    is_silence = offer.verb == "silence"
    return ActPage(
        words.language,
        token,
        200,
        heading,
        text,
        facts=_facts(offer, infos, now, words),
        button=(words.gettext("Silence") if is_silence else words.gettext("Acknowledge")) if asks else "",
        lengths=act_lengths(words) if asks and is_silence else (),
        area=offer.alert.area,
    )


def act_lengths(words: Words) -> tuple[tuple[int, str], ...]:
    """How long an alert may be silenced for: days, and their name."""
    return tuple((days, words.gettext(name)) for days, name in _LENGTHS.items())


def _facts(
    offer: Offer, infos: Mapping[str, IndicatorInfo], now: datetime, words: Words
) -> tuple[tuple[str, str], ...]:
    line = alert_lines([offer.alert], infos, now, words).lines[0]
    figure = words.gettext("%(what)s: %(which)s", what=line.indicator, which=line.value or "–")
    if line.threshold:
        figure += f" ({words.gettext('threshold %(number)s', number=line.threshold)})"
    facts = [
        (words.gettext("Where"), line.area_name),
        (words.gettext("What"), f"{line.severity_name} – {line.summary}"),
        (words.gettext("Figure"), figure),
        (words.gettext("Since"), line.since_day),
        (words.gettext("You"), f"{offer.name} ({offer.email})"),
    ]
    if line.acknowledged:
        facts.append((words.gettext("State"), line.acknowledged))
    return tuple(facts)


def _question(offer: Offer, words: Words) -> tuple[str, str]:
    if offer.verb == "acknowledge":
        return (
            words.gettext("Acknowledge this alert?"),
            words.gettext(
                "The others will see that you look after it, until it is over, and no reminders "
                "of it are sent. You are told when it is over."
            ),
        )
    return (
        words.gettext("Silence this alert?"),
        words.gettext(
            "For that time nobody is told of this alert in this area, neither you nor the other "
            "coordinators: should it begin again and still go on afterwards, it is told then. "
            "That it is over is told to all who heard of it."
        ),
    )


def _answer(offer: Offer, done: Done, words: Words) -> tuple[str, str]:
    at = words.moment(done.at)
    if offer.verb == "acknowledge":
        if done.before:
            text = words.gettext(
                "%(name)s acknowledged it: %(moment)s. Nothing was changed.", name=done.by, moment=at
            )
            return words.gettext("Already acknowledged"), text
        return (
            words.gettext("Acknowledged"),
            words.gettext("The board now shows that you look after this alert, until it is over."),
        )
    until = words.moment(done.until or done.at)
    if done.before:
        text = words.gettext("You silenced it until: %(moment)s. Nothing was changed.", moment=until)
        return words.gettext("Already silenced"), text
    return (
        words.gettext("Silenced"),
        words.gettext("Nobody is told that this alert fires in this area until: %(moment)s.", moment=until),
    )
