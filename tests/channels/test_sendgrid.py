"""SendGrid's own SDK against a local server: the mail as it arrives, each answer, what cannot be known."""

from __future__ import annotations

import contextlib
import json
import logging
import socket
import ssl
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest

from campaign.errors import (
    ChannelBusy,
    ChannelError,
    ChannelPending,
    ChannelRefused,
    ChannelStopped,
    ChannelUncertain,
)
from campaign.reasons import Channel
from channels.protocol import Outgoing
from channels.sendgrid.send import EVENTS_WITHIN, SendGrid
from tests.facts import PLACED
from tests.fakes.certificate import own_certificate
from tests.fakes.provider import Fault, Reply, serving
from tests.fakes.sendgrid_api import KEY, SendGridApi, error, message_of

WAY_OUT = "https://shop.example.com/unsubscribe/token"
MAIL = Outgoing(
    id="0f2a", order_id="1001", step="thank-you", position=1, channel=Channel.EMAIL, to="ada@example.com",
    brand="Juniper & Pine", sender="hello@shop.example.com", reply_to="help@shop.example.com",
    unsubscribe="unsubscribe@shop.example.com", subject="Thank you, Zoë", html="<p>Grüße</p>", text="Grüße\n",
    at=PLACED, unsubscribe_url=WAY_OUT,
)  # fmt: skip


@pytest.fixture
def api() -> Iterator[SendGridApi]:
    """A SendGrid of our own."""
    fake = SendGridApi()
    with serving(fake):
        yield fake


@pytest.fixture
def sendgrid(api: SendGridApi) -> Iterator[SendGrid]:
    """Our channel to it."""
    with closing(SendGrid(KEY, base=api.base, seconds=0.3)) as made:
        yield made


def test_a_mail_is_handed_over(api: SendGridApi, sendgrid: SendGrid) -> None:
    """Both parts, the sender by name, our id as the recipient's argument; nothing is tracked."""
    receipt = sendgrid.send(MAIL)
    (mail,) = api.accepted
    assert (receipt.provider_id, receipt.at) == ("sg-1", PLACED)
    assert mail["from"] == {"email": "hello@shop.example.com", "name": "Juniper & Pine"}
    assert mail["reply_to"] == {"email": "help@shop.example.com"}
    assert mail["personalizations"] == [
        {"to": [{"email": "ada@example.com"}], "custom_args": {"afterglow_message": "0f2a"}}
    ]
    assert mail["subject"] == "Thank you, Zoë"
    assert mail["content"] == [
        {"type": "text/plain", "value": "Grüße\n"},
        {"type": "text/html", "value": "<p>Grüße</p>"},
    ]
    assert "custom_args" not in mail
    assert mail["tracking_settings"] == {
        "click_tracking": {"enable": False, "enable_text": False},
        "open_tracking": {"enable": False},
        "subscription_tracking": {"enable": False},
    }
    assert "mail_settings" not in mail


def test_a_domain_beyond_ascii_is_sent_in_its_ascii_form(api: SendGridApi, sendgrid: SendGrid) -> None:
    """B23: IDNA for every address of the mail, with the local part as it is."""
    shop = replace(MAIL, sender="hello@bücher.example", reply_to="help@bücher.example")
    sendgrid.send(replace(shop, to="Zoe.M@müller.example", unsubscribe="u@bücher.example"))
    (mail,) = api.accepted
    assert mail["personalizations"][0]["to"] == [{"email": "Zoe.M@xn--mller-kva.example"}]
    assert (mail["from"]["email"], mail["reply_to"]["email"]) == (
        "hello@xn--bcher-kva.example", "help@xn--bcher-kva.example",
    )  # fmt: skip
    assert "mailto:u@xn--bcher-kva.example?" in mail["headers"]["List-Unsubscribe"]


def test_a_local_part_beyond_ascii_is_refused_before_it_is_sent(api: SendGridApi, sendgrid: SendGrid) -> None:
    """B23: one that was kept before the door refused it is invalid; the other channel may take over."""
    with pytest.raises(ChannelRefused) as caught:
        sendgrid.send(replace(MAIL, to="zoë@example.com"))
    assert (caught.value.invalid_address, caught.value.provider_code) == (True, "not_ascii")
    assert "zoë" not in str(caught.value)
    assert api.requests == []


