"""Unsubscribe and preferences on both databases."""

from __future__ import annotations

import re
from datetime import timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlmodel import select

from activities.deliver import deliver
from activities.interface import DeliverRequest
from activities.links import Links
from campaign.reasons import Channel, Reason
from campaign.rules.consent import is_revoked
from campaign.rules.decision import Kind
from campaign.tokens import TokenUse, make_token
from channels.outbox.send import Outbox
from settings import Settings
from starter import clock
from storage.database import Database
from storage.queries.people.consents import suppress
from storage.queries.shop.moved_orders import move_order
from storage.tables import ConsentRow, CustomerRow
from tests.customers import customer_facts
from tests.facts import PLACED
from tests.mail import LOYALTY, PUBLIC, SECRET, SMS_YES, Mail, preferences, unsubscribe
from web.app import create_app

EMAIL_NO = {"channel": "email", "state": "revoked", "source": "account", "at": PLACED.isoformat()}


def chosen(page: str) -> list[str]:
    """What the form shows as chosen."""
    return re.findall(r'value="(\w+)"(?: required)? checked', page)


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
    """GET, HEAD and a click on the link by a scanner change nothing; the page only shows a button."""
    message = mail.claim()
    page = await mail.http.get(unsubscribe(message))
    await mail.http.head(unsubscribe(message))
    assert page.status_code == 200
    assert "Unsubscribe?" in page.text
    assert "a•••@example.com" in page.text
    assert "ada@" not in page.text
    assert mail.ledger() == [("sms", "granted", "checkout")]
    assert mail.decide().kind is Kind.SEND


async def test_what_checks_a_link_by_head_finds_it(mail: Mail) -> None:
    """Status and headers of the page itself, for each of the three: 405 looked like a broken link."""
    message = mail.claim()
    review = f"/review/{make_token(SECRET, TokenUse.REVIEW, message.id)}"
    for path in (unsubscribe(message), preferences(message), review):
        head, page = await mail.http.head(path), await mail.http.get(path)
        assert (head.status_code, head.headers["Cache-Control"]) == (page.status_code, "no-store")
    assert (await mail.http.head("/unsubscribe/none-of-ours")).status_code == 404
    assert mail.ledger() == [("sms", "granted", "checkout")]


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


async def test_links_in_mails_already_sent_outlive_a_new_secret_key(mail: Mail) -> None:
    """With the old key among the previous ones every link works; new links are signed by the new key."""
    message, new = mail.claim(), "a-newer-secret-of-twenty"
    settings = Settings(secret_key=SecretStr(new), previous_secret_keys=SecretStr(f"another-one,{SECRET}"))
    app = create_app(settings, mail.database)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
        assert (await http.get(preferences(message))).status_code == 200
        (code, *_) = re.findall(rf"{PUBLIC}/c/(\w+)", message.html or "")
        assert (await http.get(f"/c/{code}")).status_code == 302
        page = await http.post(unsubscribe(message))
        assert page.status_code == 200
        assert make_token(new, TokenUse.PREFERENCES, message.id) in page.text
    assert mail.ledger()[1:] == [("email", "revoked", "unsubscribe page")]


async def test_whoever_shares_the_address_is_unsubscribed_too(mail: Mail) -> None:
    """A person who ordered twice as a guest is two customers with one address; others are left alone."""
    mail.save("c-2")
    mail.save("c-3", email="bob@example.com")
    await mail.http.post(unsubscribe(mail.claim()))
    with mail.database.transaction() as session:
        assert is_revoked(customer_facts(session, "c-2").consents, Channel.EMAIL)
        assert not is_revoked(customer_facts(session, "c-3").consents, Channel.EMAIL)
    assert mail.ledger("c-3") == [("sms", "granted", "checkout")]


