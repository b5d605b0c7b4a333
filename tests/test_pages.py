"""The public pages on both databases: unsubscribe, preferences, short links."""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import select

from activities.deliver import deliver
from activities.enrol import enrol
from activities.interface import DeliverRequest, EnrolRequest, RenderRequest, SegmentRequest
from activities.links import Links
from activities.render import render
from activities.segment import segment
from campaign.decision import Decision, Kind, decide
from campaign.reasons import Channel, Reason
from campaign.tokens import TokenUse, make_token
from campaign.wire import Customer, Purchase
from channels.outbox import Outbox
from settings import Settings
from storage.customers import save_customer, suppress
from storage.database import Database
from storage.links import find_link, short_code
from storage.messages import get_message
from storage.runs import load
from storage.tables import ConsentRow, CustomerRow, LinkRow, MessageEventRow, MessageRow
from tests.facts import PLACED, ROOT, default_definition
from web import clicks
from web.app import create_app
from web.scanners import is_scanner

SECRET = "a-secret-of-twenty-characters"  # noqa: S105 - a test's
PUBLIC = "https://shop.example.com/mail"
LOYALTY = PLACED + timedelta(days=21, hours=2)
CHROME = {"User-Agent": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0.0.0 Safari/537.36"}
SMS_YES = {
    "channel": "sms",
    "state": "granted",
    "source": "checkout",
    "at": PLACED.isoformat(),
    "confirmed": True,
}


@dataclass
class Mail:
    """One customer, one order, its loyalty messages rendered; and a browser."""

    database: Database
    http: httpx.AsyncClient
    home: Path

    def save(self, customer_id: str = "c-1", **contact: Any) -> None:
        """Save a customer: a New Yorker with an e-mail address and a number, and consent to SMS."""
        values = {
            "customer_id": customer_id,
            "email": "ada@example.com",
            "phone": "+12025550123",
            "country": "US",
            "time_zone": "America/New_York",
            "consents": [SMS_YES],
        }
        with self.database.transaction() as session:
            save_customer(session, Customer.model_validate({**values, **contact}))

    def enrol(self, order_id: str = "o-1", customer_id: str = "c-1") -> None:
        """Place an order."""
        line = {"sku": "mug", "quantity": 1, "unit_price": "20.00"}
        order = {"order_id": order_id, "customer_id": customer_id, "placed_at": PLACED.isoformat()}
        purchase = Purchase.model_validate({**order, "currency": "USD", "total": "20.00", "lines": [line]})
        enrol(self.database, default_definition(), EnrolRequest(purchase=purchase, run_id="r", now=PLACED))

    def claim(self, order_id: str = "o-1") -> MessageRow:
        """Claim and render the loyalty message of an order."""
        request = SegmentRequest(order_id=order_id, step="loyalty", now=LOYALTY)
        (message,) = segment(self.database, request).messages
        links = Links(PUBLIC + "/", SECRET)
        render(self.database, ROOT / "content", RenderRequest(message_id=message.id, now=LOYALTY), links)
        with self.database.transaction() as session:
            return get_message(session, message.id)

    def deliver(self, message: MessageRow) -> str:
        """Send a message to the outbox; return its file."""
        outbox = Outbox(self.home)
        request = DeliverRequest(message_id=message.id, now=LOYALTY)
        deliver(self.database, dict.fromkeys(Channel, outbox), request, Links(PUBLIC, SECRET))
        (file,) = (path for path in self.home.glob("o-1/*") if path.is_file())
        return file.read_text("utf-8")

    def decide(self, step: str = "win-back-best", days: float = 91) -> Decision:
        """Decide about a later step with fresh facts."""
        at = PLACED + timedelta(days=days)
        with self.database.transaction() as session:
            loaded = load(session, "o-1", at)
            return decide(loaded.definition, loaded.facts, loaded.definition.step(step), at)

    def ledger(self, customer_id: str = "c-1") -> list[tuple[str, str, str]]:
        """The customer's ledger."""
        statement = select(ConsentRow).where(ConsentRow.customer_id == customer_id).order_by("id")
        with self.database.transaction() as session:
            return [(row.channel, row.state, row.source) for row in session.exec(statement)]

    def clicks(self) -> list[bool]:
        """For every recorded click, whether a machine made it."""
        statement = select(MessageEventRow).where(MessageEventRow.kind == "clicked").order_by("id")
        with self.database.transaction() as session:
            return [row.machine for row in session.exec(statement)]

    async def prefer(self, message: MessageRow, **form: str) -> httpx.Response:
        """Send the preference form as a browser does, and follow its redirect."""
        return await self.http.post(preferences(message), data=form, follow_redirects=True)


def unsubscribe(message: MessageRow) -> str:
    """The message's unsubscribe link, below the web server's own root."""
    return f"/unsubscribe/{make_token(SECRET, TokenUse.UNSUBSCRIBE, message.id)}"


def preferences(message: MessageRow) -> str:
    """The message's preference link."""
    return f"/preferences/{make_token(SECRET, TokenUse.PREFERENCES, message.id)}"


def chosen(page: str) -> list[str]:
    """What the form shows as chosen."""
    return re.findall(r'value="(\w+)"(?: required)? checked', page)


@pytest.fixture
async def mail(database: Database, tmp_path: Path) -> AsyncIterator[Mail]:
    """A customer with one open campaign."""
    app = create_app(Settings(secret_key=SECRET), database)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=CHROME) as http:
        made = Mail(database, http, tmp_path / "outbox")
        made.save()
        made.enrol()
        yield made


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """What the clicks' clock says; a test moves it."""
    times = [LOYALTY + timedelta(hours=1)]
    monkeypatch.setattr(clicks, "now", lambda: times[0])
    return times


