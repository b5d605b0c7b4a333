"""The vendors' published signature examples hold, and no byte of them can be changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated
from urllib.parse import parse_qsl, urlencode

import httpx
import pytest
from fastapi import APIRouter, Depends, FastAPI
from pydantic import SecretStr
from sendgrid.helpers.eventwebhook import EventWebhook
from sqlmodel import func, select
from twilio.request_validator import RequestValidator

from settings import Settings
from starter import clock
from storage.database import Database
from storage.migrate import upgrade
from storage.tables import MessageEventRow, WebhookRow
from tests.callbacks import Notified
from web.app import create_app
from web.hooks.signatures import SignedForm, twilio_form

# Twilio's security documentation, and the tests of its SDKs: auth token "12345", and the parameters.
TWILIO_URL = "https://mycompany.com/myapp.php?foo=1&bar=2"
TWILIO = [
    ("+14158675309", "RSOYDt4T1cUTdK1PDd93/VVr8B8="),
    ("+12349013030", "0/KCTR6DLpKmkAf8muzZqo1nDgQ="),
]
# The tests of SendGrid's SDKs.
SENDGRID_KEY = (
    "MFkwEwYHKoZIzj0CAQYIKoZIzj0DAQcDQgAE83T4O/n84iotIvIW4mdBgQ/7dAfSmpqIM8kF9mN1flpVKS3GRqe62gw+"
    "2fNNRaINXvVpiglSI8eNEc6wEA3F+g=="
)
SENDGRID_SIGNATURE = (
    "MEUCIGHQVtGj+Y3LkG9fLcxf3qfI10QysgDWmMOVmxG0u6ZUAiEAyBiXDWzM+uOe5W0JuG+luQAbPIqHh89M15TluLtEZtM="
)
SENDGRID_TIME = "1600112502"
SENDGRID_EVENT = {
    "email": "hello@world.com",
    "event": "dropped",
    "reason": "Bounced Address",
    "sg_event_id": "ZHJvcC0xMDk5NDkxOS1MUnpYbF9OSFN0T0doUTRrb2ZTbV9BLTA",
    "sg_message_id": "LRzXl_NHStOGhQ4kofSm_A.filterdrecv-p3mdw1-756b745b58-kmzbl-18-5F5FC76C-9.0",
    "smtp-id": "<LRzXl_NHStOGhQ4kofSm_A@ismtpd0039p1iad1.sendgrid.net>",
    "timestamp": 1600112492,
}
SENDGRID_BODY = json.dumps([SENDGRID_EVENT], separators=(",", ":")) + "\r\n"


def form(caller: str) -> dict[str, str]:
    """The parameters of Twilio's example."""
    return {
        "CallSid": "CA1234567890ABCDE",
        "Caller": caller,
        "Digits": "1234",
        "From": caller,
        "To": "+18005551212",
    }


def one_byte_off(text: str) -> Iterator[str]:
    """Every change of one byte: another bit, other bytes of note, one more, one less."""
    for place, letter in enumerate(text):
        others = {chr(ord(letter) ^ 1), chr(ord(letter) ^ 32), "A", "=", "&", "%", "+", " ", "0"}
        for other in sorted(o for o in others if o != letter and o.isprintable()):
            yield text[:place] + other + text[place + 1 :]
        yield text[:place] + text[place + 1 :]
        yield from (text[:place] + extra + text[place:] for extra in "&=A0 \t\n")
    yield from (text + extra for extra in ("&", "=", "A", "0", " ", "\n", "#", "?"))


@pytest.fixture
def app(tmp_path: Path) -> Iterator[FastAPI]:
    """The app, with the examples' keys, and Twilio's check at the address of Twilio's example."""
    database = Database(f"sqlite:///{tmp_path / 'x.db'}")
    upgrade(database)
    settings = Settings(
        home=tmp_path,
        public_url="https://mycompany.com",
        twilio_auth_token=SecretStr("12345"),
        sendgrid_webhook_key=SENDGRID_KEY,
    )
    made = create_app(settings, database)
    made.state.campaigns = Notified()
    router = APIRouter()

    @router.post("/myapp.php")
    async def example(signed: Annotated[SignedForm, Depends(twilio_form)]) -> dict[str, str]:
        return signed.params

    made.include_router(router)
    yield made
    database.close()


