"""The preview and the campaign's page: behind a key, read only, and safe with whatever they show."""

from __future__ import annotations

import email
import email.policy
import re
from datetime import timedelta
from urllib.parse import urljoin

import pytest

from campaign.errors import ChannelBusy
from storage.queries.messages.messages import messages_of
from tests.facts import PLACED
from tests.web.marketing.conftest import NAME, TOKEN, Office
from web.marketing.limits import TestSends

SEND = "/preview/test?order=o-1&step=thank-you&channel=email"
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
        ({"made_up": 1, "orders": 0}, 422, "Orders so far: is too small"),
        ({"order": "o-404"}, 404, "no order o-404"),
        ({"made_up": 1, "time_zone": "Mars"}, 422, "Time zone: not an IANA time zone"),
    ):
        page = await office.get("/preview", **query)
        assert (page.status_code, words in page.text, "A real order" in page.text) == (status, True, True)
    (office.folder / "campaign.toml").write_text("name = ?")
    page = await office.get("/preview")
    assert (page.status_code, "campaign.toml:1" in page.text) == (422, True)


async def test_what_was_entered_is_kept_and_every_mistake_named(office: Office) -> None:
    """By the labels of the form, which shows what was written; the steps to click are still there."""
    fields = {"made_up": 1, "first_name": "Lena", "orders": 0, "time_zone": "Mars", "processed": "soon"}
    page = await office.get("/preview", **fields, language="pl", total="7,98", clicks="loyalty")
    assert page.status_code == 422
    for label in ("Orders so far", "Time zone", "Processed", "Language", "Each came to"):
        assert f"<li>{label}: " in page.text, label
    for value in ("Lena", "0", "Mars", "soon", "pl", "7,98"):
        assert f'value="{value}"' in page.text, value
    assert 'name="clicks" value="loyalty" checked' in page.text


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
    answer = await office.http.post(SEND, auth=("", TOKEN))
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


async def test_an_edited_message_is_sent_again(office: Office) -> None:
    """Each test is a message of its own, also in the outbox, which writes an order's step once."""
    for _ in range(2):
        await office.http.post(SEND, auth=("", TOKEN))
    assert len(office.sent) == 2


async def test_test_messages_are_limited(office: Office) -> None:
    """Ten a minute, whatever has the key: the eleventh is not sent, and the page says why."""
    answers = [await office.http.post(SEND, auth=("", TOKEN)) for _ in range(11)]
    assert "wait+a+minute" in answers[-1].headers["Location"]
    assert len(office.sent) == 10


def test_the_limit_is_over_after_a_minute() -> None:
    """Of any 60 seconds ten; what was refused does not count."""
    sends = TestSends()
    for second in range(10):
        sends.count(PLACED + timedelta(seconds=second))
    for second in (10, 59):
        with pytest.raises(ChannelBusy, match="10 test messages"):
            sends.count(PLACED + timedelta(seconds=second))
    sends.count(PLACED + timedelta(seconds=60))
    with pytest.raises(ChannelBusy):
        sends.count(PLACED + timedelta(seconds=60))


@pytest.mark.parametrize(("headers", "status"), [
    ({"Origin": "https://elsewhere.example"}, 403), ({"Origin": "null"}, 403),
    ({"Origin": "http://office"}, 303),
    ({"Origin": "https://elsewhere.example", "Sec-Fetch-Site": "same-site"}, 403),
    ({"Origin": "https://shop.example", "X-Forwarded-Host": "shop.example"}, 303),
])  # fmt: skip
async def test_browsers_without_fetch_metadata_send_nothing_for_another_site(
    office: Office, headers: dict[str, str], status: int
) -> None:
    """Over plain http a browser names the origin alone: it must be ours, as proxy or browser call it."""
    answer = await office.http.post(SEND, auth=("", TOKEN), headers={"Host": "office", **headers})
    assert (answer.status_code, len(office.sent)) == (status, int(status == 303))


@pytest.mark.parametrize("prefix", ["", "/afterglow/office"])
async def test_pages_work_below_a_proxys_path(office: Office, prefix: str) -> None:
    """The proxy takes its path away and names it nowhere: every link, form and redirect stays below it."""
    begin = f"https://shop.example{prefix}"
    paths = (
        "/preview?order=o-1",
        "/preview?order=nobody",
        "/campaigns/o-1",
        "/campaigns/a%2Fb",
        "/campaigns/a/b",
    )
    for path in paths:
        page = await office.get(path)
        places = re.findall(r' (?:href|action|src|data-version-url)="([^"#]*)"', page.text)
        assert places
        for place in places:
            led = urljoin(begin + path, place)
            assert re.match(rf"{begin}/(preview|campaigns)\b", led), (path, place)
    for method, path in (("GET", "/campaigns?order=o-1"), ("POST", SEND)):
        answer = await office.http.request(method, path, auth=("", TOKEN))
        led = urljoin(begin + path, answer.headers["Location"])
        assert (answer.status_code, led.startswith((f"{begin}/campaigns/o-1", f"{begin}/preview?"))) == (
            303,
            True,
        )


async def test_a_campaign_says_why(office: Office) -> None:
    """Now, next, what would change it, the past, the segment and the rules; no contact data."""
    page = await office.get("/campaigns/o-1")
    for words in ("What comes next", "What would change it", "first-time", "decides", "Loyalty and review"):
        assert words in page.text
    assert "ada@example.com" not in page.text
    missing = await office.get("/campaigns/o-404")
    assert (missing.status_code, "no such campaign" in missing.text) == (404, True)
    found = await office.get("/campaigns", order="o-1")
    assert (found.status_code, found.headers["Location"]) == (303, "./campaigns/o-1")
    for order_id, path in (("#1001", "%231001"), ("7?x", "7%3Fx"), ("a/b", "a%2Fb")):
        found = await office.get("/campaigns", order=order_id)
        assert found.headers["Location"] == f"./campaigns/{path}"