def test_opens_are_tracked_only_where_it_is_said(api: SendGridApi, sendgrid: SendGrid) -> None:
    """B11: off unless the message says so, whatever the account's setting is; clicks never."""
    for track in (False, True):
        sendgrid.send(replace(MAIL, track_opens=track))
    settings = [mail["tracking_settings"] for mail in api.accepted]
    assert [one["open_tracking"]["enable"] for one in settings] == [False, True]
    assert [one["click_tracking"]["enable"] for one in settings] == [False, False]


def test_a_mail_program_can_unsubscribe(api: SendGridApi, sendgrid: SendGrid) -> None:
    """RFC 8058's two headers where there is a page; a mailto where there is none."""
    by_mail = "<mailto:unsubscribe@shop.example.com?subject=unsubscribe%200f2a>"
    sendgrid.send(MAIL)
    sendgrid.send(replace(MAIL, unsubscribe_url=None, reply_to=None, html=None))
    assert [mail["headers"] for mail in api.accepted] == [
        {
            "List-Unsubscribe": f"<{WAY_OUT}>, {by_mail}",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        },
        {"List-Unsubscribe": by_mail},
    ]


def test_the_sandbox_checks_and_sends_nothing(api: SendGridApi) -> None:
    """SendGrid's sandbox mode answers 200, and has nothing to send."""
    with closing(SendGrid(KEY, base=api.base, sandbox=True)) as sandbox:
        sandbox.send(MAIL)
    assert (len(api.checked), api.accepted) == (1, [])


def test_threads_share_connections(api: SendGridApi, sendgrid: SendGrid) -> None:
    """200 mails from 8 threads over at most 8 connections, each whole."""
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(sendgrid.send, [replace(MAIL, id=f"m{n}", text=f"text {n}") for n in range(200)]))
    texts = {message_of(mail): mail["content"][0]["value"] for mail in api.accepted}
    assert texts == {f"m{n}": f"text {n}" for n in range(200)}
    assert api.connections <= 8


@pytest.mark.parametrize(
    ("status", "kind"),
    [
        (302, ChannelStopped),
        (400, ChannelRefused),
        (401, ChannelStopped),
        (403, ChannelStopped),
        (404, ChannelStopped),
        (405, ChannelStopped),
        (406, ChannelStopped),
        (408, ChannelUncertain),
        (413, ChannelRefused),
        (415, ChannelStopped),
        (429, ChannelBusy),
        (500, ChannelUncertain),
        (502, ChannelUncertain),
        (503, ChannelUncertain),
        (504, ChannelUncertain),
    ],
)
def test_every_status_becomes_its_error(
    api: SendGridApi, sendgrid: SendGrid, status: int, kind: type[ChannelError]
) -> None:
    """The right kind, with the status, and without a word of what the provider wrote."""
    api.plan = lambda: error(status)
    with pytest.raises(ChannelError) as caught:
        sendgrid.send(MAIL)
    assert type(caught.value) is kind
    assert str(caught.value) == f"sendgrid answered {status}"
    assert getattr(caught.value, "provider_code", str(status)) == str(status)


def test_an_outage_that_says_so_took_nothing(api: SendGridApi, sendgrid: SendGrid) -> None:
    """B26: a 503 in SendGrid's own form is tried again; what a proxy or a 500 says is uncertain."""
    down = {"errors": [{"message": "The SendGrid v3 Web API is not available.", "field": None, "help": None}]}
    api.plan = lambda: Reply.json(503, down, Retry_After="30")
    with pytest.raises(ChannelBusy) as caught:
        sendgrid.send(MAIL)
    assert (type(caught.value), caught.value.retry_after) == (ChannelBusy, timedelta(seconds=30))
    page = Reply(503, b"<h1>503 Service Unavailable</h1>")
    for reply in (page, Reply.json(500, down), Reply.json(503, {"errors": []}), Reply.json(503, [])):
        api.plan = lambda reply=reply: reply  # type: ignore[misc]
        with pytest.raises(ChannelUncertain):
            sendgrid.send(MAIL)


