"""Alerts on the board: the list with its filters, and the story of one from a real log."""

from __future__ import annotations

from datetime import timedelta

from aiohttp.test_utils import TestClient, TestServer

from alerts.acknowledging import shown_name
from alerts.fingerprint import alert_fingerprint
from alerts.voice import voice
from alerts.wording import board_link
from schemas.alerting import Acknowledgement, MailNote, Outcome, Silence
from tests.alerts.samples import LIEGE, NOON, transition
from tests.board.acting_stage import ANN, RULE, SINCE, ActingStage
from tests.board.conftest import Client, World
from tests.board.fake_catalogue import ALERTS
from tests.board.markup import Element, parse

STORY = f"/alerts/{alert_fingerprint(RULE, LIEGE)}"


def alerts_in(root: Element) -> list[str]:
    items = [each for each in root.all("li") if "alert" in each.attributes.get("class", "").split()]
    return [next(item.all("a")).attributes["href"].partition("?")[0] for item in items]


async def listed(client: Client, query: str) -> list[str]:
    answer = await client.get(f"/alerts{query}")
    assert answer.status == 200
    return alerts_in(parse(await answer.text()))


async def test_the_list_shows_what_is_asked_for(client: Client) -> None:
    ghent, liege, brussels = (f"/alerts/{each.fingerprint}" for each in ALERTS)
    assert await listed(client, "") == [ghent, liege, brussels]
    assert await listed(client, "?state=firing") == [ghent, liege]
    assert await listed(client, "?severity=critical") == [ghent]
    assert await listed(client, "?area=60000") == [liege]
    assert await listed(client, "?area=60000&severity=critical") == []
    assert await listed(client, "?state=over") == []


async def test_the_filter_stays_in_the_form_and_in_the_other_languages(client: Client) -> None:
    root = parse(await (await client.get("/alerts?state=all&severity=warning&area=60000")).text())
    chosen = {option.attributes["value"] for option in root.all("option") if "selected" in option.attributes}
    assert chosen == {"60000", "all", "warning"}
    links = {each.attributes["href"] for each in root.all("a")}
    assert "/alerts?area=60000&state=all&severity=warning&lang=nl" in links


async def test_a_long_list_says_that_there_are_more(client: Client, world: World) -> None:
    world.data.listed = [ALERTS[0]] * 101
    root = parse(await (await client.get("/alerts")).text())
    assert len(alerts_in(root)) == 100
    assert "There are more." in root.text()


def note(step: str, reader: str, outcome: Outcome, minutes: int) -> MailNote:
    return MailNote(f"<{step}>", step, reader, outcome, NOON + timedelta(minutes=minutes), "")


async def test_the_story_of_a_real_log(stage: ActingStage) -> None:
    """Steps with times, values and mails; who looks after it; what holds it back; and no address of anybody."""
    firing, resolved = f"{2:032}", f"{3:032}"
    stage.step("resolved", 3)
    stage.step("pending", 4, since=NOON, at=NOON)
    stage.log.note(
        [
            note(firing, "", "addressed", 0),
            *(note(firing, ANN.email, outcome, 1) for outcome in ("queued", "sending", "sent")),
            *(note(firing, "bo@x.be", outcome, 1) for outcome in ("queued", "sending", "retry")),
            *(note(resolved, ANN.email, outcome, 2) for outcome in ("queued", "given_up")),
        ]
    )
    comment = "called 85073003328"
    stage.acknowledgements.write(Acknowledgement(RULE, LIEGE, SINCE, ANN.email, comment, NOON))
    now = stage.real.now()
    stage.silences.write(
        Silence("s1", now, ANN.email, "planned works", now, now + timedelta(days=1), {"rule": RULE})
    )
    async with TestClient(TestServer(stage.app())) as client:
        answer = await client.get(STORY)
        html = await answer.text()
        assert await listed(client, "?state=all") == [STORY]
        assert await listed(client, "?state=over") == []
    root = parse(html)
    assert answer.status == 200
    runs = [each for each in root.all("div") if each.attributes.get("id", "").startswith("since-")]
    assert [len(list(run.all("li"))) for run in runs] == [1, 3]
    older = runs[1].text()
    assert "1 mail sent" in older
    assert "1 mail waits" in older
    assert "1 mail could not be delivered" in older
    assert f"{ANN.name}, " in older
    assert "planned works" in root.text()
    assert "@" not in html
    assert "85073003328" not in html
    assert shown_name(ANN.email, stage.people) == ANN.name


async def test_the_link_of_a_mail_leads_to_the_alert_that_it_was_about(stage: ActingStage) -> None:
    step = transition("firing", 2, rule=RULE, since=SINCE)
    stage.step("resolved", 3)
    stage.step("pending", 4, since=NOON, at=NOON)
    path, _, anchor = board_link("", step, voice("de")).partition("#")
    async with TestClient(TestServer(stage.app())) as client:
        answer = await client.get(path)
        root = parse(await answer.text())
    assert next(root.all("html")).attributes["lang"] == "de"
    (run,) = [each for each in root.all("div") if each.attributes.get("id") == anchor]
    assert len(list(run.all("li"))) == 3


async def test_an_alert_of_a_rule_that_is_gone_or_that_never_was_is_not_found(stage: ActingStage) -> None:
    stage.rules = ()
    async with TestClient(TestServer(stage.app())) as client:
        for address in (STORY, "/alerts/0123456789abcdef", "/alerts/%3Cscript%3E"):
            answer = await client.get(address)
            assert answer.status == 404
            assert "<script>" not in await answer.text()
