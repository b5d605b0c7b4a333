"""Short links on both databases: where they lead, and who has clicked."""

from __future__ import annotations

import re
from datetime import datetime, timedelta

import pytest
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import select

from storage.queries.campaigns.facts import load_run
from storage.queries.messages.links import find_link, store_links
from storage.tables import LinkRow, MessageRow
from tests.mail import CHROME, LOYALTY, PUBLIC, SECRET, Mail
from web.pages import clicks
from web.pages.scanners import is_scanner


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """What the clicks' clock says; a test moves it."""
    times = [LOYALTY + timedelta(hours=1)]
    monkeypatch.setattr(clicks, "now", lambda: times[0])
    return times


async def test_an_sms_gets_short_links(mail: Mail) -> None:
    """What a link costs is its length: the SMS leads through us, and still says how to end it."""
    mail.save(preferred_channel="sms")
    message = mail.claim()
    assert (message.channel, message.html) == ("sms", None)
    assert re.search(rf"{PUBLIC}/c/\w{{8}} Reply STOP", message.text or "")
    with mail.database.transaction() as session:
        (link,) = session.exec(select(LinkRow))
    assert link.target.startswith(f"{PUBLIC}/review/")


async def test_without_a_public_address_nothing_changes(mail: Mail) -> None:
    """Links stay as they are, one unsubscribes by mail, and no link is stored."""
    message = mail.claim(links=None)
    assert "https://shop.example.com/reviews/new" in (message.html or "")
    assert "mailto:unsubscribe@shop.example.com" in (message.html or "")
    assert "/preferences/" not in (message.html or "") + (message.text or "")
    with mail.database.transaction() as session:
        assert session.exec(select(LinkRow)).all() == []


async def test_a_short_link_leads_where_its_campaign_wrote(mail: Mail, clock: list[datetime]) -> None:
    """Every short link in the message redirects to what stood there, by GET and HEAD."""
    message = mail.claim()
    codes = set(re.findall(rf"{PUBLIC}/c/(\w+)", (message.html or "") + (message.text or "")))
    with mail.database.transaction() as session:
        stored = {row.code: row.target for row in session.exec(select(LinkRow))}
    assert set(stored) == codes
    assert all(re.fullmatch(r"[0-9A-Za-z]{8}", code) for code in codes)
    for code, target in stored.items():
        for method in ("GET", "HEAD"):
            answer = await mail.http.request(method, f"/c/{code}")
            assert (answer.status_code, answer.headers["location"]) == (302, target)
            assert answer.headers["referrer-policy"] == "no-referrer"
        clock[0] += timedelta(minutes=1)


@pytest.mark.parametrize(
    "code",
    [
        "https://evil.example",
        "%2F%2Fevil.example",
        "a%00b",
        "AAAAAAAA",
        "é",
        "a" * 500,
        "%0d%0aLocation:%20x",
    ],
)
async def test_nothing_else_is_redirected_to(mail: Mail, code: str) -> None:
    """Whatever stands in the address or its query: no open redirect, no error, nothing recorded."""
    mail.claim()
    answer = await mail.http.get(f"/c/{code}?url=https://evil.example")
    assert answer.status_code == 404
    assert "location" not in answer.headers
    assert mail.clicks() == []


def code_of(mail: Mail, message: MessageRow, number: int = 0) -> str:
    """One of a message's codes."""
    with mail.database.transaction() as session:
        rows = session.exec(select(LinkRow).where(LinkRow.message_id == message.id).order_by("target")).all()
        return rows[number].code


async def test_a_person_and_a_scanner_are_distinguished(mail: Mail, clock: list[datetime]) -> None:
    """HEAD, no user agent and known programs are marked; a browser is a person, and counts as engaged."""
    message = mail.claim()
    link = f"/c/{code_of(mail, message)}"
    await mail.http.head(link)
    for agent in (
        "",
        "Slackbot-LinkExpanding 1.0 (+https://api.slack.com/robots)",
        "curl/8.0",
        "HeadlessChrome/1",
    ):
        clock[0] += timedelta(minutes=1)
        await mail.http.get(link, headers={"User-Agent": agent})
    assert mail.clicks() == [True] * 5
    with mail.database.transaction() as session:
        assert not any(past.clicked for past in load_run(session, "o-1").facts.messages)
    clock[0] += timedelta(minutes=1)
    await mail.http.get(link)
    assert mail.clicks() == [True] * 5 + [False]
    with mail.database.transaction() as session:
        assert any(past.clicked for past in load_run(session, "o-1").facts.messages)


