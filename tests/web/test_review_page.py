"""The review page on both databases: what a link opens, what a post saves, and what nothing saves."""

from __future__ import annotations

import asyncio
import re
from datetime import timedelta
from typing import Any

import httpx
import pytest
from sqlalchemy import delete
from sqlmodel import select

from campaign.errors import BadInput
from campaign.reviews.states import Move, Rejection
from campaign.tokens import TokenUse, make_token
from campaign.wire import Refund
from intake.person.erasure import erase_person
from intake.refunds import record_refund
from intake.reviews.moderation import Decision, moderate
from shops.news import PersonRequest, PrivacyRequest
from storage.queries.campaigns.facts import load_run
from storage.queries.recommendations.bought import bought_by, lines_of_orders
from storage.queries.shop.moved_orders import move_order
from storage.tables import MessageRow, ReviewRow
from tests.facts import PLACED
from tests.mail import LOYALTY, SECRET, Mail
from web.pages import reviews as page

SCANNERS = ["Mozilla/5.0 (compatible; Barracuda)", "GoogleImageProxy", ""]


@pytest.fixture
def sent(mail: Mail, monkeypatch: pytest.MonkeyPatch) -> MessageRow:
    """A loyalty message that went out a moment ago, as the page's clock has it."""
    mail.save(first_name="Ada", last_name="Lovelace", language="en")
    monkeypatch.setattr(page, "now", lambda: LOYALTY + timedelta(hours=1))
    return mail.claim()


def link(message: MessageRow) -> str:
    """The message's review link."""
    return f"/review/{make_token(SECRET, TokenUse.REVIEW, message.id)}"


async def post(mail: Mail, message: MessageRow, **form: str) -> httpx.Response:
    """Send the form as a browser does, and follow its redirect."""
    values = {"item": "mug", "stars": "4", "text": "Keeps warm.", "author": "named"}
    return await mail.http.post(link(message), data={**values, **form}, follow_redirects=True)


def stored(mail: Mail) -> list[dict[str, Any]]:
    """All reviews."""
    with mail.database.reading() as session:
        return [row.model_dump() for row in session.exec(select(ReviewRow).order_by("id"))]


def known_of(mail: Mail, order_id: str) -> tuple[bool, bool]:
    """Whether an order, and its one line, are known to be reviewed."""
    with mail.database.reading() as session:
        run = load_run(session, order_id)
        (line,) = lines_of_orders(bought_by(session, run.contact.customer_id, [order_id]), [order_id])
        return run.facts.own.reviewed, line.reviewed


async def test_stars_of_the_email_only_fill_in_the_form(mail: Mail, sent: MessageRow) -> None:
    """However often a link is opened, by whom and how: nothing is stored. The link's stars are chosen."""
    for agent in SCANNERS:
        for method in ("GET", "HEAD", "OPTIONS"):
            headers = {"User-Agent": agent}
            await mail.http.request(method, f"{link(sent)}?item=mug&stars=5&saved=1", headers=headers)
    shown = await mail.http.get(f"{link(sent)}?item=mug&stars=5")
    assert shown.status_code == 200
    assert re.findall(r'name="stars" value="(\d)" required checked', shown.text) == ["5"]
    assert stored(mail) == []
    assert mail.clicks() == []


async def test_the_form_saves_a_review_that_waits_for_a_moderator(mail: Mail, sent: MessageRow) -> None:
    """Stars, words, the name as it was chosen, the order it is of; and the click of a person."""
    answer = await post(mail, sent, text="Keeps\r\nwarm.\u202e")
    assert answer.status_code == 200
    assert "Your review is saved" in answer.text
    (row,) = stored(mail)
    assert {name: row[name] for name in ("sku", "order_id", "customer_id", "rating", "text", "author")} == {
        "sku": "mug", "order_id": "o-1", "customer_id": "c-1", "rating": 4, "text": "Keeps\nwarm.",
        "author": "Ada L.",
    }  # fmt: skip
    assert (row["state"], row["source"], row["language"]) == ("pending", "page", "en")
    assert mail.clicks() == [False]


@pytest.mark.parametrize(
    ("language", "most"), [("en", "2,000"), ("de", "2.000"), ("es", "2000"), ("fr", "2")]
)
async def test_the_page_is_in_the_customers_language(
    mail: Mail, sent: MessageRow, language: str, most: str
) -> None:
    """Form, mistakes, and what became of it: no word of another language, numbers as they are there."""
    mail.save(language=language)
    pages = [
        await mail.http.get(link(sent)),
        await post(mail, sent, text="x" * 2_001),
        await post(mail, sent),
    ]
    with mail.database.transaction() as session:
        moderate(session, 1, Decision(Move.REJECT, Rejection.FALSE), LOYALTY)
    pages.append(await mail.http.get(link(sent)))
    assert most in pages[1].text
    for page_shown in pages:
        assert f'<html lang="{language}"' in page_shown.text
        words = re.sub(
            r"<[^>]*>|Keeps warm", " ", page_shown.text.partition("<main>")[2].partition("<footer")[0]
        )
        assert bool(re.search(r"\b(the|you|your|and|with|is)\b", words)) is (language == "en"), words
    assert stored(mail)[0]["language"] == language


