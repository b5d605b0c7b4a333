"""Twilio's own SDK against a local server: each answer becomes the right error, lost ones are found out."""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import parse_qsl

import pytest

from campaign.errors import (
    ChannelBusy,
    ChannelError,
    ChannelOptedOut,
    ChannelPending,
    ChannelRefused,
    ChannelStopped,
    ChannelUncertain,
)
from campaign.reasons import Channel
from channels.codes import Outcome, classify
from channels.protocol import Outgoing
from channels.twilio.codes import CODES
from channels.twilio.send import MOST_LISTED, QUERY_AGAIN, SETTLED_AFTER, Twilio
from tests.facts import PLACED
from tests.fakes.provider import Fault, Reply, serving
from tests.fakes.twilio_api import ACCOUNT, TOKEN, TwilioApi, error

CALLBACK = "https://shop.example.com/hooks/webhooks/twilio/status"
TEXT = "Juniper & Pine: “Thank you” \N{EN DASH} Zoë! Reply STOP to opt out"
SMS = Outgoing(
    id="0f2a", order_id="1001", step="thank-you", position=1, channel=Channel.SMS, to="+12025550123",
    brand="Juniper & Pine", sender="hello@shop.example.com", reply_to=None, unsubscribe="u@shop.example.com",
    subject=None, html=None, text=TEXT, at=PLACED,
)  # fmt: skip


@pytest.fixture
def api() -> Iterator[TwilioApi]:
    """A Twilio of our own."""
    fake = TwilioApi()
    with serving(fake):
        yield fake


@pytest.fixture
def twilio(api: TwilioApi) -> Iterator[Twilio]:
    """Our channel to it."""
    with closing(channel(api.base)) as made:
        yield made


def channel(base: str, token: str = TOKEN, seconds: float = 0.3, service: str | None = "MG1") -> Twilio:
    """A channel that loses patience soon."""
    return Twilio(
        ACCOUNT, token, service=service, sender="+12025550100", callback=CALLBACK, base=base, seconds=seconds
    )


def test_an_sms_is_handed_over(api: TwilioApi, twilio: Twilio) -> None:
    """Number, text and Messaging Service arrive; our id is in the callback's address; the sid comes back."""
    receipt = twilio.send(SMS)
    (text,) = api.accepted
    assert (text.to, text.body, text.service, text.sender) == (SMS.to, SMS.text, "MG1", "")
    assert text.callback == f"{CALLBACK}?message=0f2a"
    assert (receipt.provider_id, receipt.at) == (text.sid, PLACED)


def test_a_sender_without_a_service(api: TwilioApi) -> None:
    """Without a Messaging Service the number is the sender."""
    with closing(channel(api.base, service=None)) as plain:
        plain.send(SMS)
    assert (api.accepted[0].sender, api.accepted[0].service) == ("+12025550100", None)


def test_threads_share_connections_and_get_their_own_answers(api: TwilioApi, twilio: Twilio) -> None:
    """200 messages from 8 threads: far fewer connections, and each gets the sid of its own message."""
    messages = [replace(SMS, id=f"m{n}", text=f"text {n}") for n in range(200)]
    with ThreadPoolExecutor(8) as pool:
        receipts = list(pool.map(twilio.send, messages))
    theirs = {text.message_id: text.sid for text in api.accepted}
    assert {m.id: r.provider_id for m, r in zip(messages, receipts, strict=True)} == theirs
    assert api.connections <= 8


KINDS = {
    Outcome.OPTED_OUT: ChannelOptedOut,
    Outcome.INVALID: ChannelRefused,
    Outcome.REFUSED: ChannelRefused,
    Outcome.BUSY: ChannelBusy,
    Outcome.CONFIGURATION: ChannelStopped,
    Outcome.UNCERTAIN: ChannelUncertain,
}