async def test_an_email_holds_the_ways_out(mail: Mail) -> None:
    """Links to both pages in both parts, short links below the public path, and RFC 8058's two headers."""
    message = mail.claim()
    links = Links(PUBLIC, SECRET)
    for part in (message.html or "", message.text or ""):
        assert links.unsubscribe(message.id) in part
        assert links.preferences(message.id) in part
        assert f"{PUBLIC}/c/" in part
        assert "https://shop.example.com/reviews" not in part
    again = mail.claim()
    assert (again.html, again.text) == (message.html, message.text)
    file = mail.deliver(message)
    assert f"\nList-Unsubscribe: <{links.unsubscribe(message.id)}>, <mailto:" in file
    assert "\nList-Unsubscribe-Post: List-Unsubscribe=One-Click\n" in file


async def test_looking_does_not_unsubscribe(mail: Mail) -> None:
    """GET, HEAD and a click on the link by a scanner change nothing; the page asks."""
    message = mail.claim()
    page = await mail.http.get(unsubscribe(message))
    await mail.http.head(unsubscribe(message))
    assert page.status_code == 200
    assert "Unsubscribe?" in page.text
    assert "a•••@example.com" in page.text
    assert "ada@" not in page.text
    assert mail.ledger() == [("sms", "granted", "checkout")]
    assert mail.decide().kind is Kind.SEND


async def test_the_button_unsubscribes_before_it_answers(mail: Mail) -> None:
    """The ledger holds who, what, in which words, from where; every open campaign obeys; twice is once."""
    mail.save(phone=None)
    message = mail.claim()
    for _ in range(2):
        page = await mail.http.post(unsubscribe(message))
        assert page.status_code == 200
        assert "You are unsubscribed" in page.text
        assert preferences(message).removeprefix("/") in page.text
    assert mail.ledger()[1:] == [("email", "revoked", "unsubscribe page")]
    with mail.database.transaction() as session:
        entry = session.exec(select(ConsentRow).where(ConsentRow.state == "revoked")).one()
    assert (entry.address, entry.customer_id) == ("ada@example.com", "c-1")
    assert entry.wording == "Send me no more news and offers from Juniper & Pine by email."
    assert mail.decide().reason is Reason.NO_CONSENT
    request = DeliverRequest(message_id=message.id, now=LOYALTY)
    assert deliver(mail.database, dict.fromkeys(Channel, Outbox(mail.home)), request).state == "claimed"
    assert not mail.home.exists()


@pytest.mark.parametrize(
    "body",
    [
        {"data": {"List-Unsubscribe": "One-Click"}},
        {"files": {"List-Unsubscribe": (None, "One-Click")}},
    ],
)
async def test_one_click_needs_nothing_else(mail: Mail, body: dict[str, Any]) -> None:
    """RFC 8058: url-encoded or multipart, no cookies, no redirect; answered in plain text."""
    answer = await mail.http.post(unsubscribe(mail.claim()), **body)
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/plain")
    assert "set-cookie" not in answer.headers
    assert mail.ledger()[1:] == [("email", "revoked", "one-click")]