async def test_who_has_no_language_writes_in_the_browsers(mail: Mail, sent: MessageRow) -> None:
    """Else in the shop's: quotes are matched by it."""
    for header, language in (("fr-CA, en;q=0.5", "fr"), ("", "en")):
        mail.save(language=None)
        mail.http.headers["Accept-Language"] = header
        await post(mail, sent, stars="5" if header else "4")
        assert [row["language"] for row in stored(mail)] == [language]
        with mail.database.transaction() as session:
            session.connection().execute(delete(ReviewRow))


async def test_a_name_is_shown_only_if_chosen(mail: Mail, sent: MessageRow) -> None:
    """Without the choice, and without a known name, none is kept."""
    await post(mail, sent, author="anonymous")
    assert [row["author"] for row in stored(mail)] == [None]


@pytest.mark.parametrize(
    ("form", "status", "says"),
    [
        ({"stars": ""}, 400, "choose one to five stars"),
        ({"stars": "6"}, 400, "choose one to five stars"),
        ({"stars": "4.5"}, 400, "choose one to five stars"),
        ({"item": "tray"}, 400, "not in the order"),
        ({"text": "x" * 2_001}, 400, "at most 2,000 characters"),
        ({"text": "See https://spam.example"}, 400, "take out links"),
        ({"text": "Buy at spam.shop now"}, 400, "take out links"),
        ({"text": "Write to me@spam.example"}, 400, "take out links"),
    ],
)
async def test_what_is_wrong_is_said_and_kept_in_the_form(
    mail: Mail, sent: MessageRow, form: dict[str, str], status: int, says: str
) -> None:
    """Nothing is saved, the page says what to correct, and what was written is still there."""
    answer = await post(mail, sent, **form)
    assert answer.status_code == status
    assert says in answer.text
    assert 'role="alert"' in answer.text
    if form.get("item") is None:
        assert (form.get("text") or "Keeps warm.") in answer.text
    assert stored(mail) == []


async def test_bodies_that_no_form_sends(mail: Mail, sent: MessageRow) -> None:
    """Too long: refused unread. Not a form, or not text: the page again."""
    assert (await mail.http.post(link(sent), content=b"x" * 40_000)).status_code == 413
    for body in (b"\xff\xfe", b"{}", b"", b"&".join(b"a=1" for _ in range(50))):
        assert (await mail.http.post(link(sent), content=body)).status_code == 400
    assert stored(mail) == []


async def test_the_longest_text_fits_in_any_script(mail: Mail, sent: MessageRow) -> None:
    """2,000 characters are taken, whatever they take in bytes."""
    assert (await post(mail, sent, text="\U0001f375" * 2_000)).status_code == 200
    assert len(stored(mail)[0]["text"]) == 2_000


async def test_html_stays_words(mail: Mail, sent: MessageRow) -> None:
    """What was written is shown as it was written, never as markup."""
    answer = await post(mail, sent, text="</textarea><script>alert(1)</script>")
    assert "<script>" not in answer.text
    assert "&lt;script&gt;" in answer.text