async def test_a_clock_that_is_ahead_does_not_undo_it(mail: Mail) -> None:
    """An older consent with a time in the future is not newer than the customer's word."""
    ahead = {
        "channel": "email",
        "state": "granted",
        "source": "checkout",
        "at": (clock.now() + timedelta(days=1)).isoformat(),
    }
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
    assert (fewer.kind, fewer.reason) == (Kind.WAIT, Reason.SPACED)
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
    """It is shown, disabled, with the reason; a form that chooses it all the same changes nothing."""
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
    """What a provider reported as not to be written to is not on offer either, but no to all still is."""
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
        assert '<html lang="en" dir="ltr">' in answer.text
        assert 'name="viewport"' in answer.text
        assert "<script" not in answer.text
        assert not re.search(r'(?:src|link href)="', answer.text)


async def test_without_a_database_people_read_to_come_again(tmp_path: Path) -> None:
    """Short links and pages say so in words, with 503; nothing of the error is shown."""
    away = Database("postgresql://nobody:nothing@127.0.0.1:1/none")
    app = create_app(Settings(secret_key=SECRET), away)
    token = make_token(SECRET, TokenUse.UNSUBSCRIBE, "m-1")
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://test") as http:
        for method, path in (
            ("GET", "/c/AAAAAAAA"),
            ("GET", f"/unsubscribe/{token}"),
            ("POST", f"/unsubscribe/{token}"),
        ):
            answer = await http.request(method, path)
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "30")
            assert "try again in a minute" in answer.text
            assert "127.0.0.1" not in answer.text
    away.close()


def moved_to(mail: Mail, **contact: Any) -> None:
    """Grace orders less, by SMS; then the shop says that the order is hers."""
    mail.save("c-2", **{"first_name": "Grace", "language": "de", "consents": [SMS_YES], **contact})
    with mail.database.transaction() as session:
        grace = session.get(CustomerRow, "c-2")
        assert grace
        grace.preferred_channel, grace.less = "sms", True
        session.add(grace)
        move_order(session, "o-1", "c-2")


def choices(mail: Mail) -> dict[str, tuple[str | None, bool]]:
    """What each customer has chosen."""
    with mail.database.reading() as session:
        return {row.id: (row.preferred_channel, row.less) for row in session.exec(select(CustomerRow))}


async def test_a_link_that_went_to_a_stranger_neither_shows_nor_changes_the_buyers_choice(mail: Mail) -> None:
    """The order has moved to somebody else: the page is still about whom the message was written to."""
    message = mail.claim()
    mail.deliver(message)
    before = (await mail.http.get(preferences(message))).text
    moved_to(mail, email="grace@example.com", phone="+12025550199")
    assert (await mail.http.get(preferences(message))).text == before
    assert chosen(before) == ["either"]
    assert chosen((await mail.prefer(message, choice="none")).text) == ["none"]
    assert choices(mail)["c-2"] == ("sms", True)
    assert mail.ledger("c-2") == [("sms", "granted", "checkout")]
    assert {entry[:2] for entry in mail.ledger()[1:]} == {("email", "revoked"), ("sms", "revoked")}


async def test_a_buyers_opt_out_is_not_a_strangers(mail: Mail) -> None:
    """Whoever got the message has not unsubscribed because the order's new customer has, and still can."""
    message = mail.claim()
    mail.deliver(message)
    moved_to(mail, email="grace@example.com", phone="+12025550199", consents=[EMAIL_NO])
    assert "Unsubscribe?" in (await mail.http.get(unsubscribe(message))).text
    assert "You are unsubscribed" in (await mail.http.post(unsubscribe(message))).text
    assert mail.ledger()[1:] == [("email", "revoked", "unsubscribe page")]
    assert mail.ledger("c-2") == [("email", "revoked", "account")]


async def test_a_guests_link_is_about_the_account_with_that_address(mail: Mail) -> None:
    """Who ordered as a guest has an account by now: what is chosen in that mailbox holds for what it gets."""
    message = mail.claim()
    mail.deliver(message)
    moved_to(mail, phone=None, language="en")
    assert 'name="less" value="yes" checked' in (await mail.http.get(preferences(message))).text
    await mail.prefer(message, choice="email")
    assert choices(mail)["c-2"] == ("email", False)