@pytest.mark.parametrize("code", [code for code in CODES if len(code) == 5])
def test_every_code_becomes_its_error(api: TwilioApi, twilio: Twilio, code: str) -> None:
    """By the table: the right kind, with the code, and without a word of what the provider wrote."""
    outcome = CODES[code].outcome
    status = {Outcome.BUSY: 429, Outcome.UNCERTAIN: 500, Outcome.CONFIGURATION: 401}.get(outcome, 400)
    api.plan = lambda: error(status, int(code))
    with pytest.raises(ChannelError) as caught:
        twilio.send(SMS)
    assert type(caught.value) is KINDS[outcome]
    assert str(caught.value) == f"twilio answered {code}"
    if isinstance(caught.value, ChannelRefused):
        assert caught.value.provider_code == code
        assert caught.value.invalid_address is (outcome is Outcome.INVALID)


def test_an_error_of_the_server_is_uncertain_whatever_its_code() -> None:
    """A 5xx may have come after the message was taken; unknown codes go by their status."""
    assert classify(CODES, 21610, 503) is Outcome.UNCERTAIN
    assert classify(CODES, 99999, 400) is Outcome.REFUSED
    assert classify(CODES, 99999, 401) is Outcome.CONFIGURATION
    assert classify(CODES, 99999, 429) is Outcome.BUSY
    assert classify(CODES, "302", 302) is Outcome.CONFIGURATION
    assert classify(CODES, "30999") is Outcome.REFUSED


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"Retry_After": "7"}, timedelta(seconds=7)),
        ({"Retry_After": "Mon, 02 Mar 2026 15:01:30 GMT"}, timedelta(seconds=90)),
        ({"Retry_After": "999999999999999"}, timedelta(hours=1)),
        ({"Retry_After": "0"}, timedelta(seconds=1)),
        ({"Retry_After": "soon"}, None),
        ({}, None),
    ],
)
def test_a_busy_provider_says_how_long(
    api: TwilioApi, twilio: Twilio, headers: dict[str, str], wait: timedelta | None
) -> None:
    """429 with Retry-After in seconds or as a date, by the provider's clock, from a second to an hour."""
    api.plan = lambda: error(429, 20429, **headers)
    with pytest.raises(ChannelBusy) as caught:
        twilio.send(SMS)
    assert caught.value.retry_after == wait


def test_a_wrong_token_stops_the_channel(api: TwilioApi) -> None:
    """401 with 20003 is our configuration."""
    with closing(channel(api.base, token="wrong")) as wrong, pytest.raises(ChannelStopped) as caught:  # noqa: S106 - a test's
        wrong.send(SMS)
    assert caught.value.provider_code == "20003"


@pytest.mark.parametrize("fault", [fault for fault in Fault if fault is not Fault.SLOW_AFTER])
def test_a_lost_answer_is_uncertain_and_found_out(api: TwilioApi, twilio: Twilio, fault: Fault) -> None:
    """Whatever is lost, whoever has it: queried at once it is there or open; in time it is certain."""
    api.plan = lambda: fault
    with pytest.raises(ChannelUncertain) as caught:
        twilio.send(SMS)
    assert type(caught.value) is ChannelUncertain
    assert len(api.accepted) == fault.accepts
    if fault.accepts:
        found = twilio.find(replace(SMS, at=PLACED + timedelta(seconds=15)), PLACED)
        assert found is not None
        assert (found.provider_id, found.at) == (api.accepted[0].sid, PLACED)
        return
    with pytest.raises(ChannelPending) as pending:
        twilio.find(replace(SMS, at=PLACED + SETTLED_AFTER - timedelta(seconds=1)), PLACED)
    assert pending.value.retry_after == QUERY_AGAIN
    assert twilio.find(replace(SMS, at=PLACED + SETTLED_AFTER), PLACED) is None


def test_a_slow_answer_is_an_answer(api: TwilioApi, twilio: Twilio) -> None:
    """Piece by piece, each in time."""
    api.plan = lambda: Fault.SLOW_AFTER
    assert twilio.send(SMS).provider_id == api.accepted[0].sid


def test_a_success_without_a_sid_is_uncertain(api: TwilioApi, twilio: Twilio) -> None:
    """JSON that is not a message may still be one."""
    answers = iter([Reply.json(201, {}), Reply.json(201, []), Reply.json(201, {"sid": None})])
    api.plan = lambda: next(answers)
    for _ in range(3):
        with pytest.raises(ChannelUncertain):
            twilio.send(SMS)