async def test_a_review_can_be_changed_and_is_read_again(
    mail: Mail, sent: MessageRow, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One review of a product, however often it is sent; a changed one is pending again, the same is not."""
    await post(mail, sent)
    with mail.database.transaction() as session:
        moderate(session, 1, Decision(Move.PUBLISH), LOYALTY)
    assert "is published" in (await post(mail, sent)).text
    assert [row["state"] for row in stored(mail)] == ["published"]
    later = LOYALTY + timedelta(days=1)
    monkeypatch.setattr(page, "now", lambda: later)
    await post(mail, sent, stars="1")
    assert [(row["state"], row["rating"], row["written_at"]) for row in stored(mail)] == [
        ("pending", 1, later)
    ]
    assert (await post(mail, sent, stars="2")).status_code == 429
    assert [row["rating"] for row in stored(mail)] == [1]


async def test_a_rejected_review_says_why(mail: Mail, sent: MessageRow) -> None:
    """The customer reads the reason, and can change the review."""
    await post(mail, sent)
    with mail.database.transaction() as session:
        moderate(session, 1, Decision(Move.REJECT, Rejection.PERSONAL_DATA), LOYALTY)
    shown = await mail.http.get(link(sent))
    assert "was not published: it has personal data in it" in shown.text


@pytest.mark.parametrize("token", ["", "x", "x.y", "%00", "a" * 5_000])
async def test_an_unknown_link_says_so(mail: Mail, sent: MessageRow, token: str) -> None:
    """A token that we did not make, or made for another page, opens nothing."""
    wrong_use = make_token(SECRET, TokenUse.PREFERENCES, sent.id)
    unknown = make_token(SECRET, TokenUse.REVIEW, "m-unknown")
    for each in (token, wrong_use, unknown):
        for method in ("GET", "POST"):
            assert (await mail.http.request(method, f"/review/{each}")).status_code == 404


async def test_an_expired_link_says_so(mail: Mail, sent: MessageRow, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until the last moment of `open_for` it takes a review, after it none."""
    for over, status in ((timedelta(0), 200), (timedelta(seconds=1), 410)):
        monkeypatch.setattr(page, "now", lambda over=over: LOYALTY + timedelta(days=180) + over)
        assert (await post(mail, sent, stars=str(3 + (over > timedelta(0))))).status_code == status
    assert "has expired" in (await mail.http.get(link(sent))).text
    assert [row["rating"] for row in stored(mail)] == [3]


async def test_an_erased_persons_link_says_so(mail: Mail, sent: MessageRow) -> None:
    """After an erasure nothing is taken by an old link, and the review has lost its words."""
    await post(mail, sent)
    with mail.database.transaction() as session:
        erase_person(session, PersonRequest(PrivacyRequest.ERASE, customer_id="c-1"), "test", LOYALTY)
    answer = await post(mail, sent, stars="1")
    assert answer.status_code == 410
    assert "Your data was erased" in answer.text
    (row,) = stored(mail)
    assert (row["rating"], row["text"], row["author"]) == (4, None, None)


async def test_what_came_back_is_not_reviewed(mail: Mail, sent: MessageRow) -> None:
    """A returned product is not in the form, and a post about it saves nothing."""
    refund = {"refund_id": "r-1", "amount": "1.00", "at": PLACED, "lines": [{"sku": "mug", "quantity": 1}]}
    with mail.database.transaction() as session:
        record_refund(session, "o-1", Refund.model_validate(refund), LOYALTY)
    answer = await post(mail, sent)
    assert answer.status_code == 410
    assert "nothing left to review" in answer.text
    assert stored(mail) == []


async def test_two_posts_at_once_make_one_review(mail: Mail, sent: MessageRow) -> None:
    """Whichever is first is saved; the other finds it there."""
    answers = await asyncio.gather(*(post(mail, sent, stars=str(n)) for n in (1, 2, 3, 4, 5)))
    assert sorted(answer.status_code for answer in answers) == [200, 429, 429, 429, 429]
    assert len(stored(mail)) == 1


async def test_a_reviewed_product_is_not_requested_again(mail: Mail, sent: MessageRow) -> None:
    """The next message, of another order of it too, has no link for it; the step's own request is skipped."""
    before = known_of(mail, "o-1")
    await post(mail, sent)
    mail.enrol("o-2")
    assert (before, known_of(mail, "o-1"), known_of(mail, "o-2")) == (
        (False, False),
        (True, True),
        (True, True),
    )
    assert "/review/" not in (mail.claim("o-2").html or "")


async def test_a_link_names_nobody(mail: Mail, sent: MessageRow) -> None:
    """Nothing but a signature of ours opens the page, and nothing personal stands in it."""
    token = link(sent).rpartition("/")[2]
    assert not re.search(r"ada|lovelace|c-1|example", token, re.IGNORECASE)
    assert (await mail.http.get(link(sent)[:-2] + "xx")).status_code == 404


async def test_a_moderator_decides_about_the_version_that_was_read(mail: Mail, sent: MessageRow) -> None:
    """What its writer has changed meanwhile is not published unread."""
    await post(mail, sent)
    with mail.database.transaction() as session, pytest.raises(BadInput, match="has been changed since"):
        moderate(session, 1, Decision(Move.PUBLISH, seen=PLACED), LOYALTY)
    assert [row["state"] for row in stored(mail)] == ["pending"]


async def test_a_link_that_went_to_a_stranger_shows_nothing_of_the_buyer(
    mail: Mail, sent: MessageRow
) -> None:
    """The shop corrects the order's address after the message: no name, no words, no review in that name."""
    mail.deliver(sent)
    mail.save("c-2", first_name="Grace", last_name="Hopper", email="grace@example.com", phone=None)
    with mail.database.transaction() as session:
        move_order(session, "o-1", "c-2")
    shown = await mail.http.get(link(sent))
    assert "Grace" not in shown.text
    assert "This link has expired" in shown.text
    await post(mail, sent)
    assert stored(mail) == []


async def test_a_guest_with_an_account_by_now_may_still_review(mail: Mail, sent: MessageRow) -> None:
    """The order has moved to the account of the same address: the link in that mailbox goes on working."""
    mail.deliver(sent)
    mail.save("c-2", first_name="Ada", last_name="Lovelace")
    with mail.database.transaction() as session:
        move_order(session, "o-1", "c-2")
    await post(mail, sent)
    assert [row["customer_id"] for row in stored(mail)] == ["c-2"]