def test_a_shop_may_choose_to_send_again(api: SendGridApi, sendgrid: SendGrid) -> None:
    """B26: with `resend_after` it is open until then, and sent again after. Never by default."""
    chosen = replace(MAIL, resend_after=timedelta(hours=2))
    with pytest.raises(ChannelPending):
        sendgrid.find(replace(chosen, at=PLACED + timedelta(minutes=119)), PLACED)
    assert sendgrid.find(replace(chosen, at=PLACED + timedelta(hours=2)), PLACED) is None
    with pytest.raises(ChannelUncertain):
        sendgrid.find(replace(MAIL, at=PLACED + timedelta(hours=2)), PLACED)


def test_a_busy_provider_says_when_its_window_ends(api: SendGridApi, sendgrid: SendGrid) -> None:
    """X-RateLimit-Reset is a Unix time, read against the answer's own Date; without it, nothing is known."""
    reset = str(int((PLACED + timedelta(seconds=40)).timestamp()))
    for headers, wait in (({"X_RateLimit_Reset": reset}, timedelta(seconds=40)), ({}, None)):
        api.plan = lambda headers=headers: error(429, X_RateLimit_Remaining="0", **headers)  # type: ignore[misc]
        with pytest.raises(ChannelBusy) as caught:
            sendgrid.send(MAIL)
        assert caught.value.retry_after == wait


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.SLOW_AFTER])
def test_a_lost_answer_is_uncertain(api: SendGridApi, sendgrid: SendGrid, fault: Fault) -> None:
    """Whatever is lost, whoever has it."""
    api.plan = lambda: fault
    with pytest.raises(ChannelUncertain):
        sendgrid.send(MAIL)
    assert len(api.accepted) == fault.accepts


def test_the_events_have_their_time(api: SendGridApi, sendgrid: SendGrid) -> None:
    """Within half an hour the outcome is open, after it unknown for good; SendGrid is not queried."""
    with pytest.raises(ChannelPending) as pending:
        sendgrid.find(replace(MAIL, at=PLACED + EVENTS_WITHIN - timedelta(seconds=30)), PLACED)
    assert pending.value.retry_after == timedelta(seconds=30)
    with pytest.raises(ChannelUncertain):
        sendgrid.find(replace(MAIL, at=PLACED + EVENTS_WITHIN), PLACED)
    assert api.requests == []


def test_a_server_that_is_not_there_was_never_reached() -> None:
    """A refused connection: nothing was sent, try again."""
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        base = f"http://127.0.0.1:{free.getsockname()[1]}"
        with closing(SendGrid(KEY, base=base)) as gone, pytest.raises(ChannelError) as caught:
            gone.send(MAIL)
    assert type(caught.value) is ChannelError


def test_a_certificate_that_is_not_trusted_ends_it_before_anything_is_sent(
    api: SendGridApi, tmp_path: Path
) -> None:
    """The handshake fails, so the provider has received nothing: a plain error, to be tried again."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        secret = threading.Thread(target=shake_hands, args=(listener, own_certificate(tmp_path)))
        secret.start()
        base = f"https://127.0.0.1:{listener.getsockname()[1]}"
        with closing(SendGrid(KEY, base=base, seconds=5)) as stranger, pytest.raises(ChannelError) as caught:
            stranger.send(MAIL)
        secret.join()
    assert type(caught.value) is ChannelError


def shake_hands(listener: socket.socket, certificate: Path) -> None:
    """Take one connection and offer it a certificate."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    connection, _ = listener.accept()
    with connection, contextlib.suppress(OSError), context.wrap_socket(connection, server_side=True):
        pass


def test_no_address_and_no_key_is_written_anywhere(
    api: SendGridApi, sendgrid: SendGrid, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in a log at its most talkative, not in an error, not in a repr."""
    with caplog.at_level(logging.DEBUG):
        sendgrid.send(MAIL)
        api.plan = lambda: error(400)
        with pytest.raises(ChannelRefused) as caught:
            sendgrid.send(MAIL)
    written = json.dumps([caplog.text, repr(caught.value), repr(sendgrid)])
    for secret in ("ada@example.com", "Thank you", KEY):
        assert secret not in written