async def test_clicks_do_not_flood_the_table(mail: Mail, clock: list[datetime]) -> None:
    """A link that is clicked all the time is one event a minute; a scanner does not hide a person."""
    link = f"/c/{code_of(mail, mail.claim())}"
    for _ in range(5):
        await mail.http.head(link)
        await mail.http.get(link)
    assert mail.clicks() == [True, False]
    clock[0] += timedelta(minutes=1)
    await mail.http.get(link)
    assert mail.clicks() == [True, False, False]


async def test_links_that_are_clicked_together_are_a_scanners(mail: Mail, clock: list[datetime]) -> None:
    """Two links of one message within two seconds: both are marked, though each looked like a person's."""
    message = mail.claim()
    await mail.http.get(f"/c/{code_of(mail, message, 0)}")
    assert mail.clicks() == [False]
    clock[0] += timedelta(seconds=1)
    await mail.http.get(f"/c/{code_of(mail, message, 1)}")
    assert mail.clicks() == [True, True]
    clock[0] += timedelta(seconds=70)
    await mail.http.get(f"/c/{code_of(mail, message, 1)}")
    assert mail.clicks() == [True, True, False]


async def test_a_click_right_after_sending_is_a_scanners(mail: Mail, clock: list[datetime]) -> None:
    """Nobody opens an email within seconds after it was handed over; a clock behind it says nothing."""
    message = mail.claim()
    mail.deliver(message)
    for after, machine in ((3, True), (-3600, False), (600, False)):
        clock[0] = LOYALTY + timedelta(seconds=after)
        await mail.http.get(f"/c/{code_of(mail, message)}")
        assert mail.clicks()[-1] is machine


async def test_trouble_with_the_books_bars_nobody(
    mail: Mail, clock: list[datetime], monkeypatch: pytest.MonkeyPatch
) -> None:
    """If the click cannot be written down, the customer gets where the link leads all the same."""
    link = f"/c/{code_of(mail, mail.claim())}"

    def broken(*_: object) -> None:
        raise SQLAlchemyError

    monkeypatch.setattr(clicks, "record_click", broken)
    assert (await mail.http.get(link)).status_code == 302
    assert mail.clicks() == []


async def test_a_code_is_made_once(mail: Mail, monkeypatch: pytest.MonkeyPatch) -> None:
    """The same link has the same code for ever; a code that is taken is passed over, not shared."""
    message = mail.claim()
    with mail.database.transaction() as session:
        a, b = "https://shop.example.com/a", "https://shop.example.com/b"
        first = store_links(session, SECRET, message.id, [a])[a]
        assert store_links(session, SECRET, message.id, [a]) == {a: first}
        assert store_links(session, "rotated", message.id, [a]) == {a: first}
        codes = iter([first, first, "AAAABBBB"])
        monkeypatch.setattr("storage.queries.messages.links._derived", lambda *_: next(codes))
        assert store_links(session, SECRET, message.id, [b]) == {b: "AAAABBBB"}
        link = find_link(session, first)
        assert link is not None
        assert link.target == "https://shop.example.com/a"


def test_the_table_of_scanners_spares_browsers() -> None:
    """Phones, desktops and mail programs are people."""
    people = [
        "Mozilla/5.0 (iPhone; CPU iPhone OS 19_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148",
        "Mozilla/5.0 (Linux; Android 16; Pixel 10) AppleWebKit/537.36 Chrome/140.0.0.0 Mobile Safari/537.36",
        "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:140.0) Gecko/20100101 Firefox/140.0",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko)",
        CHROME["User-Agent"],
    ]  # fmt: skip
    assert not any(is_scanner("GET", agent) for agent in people)
    assert all(is_scanner("HEAD", agent) for agent in people)