@pytest.mark.parametrize("body", [b"", b"\xff\x00", b"{}", b"a=" + b"b" * 10_000])
async def test_whatever_is_posted_unsubscribes(mail: Mail, body: bytes) -> None:
    """A program that sends something of its own is obeyed all the same."""
    assert (await mail.http.post(unsubscribe(mail.claim()), content=body)).status_code == 200
    assert mail.ledger()[1:] == [("email", "revoked", "unsubscribe page")]


async def test_too_much_is_not_read(mail: Mail) -> None:
    """A body that no form of ours can be is refused before it fills the memory."""
    answer = await mail.http.post(preferences(mail.claim()), content=b"a" * 20_000)
    assert answer.status_code == 413


@pytest.mark.parametrize("method", ["GET", "POST"])
async def test_a_forged_token_opens_nothing(mail: Mail, method: str) -> None:
    """Junk, another use's token, another secret's, one for no message: the same page, and nothing done."""
    message = mail.claim()
    tokens = [
        "x",
        unsubscribe(message)[13:-1],
        make_token("another-secret-of-ours", TokenUse.UNSUBSCRIBE, message.id),
        make_token(SECRET, TokenUse.PREFERENCES, message.id),
        make_token(SECRET, TokenUse.UNSUBSCRIBE, "no-such-message"),
    ]
    answers = [await mail.http.request(method, f"/unsubscribe/{token}") for token in tokens]
    answers.append(await mail.http.request(method, f"/preferences/{unsubscribe(message)[13:]}"))
    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.text for answer in answers}) == 1
    assert "Juniper" not in answers[0].text
    assert mail.ledger() == [("sms", "granted", "checkout")]


async def test_whoever_shares_the_address_is_unsubscribed_too(mail: Mail) -> None:
    """A person who ordered twice as a guest is two customers with one address; others are left alone."""
    mail.save("c-2")
    mail.save("c-3", email="bob@example.com")
    await mail.http.post(unsubscribe(mail.claim()))
    assert mail.ledger("c-2")[-1] == ("email", "revoked", "unsubscribe page")
    assert mail.ledger("c-3") == [("sms", "granted", "checkout")]


async def test_a_clock_that_is_ahead_does_not_undo_it(mail: Mail) -> None:
    """An older consent with a time in the future is not newer than the customer's word."""
    ahead = {"channel": "email", "state": "granted", "source": "checkout", "at": "2999-01-01T00:00:00Z"}
    mail.save(consents=[ahead])
    message = mail.claim()
    await mail.http.post(unsubscribe(message))
    assert Channel.EMAIL not in (mail.decide().send or {})
    page = await mail.prefer(message, choice="email")
    assert chosen(page.text) == ["email"]


@pytest.mark.parametrize(
    ("choice", "preferred", "added"),
    [
        ("email", "email", [("sms", "revoked", "preference page")]),
        ("sms", "sms", [("email", "revoked", "preference page")]),
        ("both", "both", []),
        ("either", None, []),
        ("none", None, [("email", "revoked", "preference page"), ("sms", "revoked", "preference page")]),
    ],
)
async def test_a_choice_is_kept_shown_and_honoured(
    mail: Mail, choice: str, preferred: str | None, added: list[tuple[str, str, str]]
) -> None:
    """The page shows what was chosen after a redirect; the ledger and the next decision follow it."""
    message = mail.claim()
    before = await mail.http.get(preferences(message))
    assert chosen(before.text) == ["either"]
    page = await mail.prefer(message, choice=choice, less="yes")
    assert (page.request.method, page.status_code) == ("GET", 200)
    assert "Saved" in page.text
    assert chosen(page.text) == [choice, "yes"]
    with mail.database.transaction() as session:
        row = session.get_one(CustomerRow, "c-1")
        assert (row.preferred_channel, row.less) == (preferred, True)
    assert mail.ledger()[1:] == added
    await mail.prefer(message, choice=choice, less="yes")
    assert mail.ledger()[1:] == added
    later = mail.decide()
    wanted = {
        "email": {"email"},
        "sms": {"sms"},
        "either": {"email"},
        "both": {"email", "sms"},
        "none": set(),
    }
    assert {channel.value for channel in later.send or {}} == wanted[choice]


async def test_less_is_honoured_and_can_be_taken_back(mail: Mail) -> None:
    """With fewer messages the next one waits for its gap; without, it does not."""
    message = mail.claim()
    mail.deliver(message)
    usual = mail.decide("win-back-soft", 30)
    await mail.prefer(message, choice="email", less="yes")
    fewer = mail.decide("win-back-soft", 30)
    assert usual.kind is Kind.SEND
    assert (fewer.kind, fewer.reason) == (Kind.SKIP, Reason.SPACED)
    page = await mail.prefer(message, choice="email")
    assert chosen(page.text) == ["email"]
    assert mail.decide("win-back-soft", 30).kind is Kind.SEND


