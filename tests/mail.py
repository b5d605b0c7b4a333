"""One customer, one order, its messages and a browser: what the tests of pages and links stand on."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlmodel import select

from activities.deliver import deliver
from activities.enrol import enrol
from activities.interface import DeliverRequest, EnrolRequest, RenderRequest, SegmentRequest
from activities.links import Links
from activities.render import render
from activities.segment import segment
from campaign.languages.tones import Tone
from campaign.reasons import Channel
from campaign.rules.decision import Decision, decide
from campaign.tokens import TokenUse, make_token
from campaign.wire import Customer, Purchase
from channels.outbox.send import Outbox
from settings import Settings
from storage.database import Database
from storage.queries.campaigns.facts import load_run
from storage.queries.messages.messages import get_message
from storage.queries.people.customers import save_customer
from storage.tables import ConsentRow, MessageEventRow, MessageRow
from tests.facts import PLACED, ROOT, default_definition
from web.app import create_app

SECRET = "a-secret-of-twenty-characters"  # noqa: S105 - a test's
PUBLIC = "https://shop.example.com/mail"
LINKS = Links(f"{PUBLIC}/", SECRET)
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

    def enrol(self, order_id: str = "o-1", customer_id: str = "c-1", tone: Tone | None = None) -> None:
        """Place an order, with a brand that addresses its customers in a tone."""
        definition = default_definition()
        brand = definition.brand.model_copy(update={"tone": tone})
        definition = definition.model_copy(update={"brand": brand})
        line = {"sku": "mug", "quantity": 1, "unit_price": "20.00"}
        order = {"order_id": order_id, "customer_id": customer_id, "placed_at": PLACED.isoformat()}
        purchase = Purchase.model_validate({**order, "currency": "USD", "total": "20.00", "lines": [line]})
        enrol(self.database, definition, EnrolRequest(purchase=purchase, run_id="r", now=PLACED))

    def claim(
        self,
        order_id: str = "o-1",
        links: Links | None = LINKS,
        *,
        step: str = "loyalty",
        now: datetime = LOYALTY,
    ) -> MessageRow:
        """Claim and render the loyalty message of an order, or another step's."""
        request = SegmentRequest(order_id=order_id, step=step, now=now)
        (message,) = segment(self.database, request).messages
        render(
            self.database,
            ROOT / "content" / "default",
            RenderRequest(message_id=message.id, now=now),
            links,
        )
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
            loaded = load_run(session, "o-1")
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


@asynccontextmanager
async def mailing(database: Database, home: Path) -> AsyncIterator[Mail]:
    """Give a customer with one open campaign."""
    app = create_app(Settings(secret_key=SECRET), database)
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://test", headers=CHROME) as http:
        made = Mail(database, http, home)
        made.save()
        made.enrol()
        yield made