async def post(app: FastAPI, target: bytes, body: bytes, headers: dict[str, bytes]) -> int:
    """Post exactly these bytes: a client library would change them."""
    path, _, query = target.partition(b"?")
    sent, status = [{"type": "http.request", "body": body, "more_body": False}], 0

    async def receive() -> dict[str, object]:
        return sent.pop() if sent else {"type": "http.disconnect"}

    async def send(message: dict[str, object]) -> None:
        nonlocal status
        status = int(str(message.get("status", status)))

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": "POST", "scheme": "http",
        "path": path.decode("latin-1"), "raw_path": path, "query_string": query, "root_path": "",
        "headers": [(name.lower().encode(), value) for name, value in headers.items()],
        "client": ("10.0.0.7", 5), "server": ("10.0.0.1", 80),
    }  # fmt: skip
    await app(scope, receive, send)  # type: ignore[arg-type]
    return status


def accepted_by_twilio(url: str, body: str, signature: str) -> bool:
    """What the vendor's validator alone says."""
    return bool(RequestValidator("12345").validate(url, dict(parse_qsl(body)), signature))


@pytest.mark.parametrize(("caller", "signature"), TWILIO)
async def test_the_examples_of_twilio_hold(app: FastAPI, caller: str, signature: str) -> None:
    """By the vendor's validator, and through our check behind a proxy of another address."""
    body = urlencode(form(caller))
    assert accepted_by_twilio(TWILIO_URL, body, signature)
    transport = httpx.ASGITransport(app=app)
    async with httpx.AsyncClient(transport=transport, base_url="http://10.9.9.9:81") as client:
        lies = {"X-Forwarded-Host": "evil.example", "X-Forwarded-Proto": "http", "Host": "other"}
        headers = {"X-Twilio-Signature": signature, **lies}
        answer = await client.post("/myapp.php?foo=1&bar=2", content=body, headers=headers)
    assert (answer.status_code, answer.json()) == (200, form(caller))


async def test_no_byte_of_a_signature_of_twilio_can_change(app: FastAPI) -> None:
    """Not the padding, not the last letter's unused bits, not a space."""
    caller, signature = TWILIO[0]
    body = urlencode(form(caller)).encode()
    for changed in one_byte_off(signature):
        sent = {"X-Twilio-Signature": changed.encode()}
        assert await post(app, b"/myapp.php?foo=1&bar=2", body, sent) == 403, changed


async def test_no_byte_of_an_address_signed_by_twilio_can_change(app: FastAPI) -> None:
    """The query as it came, the path, and our own public address."""
    caller, signature = TWILIO[0]
    body, sent = urlencode(form(caller)).encode(), {"X-Twilio-Signature": signature.encode()}
    for changed in one_byte_off("foo=1&bar=2"):
        assert await post(app, f"/myapp.php?{changed}".encode(), body, sent) == 403, changed
    for changed in one_byte_off("/myapp.php"):
        assert await post(app, changed.encode() + b"?foo=1&bar=2", body, sent) >= 400, changed
    for changed in one_byte_off("https://mycompany.com"):
        home = app.state.settings.model_copy(update={"public_url": changed})
        app.state.settings = home
        ours = changed.rstrip("/").strip()
        if ours.lower().replace("\t", "").replace("\n", "") != "https://mycompany.com":
            assert await post(app, b"/myapp.php?foo=1&bar=2", body, sent) == 403, changed