def test_a_server_that_is_not_there_was_never_reached(monkeypatch: pytest.MonkeyPatch) -> None:
    """Refused connections and unknown hosts: plain errors, to be tried again."""
    look_up = socket.getaddrinfo

    def unknown(host: str, *args: Any, **options: Any) -> Any:
        if host == "127.0.0.1":
            return look_up(host, *args, **options)
        raise socket.gaierror(socket.EAI_NONAME, "unknown")

    monkeypatch.setattr(socket, "getaddrinfo", unknown)
    with closing(socket.socket()) as free:
        free.bind(("127.0.0.1", 0))
        gone = f"http://127.0.0.1:{free.getsockname()[1]}"
        for base in (gone, "http://provider.invalid", "nonsense"):
            with closing(channel(base)) as nowhere:
                with pytest.raises(ChannelError) as sent:
                    nowhere.send(SMS)
                with pytest.raises(ChannelError) as found:
                    nowhere.find(SMS, PLACED)
                assert [type(sent.value), type(found.value)] == [ChannelError, ChannelError]


def test_the_list_is_read_to_its_end(api: TwilioApi, twilio: Twilio) -> None:
    """The message is on the third page; those before it have other texts."""
    twilio.send(SMS)
    for number in range(5):
        twilio.send(replace(SMS, text=f"another {number}"))
    api.page = 2
    found = twilio.find(SMS, PLACED)
    assert found is not None
    assert found.provider_id == api.accepted[0].sid


def test_the_same_text_of_another_message_is_not_mistaken(api: TwilioApi, twilio: Twilio) -> None:
    """An earlier campaign's, by its time; one of the same minute, by being known as another message."""
    api.now = PLACED - timedelta(days=30)
    twilio.send(SMS)
    api.now = PLACED - timedelta(seconds=20)
    known = twilio.send(SMS).provider_id
    late = replace(SMS, at=PLACED + SETTLED_AFTER, known_ids=frozenset({known}))
    assert twilio.find(late, PLACED) is None
    found = twilio.find(replace(late, known_ids=frozenset()), PLACED)
    assert found is not None
    assert found.provider_id == known


def test_clocks_may_differ(api: TwilioApi, twilio: Twilio) -> None:
    """Twilio's clock is a minute behind ours: the message is found all the same."""
    api.now = PLACED - timedelta(minutes=1)
    twilio.send(SMS)
    assert twilio.find(SMS, PLACED) is not None


def test_what_failed_later_was_accepted(api: TwilioApi, twilio: Twilio) -> None:
    """Undelivered, and with typographic characters exchanged by smart encoding: it is not sent again."""
    twilio.send(SMS)
    api.accepted[0].status = "undelivered"
    api.accepted[0].body = SMS.text.replace("“", '"').replace("”", '"').replace("\N{EN DASH}", "-")
    assert twilio.find(SMS, PLACED) is not None


def page(messages: Any) -> Reply:
    """A list's only page."""
    return Reply.json(200, {"messages": messages, "next_page_uri": None})


def test_a_list_that_cannot_be_read_says_nothing(api: TwilioApi, twilio: Twilio) -> None:
    """B22: a failure to list, or a list of something else, is an error to try again, never an answer."""
    late = replace(SMS, at=PLACED + timedelta(days=1))
    for reply, kind in (
        (Reply(200, b"<html>"), ChannelError),
        (Reply.json(200, {}), ChannelError),
        (Reply.json(200, {"errors": []}), ChannelError),
        (Reply.json(200, {"data": []}), ChannelError),
        (Reply.json(200, {"message": ""}), ChannelError),
        (Reply.json(200, {"messages": []}), ChannelError),
        (page(None), ChannelError),
        (page({}), ChannelError),
        (page([{"sid": 7}]), ChannelError),
        (page(["SM1"]), ChannelError),
        (page([{"sid": "SM1", "body": 7}]), ChannelError),
        (
            Reply.json(200, {"messages": [{"sid": "SM1", "date_created": "soon"}], "next_page_uri": None}),
            ChannelError,
        ),
        (
            Reply.json(200, {"messages": [{"sid": "SM1", "date_created": 7}], "next_page_uri": None}),
            ChannelError,
        ),
        (Reply.json(200, []), ChannelError),
        (error(500, 20500), ChannelError),
        (error(429, 20429), ChannelBusy),
        (error(401, 20003), ChannelStopped),
    ):
        api.list_plan = iter([reply]).__next__
        with pytest.raises(ChannelError) as caught:
            twilio.find(late, PLACED)
        assert type(caught.value) is kind


