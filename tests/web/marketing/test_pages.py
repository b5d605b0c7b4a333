"""The preview and the campaign's page: behind a key, read only, and safe with whatever they show."""

from __future__ import annotations

import email
import email.policy
import re

import pytest

from storage.queries.messages.messages import messages_of
from tests.web.marketing.conftest import NAME, TOKEN, Office

PATHS = ("/preview", "/preview/message?step=loyalty&channel=email", "/preview/version", "/campaigns/o-1")


@pytest.mark.parametrize("path", PATHS)
async def test_nothing_is_shown_without_a_key(office: Office, path: str) -> None:
    """401 with a prompt for browsers; the key opens it as a password or a bearer token."""
    refused = await office.http.get(path)
    assert (refused.status_code, "Basic" in refused.headers["WWW-Authenticate"]) == (401, True)
    by_token = await office.http.get(path, headers={"Authorization": f"Bearer {TOKEN}"})
    assert (by_token.status_code, (await office.get(path)).status_code) == (200, 200)


async def test_a_real_order_is_played(office: Office) -> None:
    """Its steps, subjects and times; the name is text, wherever it stands; nothing is kept by a browser."""
    page = await office.get("/preview", order="o-1")
    assert page.status_code == 200
    for words in ("Thank you for your order", "The order is processed", "Win-back, best offer", "Version"):
        assert words in page.text
    assert NAME not in page.text
    assert "&lt;script&gt;" in page.text
    assert page.headers["Cache-Control"] == "no-store"


async def test_emails_are_shown_in_frames_that_can_do_nothing(office: Office) -> None:
    """The frame and the message itself are sandboxed without scripts; the page runs its own script alone."""
    page = await office.get("/preview", order="o-1")
    frames = re.findall(r"<iframe [^>]*>", page.text)
    assert frames
    assert all('sandbox="allow-popups allow-popups-to-escape-sandbox"' in frame for frame in frames)
    policy = page.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    source = re.search(r'<iframe src="([^"]*)"', page.text)
    assert source
    message = await office.get(source[1].replace("&amp;", "&"))
    assert message.status_code == 200
    assert message.headers["Content-Security-Policy"].startswith("sandbox allow-popups ")
    assert "allow-scripts" not in message.headers["Content-Security-Policy"]
    assert "mug" in message.text
    assert NAME not in message.text


async def test_a_made_up_customer_is_played_as_the_form_says(office: Office) -> None:
    """Segment, channel and what happens; a form without a consent has none."""
    fields = {"made_up": 1, "first_name": "Lena", "orders": 5, "processed": 0.1, "buys_again": 30}
    page = await office.get("/preview", **fields, consents="sms", preferred_channel="sms")
    assert "<b>vip</b>" in page.text
    assert "1 segment" in page.text
    assert "the customer bought again" in page.text
    nobody = await office.get("/preview", **fields, country="DE")
    assert "no consent for the customer" in nobody.text


async def test_what_is_wrong_is_said_on_the_page(office: Office) -> None:
    """A field, an order, the campaign's file: named, and the page is there to correct it."""
    for query, status, words in (
        ({"made_up": 1, "orders": 0}, 422, "orders: is too small"),
        ({"order": "o-404"}, 404, "no order o-404"),
        ({"made_up": 1, "time_zone": "Mars"}, 422, "time_zone"),
    ):
        page = await office.get("/preview", **query)
        assert (page.status_code, words in page.text, "A real order" in page.text) == (status, True, True)
    (office.folder / "campaign.toml").write_text("name = ?")
    page = await office.get("/preview")
    assert (page.status_code, "campaign.toml:1" in page.text) == (422, True)


async def test_orders_are_found_by_customer_and_address(office: Office) -> None:
    """By id of the order or the customer, or by email address in any case."""
    for wanted in ("o-1", "c-1", "Ada@Example.com"):
        assert "/preview?order=o-1" in (await office.get("/preview", q=wanted)).text
    assert "Nothing found" in (await office.get("/preview", q="nobody")).text


async def test_an_edited_template_is_another_version(office: Office) -> None:
    """The word that the page compares changes with any file of the folder, and with nothing else."""
    before = (await office.get("/preview/version")).json()
    assert (await office.get("/preview/version")).json() == before
    (office.folder / "email" / "thank_you.mjml.j2").write_text("other")
    assert (await office.get("/preview/version")).json() != before
    assert "cannot be written" in (await office.get("/preview", order="o-1")).text


async def test_a_test_message_goes_to_the_operator_alone(office: Office) -> None:
    """Marked in its subject, to the address of the settings, with no trace in the database."""
    query = "/preview/test?order=o-1&step=thank-you&channel=email"
    answer = await office.http.post(query, auth=("", TOKEN))
    assert (answer.status_code, "sent=yes" in answer.headers["Location"]) == (303, True)
    (file,) = office.sent
    sent = email.message_from_bytes(file.read_bytes(), policy=email.policy.default)
    assert sent["To"] == "me@shop.com"
    assert sent["Subject"].startswith("[Test] Thank you")
    with office.shop.database.reading() as session:
        assert messages_of(session, "o-1") == []


async def test_nothing_is_sent_without_an_address_or_from_elsewhere(office: Office) -> None:
    """No number is named, another site's form, no key: nothing goes, and the page says why."""
    sms = "/preview/test?made_up=1&consents=sms&preferred_channel=sms&processed=0&step=thank-you&channel=sms"
    answer = await office.http.post(sms, auth=("", TOKEN))
    assert "has+no+phone+number" in answer.headers["Location"]
    email_ = "/preview/test?order=o-1&step=thank-you&channel=email"
    elsewhere = {"Sec-Fetch-Site": "cross-site"}
    assert (await office.http.post(email_, auth=("", TOKEN), headers=elsewhere)).status_code == 403
    assert (await office.http.post(email_)).status_code == 401
    assert office.sent == []


async def test_a_campaign_says_why(office: Office) -> None:
    """Now, next, what would change it, the past, the segment and the rules; no contact data."""
    page = await office.get("/campaigns/o-1")
    for words in ("What comes next", "What would change it", "first-time", "decides", "Loyalty and review"):
        assert words in page.text
    assert "ada@example.com" not in page.text
    missing = await office.get("/campaigns/o-404")
    assert (missing.status_code, "no such campaign" in missing.text) == (404, True)
    found = await office.get("/campaigns", order="o-1")
    assert (found.status_code, found.headers["Location"]) == (303, "/campaigns/o-1")
    for order_id, path in (("#1001", "%231001"), ("7?x", "7%3Fx"), ("a/b", "a%2Fb")):
        found = await office.get("/campaigns", order=order_id)
        assert found.headers["Location"] == f"/campaigns/{path}"