async def test_no_byte_of_a_form_signed_by_twilio_can_change(app: FastAPI) -> None:
    """Whatever reads as other parameters is refused; another spelling of the same is the same request."""
    caller, signature = TWILIO[0]
    body, sent = urlencode(form(caller)), {"X-Twilio-Signature": signature.encode()}
    same = 0
    for changed in one_byte_off(body):
        status = await post(app, b"/myapp.php?foo=1&bar=2", changed.encode(), sent)
        if dict(parse_qsl(changed, strict_parsing=False, keep_blank_values=True)) == form(caller):
            same += 1
        else:
            assert status == 403, changed
    assert same <= 20


@pytest.mark.parametrize("more", ["&Digits=1234", "&From=%2B14158675309", "&Digits=9"])
async def test_a_parameter_named_twice_is_refused(app: FastAPI, more: str) -> None:
    """Which of the two counts is a matter of the reader: neither does."""
    caller, signature = TWILIO[0]
    sent = {"X-Twilio-Signature": signature.encode()}
    for body in (urlencode(form(caller)) + more, f"{more[1:]}&{urlencode(form(caller))}"):
        assert await post(app, b"/myapp.php?foo=1&bar=2", body.encode(), sent) == 403


async def test_the_validator_alone_refuses_changed_parameters() -> None:
    """The vendor's own code, with every value and name changed by a byte."""
    caller, signature = TWILIO[0]
    for name, value in form(caller).items():
        for changed in one_byte_off(value):
            url, params = TWILIO_URL, {**form(caller), name: changed}
            assert not RequestValidator("12345").validate(url, params, signature), (name, changed)


@pytest.fixture
def then(monkeypatch: pytest.MonkeyPatch) -> None:
    """The minute of SendGrid's example."""
    monkeypatch.setattr(clock, "now", lambda: datetime.fromtimestamp(int(SENDGRID_TIME) + 60, UTC))


def sendgrid(signature: str = SENDGRID_SIGNATURE, stamp: str = SENDGRID_TIME) -> dict[str, bytes]:
    """SendGrid's headers."""
    prefix = "X-Twilio-Email-Event-Webhook-"
    return {f"{prefix}Signature": signature.encode(), f"{prefix}Timestamp": stamp.encode()}


async def test_the_example_of_sendgrid_holds(app: FastAPI, then: None) -> None:
    """By the vendor's code, and through our endpoint, once; a day later it is stale."""
    vendor = EventWebhook(SENDGRID_KEY)
    assert vendor.verify_signature(SENDGRID_BODY, SENDGRID_SIGNATURE, SENDGRID_TIME)
    body = SENDGRID_BODY.encode()
    answers = [await post(app, b"/webhooks/sendgrid", body, sendgrid()) for _ in range(2)]
    assert answers == [200, 403]


async def test_the_example_of_sendgrid_is_stale_today(app: FastAPI) -> None:
    """Well signed, and years old."""
    assert await post(app, b"/webhooks/sendgrid", SENDGRID_BODY.encode(), sendgrid()) == 403


async def test_no_byte_of_the_example_of_sendgrid_can_change(app: FastAPI, then: None) -> None:
    """Neither body, nor time, nor signature; and nothing is kept of all the attempts."""
    endpoint, body = b"/webhooks/sendgrid", SENDGRID_BODY.encode()
    vendor = EventWebhook(SENDGRID_KEY)
    for changed in one_byte_off(SENDGRID_BODY):
        assert not vendor.verify_signature(changed, SENDGRID_SIGNATURE, SENDGRID_TIME)
        assert await post(app, endpoint, changed.encode(), sendgrid()) == 403, changed
    for changed in one_byte_off(SENDGRID_TIME):
        assert await post(app, endpoint, body, sendgrid(stamp=changed)) == 403, changed
    for changed in one_byte_off(SENDGRID_SIGNATURE):
        assert await post(app, endpoint, body, sendgrid(changed)) == 403, changed
    with app.state.database.transaction() as session:
        for table in (WebhookRow, MessageEventRow):
            assert session.exec(select(func.count()).select_from(table)).one() == 0