async def test_an_opt_in_is_a_fresh_one(mail: Mail) -> None:
    """Undone, email is a granted consent with its words; SMS waits for the number's own YES, and says so."""
    message = mail.claim()
    await mail.prefer(message, choice="none")
    page = await mail.prefer(message, choice="both")
    assert mail.ledger()[3:] == [
        ("email", "granted", "preference page"),
        ("sms", "granted", "preference page"),
    ]
    assert "•••0123" in page.text
    assert "reply YES" in page.text
    with mail.database.transaction() as session:
        entries = session.exec(select(ConsentRow).where(ConsentRow.source == "preference page")).all()
        granted = [entry for entry in entries if entry.state == "granted"]
        assert all("How may Juniper &amp; Pine send you" in page.text for _ in granted)
        assert all((entry.wording or "").startswith("How may Juniper & Pine send you") for entry in granted)
        assert "Reply STOP to end it" in (granted[1].wording or "")
        assert not any(entry.confirmed for entry in granted)
    decision = mail.decide()
    assert Channel.EMAIL in (decision.send or {})


async def test_a_channel_without_an_address_cannot_be_chosen(mail: Mail) -> None:
    """It is shown, disabled, with the reason; a form that asks for it all the same changes nothing."""
    mail.save(phone=None)
    message = mail.claim()
    page = (await mail.http.get(preferences(message))).text
    assert chosen(page) == ["email"]
    assert re.findall(r'value="(\w+)" required disabled', page) == ["sms"]
    assert re.findall(r'name="choice" value="(\w+)"', page) == ["email", "sms", "none"]
    assert "we know no phone number of yours" in page
    for choice in ("sms", "both", "sms&choice=email", "nonsense"):
        answer = await mail.http.post(preferences(message), content=f"choice={choice}&less=yes")
        assert answer.status_code == 400
        assert "Nothing was changed" in answer.text
    assert mail.ledger() == [("sms", "granted", "checkout")]


async def test_a_suppressed_address_cannot_be_chosen(mail: Mail) -> None:
    """What a provider told us not to write to is not on offer either, but no to all still is."""
    message = mail.claim()
    with mail.database.transaction() as session:
        suppress(session, Channel.EMAIL, "ada@example.com", "bounced", "test", PLACED)
    assert (await mail.prefer(message, choice="email")).status_code == 400
    page = await mail.prefer(message, choice="none")
    assert chosen(page.text) == ["none"]
    assert "messages came back" in page.text


async def test_pages_keep_a_token_to_themselves(mail: Mail) -> None:
    """No cache, no referrer, no frame, no index, no script, nothing from strangers; readable by a machine."""
    message = mail.claim()
    for address in (unsubscribe(message), preferences(message), "/c/none", "/unsubscribe/x"):
        answer = await mail.http.get(address)
        assert answer.headers["cache-control"] == "no-store"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-frame-options"] == "DENY"
        assert "noindex" in answer.headers["x-robots-tag"]
        policy = answer.headers["content-security-policy"]
        assert policy.startswith("default-src 'none'; style-src 'sha256-")
        assert "frame-ancestors 'none'" in policy
        assert '<html lang="en">' in answer.text
        assert 'name="viewport"' in answer.text
        assert "<script" not in answer.text
        assert not re.search(r'(?:src|link href)="', answer.text)


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


async def test_a_person_and_a_scanner_are_told_apart(mail: Mail, clock: list[datetime]) -> None:
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
        assert not any(past.engaged for past in load(session, "o-1", LOYALTY).facts.messages)
    clock[0] += timedelta(minutes=1)
    await mail.http.get(link)
    assert mail.clicks() == [True] * 5 + [False]
    with mail.database.transaction() as session:
        assert any(past.engaged for past in load(session, "o-1", LOYALTY).facts.messages)


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
        first = short_code(session, SECRET, message.id, "https://shop.example.com/a")
        assert short_code(session, SECRET, message.id, "https://shop.example.com/a") == first
        assert short_code(session, "rotated", message.id, "https://shop.example.com/a") == first
        codes = iter([first, first, "AAAABBBB"])
        monkeypatch.setattr("storage.links._derived", lambda *_: next(codes))
        assert short_code(session, SECRET, message.id, "https://shop.example.com/b") == "AAAABBBB"
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
