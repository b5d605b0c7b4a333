"""Providers as they call back: signed requests to the app, and a shop that they are about."""

from __future__ import annotations

import base64
import json
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import httpx
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from fastapi import FastAPI
from pydantic import SecretStr
from twilio.request_validator import RequestValidator

from activities.enrol import enrol
from activities.interface import EnrolRequest
from campaign.facts import MessageState
from campaign.reasons import Channel
from campaign.wire import Customer, Purchase
from settings import Settings
from starter import clock
from storage.database import Database
from storage.queries.messages.messages import get_message, message_id, move_message
from storage.queries.people.customers import save_customer
from storage.tables import MessageRow
from tests.facts import PLACED, default_definition
from web.app import create_app

PUBLIC = "https://shop.example.com/afterglow"
TOKEN = "a-token-of-tests"  # noqa: S105 - no secret
PHONE = "+12025550123"
KEY = ec.generate_private_key(ec.SECP256R1())
PUBLIC_KEY = base64.b64encode(
    KEY.public_key().public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo)
).decode()


@dataclass
class Notified:
    """Campaigns that remember what they were notified of."""

    failures: list[tuple[str, str]] = field(default_factory=list)

    async def delivery_failed(self, order_id: str, step: str) -> None:
        """Remember a failed message."""
        self.failures.append((order_id, step))

    async def answers(self) -> bool:
        """Say that Temporal is there."""
        return True


@dataclass
class Providers:
    """Both providers, calling one app in this process."""

    app: FastAPI
    database: Database
    notified: Notified

    async def post(self, path: str, body: bytes, **headers: str) -> httpx.Response:
        """Post as some proxy would pass it on: the Host is the proxy's."""
        transport = httpx.ASGITransport(app=self.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://10.0.0.7:8080") as client:
            named = {name.replace("_", "-"): value for name, value in headers.items()}
            return await client.post(path, content=body, headers=named)

    async def twilio(self, path: str, **params: str) -> httpx.Response:
        """Post a form, signed over the public address."""
        return await self.post(path, urlencode(params).encode(), **twilio_headers(path, params))

    async def status(self, message: str, state: str, **params: str) -> httpx.Response:
        """Report what became of a message."""
        path = f"/webhooks/twilio/status?message={message}"
        return await self.twilio(path, **{"MessageSid": "SM1", "MessageStatus": state, **params})

    async def sms(self, body: str, sender: str = PHONE, **params: str) -> httpx.Response:
        """Pass on a customer's text message: each has an id of its own."""
        number = getattr(self, "_number", 0) + 1
        self._number = number
        values = {"From": sender, "Body": body, "MessageSid": f"SM{number}", **params}
        return await self.twilio("/webhooks/twilio/inbound", **values)

    async def sendgrid(self, *events: dict[str, Any], at: datetime | None = None) -> httpx.Response:
        """Post a batch."""
        body = json.dumps(events).encode()
        return await self.post("/webhooks/sendgrid", body, **sendgrid_headers(body, at or clock.now()))

    def message(self, identifier: str) -> MessageRow:
        """Read a message."""
        with self.database.transaction() as session:
            return get_message(session, identifier)


def twilio_headers(path: str, params: dict[str, str]) -> dict[str, str]:
    """Sign a form as Twilio does."""
    signature = RequestValidator(TOKEN).compute_signature(PUBLIC + path, params)
    return {"X_Twilio_Signature": signature, "Content_Type": "application/x-www-form-urlencoded"}


def sendgrid_headers(body: bytes, at: datetime) -> dict[str, str]:
    """Sign a body as SendGrid does."""
    stamp = str(int(at.timestamp()))
    signature = KEY.sign(stamp.encode() + body, ec.ECDSA(hashes.SHA256()))
    return {
        "X_Twilio_Email_Event_Webhook_Signature": base64.b64encode(signature).decode(),
        "X_Twilio_Email_Event_Webhook_Timestamp": stamp,
        "Content_Type": "application/json",
    }


def providers(database: Database, home: Path, **changes: Any) -> Providers:
    """Return an app that both providers can call."""
    values: dict[str, Any] = {
        "home": home,
        "database_url": database.url,
        "public_url": PUBLIC,
        "twilio_auth_token": SecretStr(TOKEN),
        "sendgrid_webhook_key": PUBLIC_KEY,
        **changes,
    }
    app, notified = create_app(Settings(**values), database), Notified()
    app.state.campaigns = notified
    return Providers(app, database, notified)


def save_shop_customer(database: Database, customer_id: str = "c-1", **contact: Any) -> None:
    """Save a customer with both addresses and both consents, confirmed."""
    at = (PLACED - timedelta(days=1)).isoformat()
    consents = [
        {"channel": name, "state": "granted", "source": "checkout", "at": at, "confirmed": True}
        for name in ("email", "sms")
    ]
    values = {
        "customer_id": customer_id,
        "email": "ada@example.com",
        "phone": PHONE,
        "country": "US",
        "time_zone": "America/New_York",
        "consents": consents,
        **contact,
    }
    with database.transaction() as session:
        save_customer(session, Customer.model_validate(values))


def open_campaign(database: Database, order_id: str = "o-1", customer_id: str = "c-1") -> None:
    """Enrol an order of the customer."""
    line = {"sku": "mug", "quantity": 1, "unit_price": "20.00"}
    values = {"order_id": order_id, "customer_id": customer_id, "placed_at": PLACED, "currency": "USD",
              "total": "20.00", "lines": [line]}  # fmt: skip
    purchase = Purchase.model_validate(values)
    enrol(database, default_definition(), EnrolRequest(purchase=purchase, run_id="run", now=PLACED))


def add_sending(
    database: Database,
    channel: Channel,
    order_id: str = "o-1",
    step: str = "loyalty",
    customer_id: str = "c-1",
) -> str:
    """Add a message that is being sent; return its id."""
    identifier = message_id(order_id, step, channel)
    address = "ada@example.com" if channel is Channel.EMAIL else PHONE
    with database.transaction() as session:
        row = MessageRow(
            id=identifier, order_id=order_id, customer_id=customer_id, step=step, channel=channel.value,
            segment="new", state=MessageState.CLAIMED.value, latest_at=PLACED + timedelta(days=90),
            claimed_at=PLACED, attempted_at=PLACED, recipient=address, address=address, text="Hello",
        )  # fmt: skip
        session.add(row)
        session.flush()
        move_message(session, row, MessageState.SENDING, PLACED)
    return identifier