def test_a_text_without_a_readable_body_is_not_absent(api: TwilioApi, twilio: Twilio) -> None:
    """B7: Message Redaction hides texts: one since the attempt may be it, a known one is not."""
    sent = twilio.send(SMS)
    late = replace(SMS, at=PLACED + SETTLED_AFTER)
    for shown in ("", "XXXXXXX XXX", "***"):
        api.accepted[0].body = shown
        with pytest.raises(ChannelPending):
            twilio.find(SMS, PLACED)
        with pytest.raises(ChannelUncertain):
            twilio.find(late, PLACED)
    assert twilio.find(replace(late, known_ids=frozenset({sent.provider_id})), PLACED) is None
    api.accepted[0].at = PLACED - timedelta(days=1)
    assert twilio.find(late, PLACED) is None


@pytest.mark.parametrize(
    ("left", "seconds"),
    [
        (timedelta(seconds=6), "6"),
        (timedelta(minutes=1, milliseconds=900), "60"),
        (timedelta(hours=10), "36000"),
        (timedelta(days=2), "36000"),
    ],
)
def test_a_text_is_held_back_no_longer_than_it_may_arrive(
    api: TwilioApi, twilio: Twilio, left: timedelta, seconds: str
) -> None:
    """B26: ValidityPeriod runs to the end of the permitted hours, within Twilio's bounds."""
    twilio.send(replace(SMS, deliver_by=PLACED + left))
    assert form_of(api)["ValidityPeriod"] == seconds


def test_a_text_without_an_end_is_left_to_twilio(api: TwilioApi, twilio: Twilio) -> None:
    """No ValidityPeriod: Twilio's own default holds."""
    twilio.send(SMS)
    assert "ValidityPeriod" not in form_of(api)


@pytest.mark.parametrize(("left", "wait"), [(5, 6), (0, 1), (-60, 1)])
def test_a_text_is_not_handed_over_as_the_hours_end(
    api: TwilioApi, twilio: Twilio, left: int, wait: int
) -> None:
    """B26: with less than six seconds left nothing is sent; the next attempt comes after the end."""
    with pytest.raises(ChannelBusy) as caught:
        twilio.send(replace(SMS, deliver_by=PLACED + timedelta(seconds=left)))
    assert (caught.value.retry_after, api.requests) == (timedelta(seconds=wait), [])


def form_of(api: TwilioApi) -> dict[str, str]:
    """What was posted last."""
    return dict(parse_qsl(api.requests[-1][3].decode()))


def test_a_number_with_too_many_messages_is_uncertain(api: TwilioApi, twilio: Twilio) -> None:
    """The list is read so far and no further; then it is not known."""
    api.page = 100
    first = replace(SMS, text="another")
    twilio.send(first)
    api.accepted *= MOST_LISTED
    with pytest.raises(ChannelUncertain):
        twilio.find(replace(SMS, at=PLACED + timedelta(days=1)), PLACED)


def test_no_number_and_no_secret_is_written_anywhere(
    api: TwilioApi, twilio: Twilio, caplog: pytest.LogCaptureFixture
) -> None:
    """Not in a log at its most talkative, not in an error, not in a repr."""
    logging.getLogger().setLevel(logging.DEBUG)
    with caplog.at_level(logging.DEBUG):
        twilio.send(SMS)
        twilio.find(SMS, PLACED)
        api.plan = lambda: error(400, 21211)
        with pytest.raises(ChannelRefused) as caught:
            twilio.send(SMS)
    written = json.dumps([caplog.text, repr(caught.value), repr(twilio), repr(vars(twilio))])
    for secret in ("2025550123", "Thank you", TOKEN):
        assert secret not in written
