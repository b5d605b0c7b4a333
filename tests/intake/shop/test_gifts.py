"""A gift, sent to another person: the buyer is thanked, and nothing of the recipient is even stored."""

from __future__ import annotations

import importlib
import json
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlmodel import SQLModel, select

from activities.enrol import enrol
from activities.interface import EnrolRequest, ReceivedSignal
from campaign.facts import MessageState
from campaign.wire import OrderStatus, OrderUpdate
from shops.context import Context
from shops.news import Policy
from storage.database import Database
from storage.queries.campaigns.purchases import stored_orders
from storage.tables import OrderRow
from tests.activities.test_activities import DEFINITION, Shop
from tests.activities.test_order_effects import written
from tests.facts import ROOT
from tests.shop_news import ShopSystem

GIFTS = sorted((ROOT / "tests" / "shops").glob("*/payloads/order-gift.json"))
SHIPPING, BUYER = (
    ("shipping", "shipping_address", "shipping_lines"),
    ("billing", "billing_address", "customer"),
)
AFTERNOON = datetime.fromisoformat("2026-03-01T22:00:00+00:00")


def texts(data: Any) -> Iterator[str]:
    """Every text, in whatever is nested."""
    if isinstance(data, dict | list):
        for part in data.values() if isinstance(data, dict) else data:
            yield from texts(part)
    elif isinstance(data, str):
        yield data


def of_recipient(body: dict[str, Any]) -> set[str]:
    """What only the shipping data says: names, address, phone."""
    shipping = {text for name in SHIPPING for text in texts(body.get(name)) if len(text) > 3}
    return shipping - {text for name in BUYER for text in texts(body.get(name))}


def everything(database: Database) -> str:
    """The whole database as text."""
    with database.reading() as session:
        tables = SQLModel.metadata.sorted_tables
        return "\n".join(
            str(tuple(row)) for table in tables for row in session.connection().execute(table.select())
        )


@pytest.mark.parametrize("file", GIFTS, ids=[file.parent.parent.name for file in GIFTS])
def test_who_gets_a_gift_is_not_known_here(file: Path, database: Database) -> None:
    """The buyer is thanked, and no word that only the shipping address says is in any table."""
    data = json.loads(file.read_text("utf-8"))
    read_event = importlib.import_module(f"shops.{file.parent.parent.name}").read_event
    context = Context(Policy(), lambda _: "guest-1", AFTERNOON, currency="USD", country="US")
    news = read_event(data["topic"], json.dumps(data["body"]).encode(), context)
    assert ShopSystem(database).report(news, AFTERNOON) == "started"
    shop = Shop(database)
    with database.reading() as session:
        order_id = session.exec(select(OrderRow.id)).one()
        purchase = stored_orders(session, [order_id])[order_id].purchase
    enrol(database, DEFINITION, EnrolRequest(purchase=purchase, run_id="run", now=AFTERNOON))
    processed = OrderUpdate(status=OrderStatus.PROCESSED, at=purchase.placed_at + timedelta(minutes=5))
    (message,) = shop.decide("thank-you", AFTERNOON, [ReceivedSignal(update=processed)], order_id).messages
    assert "Ada" in written(shop, message.id)
    assert shop.deliver(message.id, AFTERNOON) is MessageState.SENT
    assert shop.message(message.id).recipient == "ada@example.com"
    words = of_recipient(data["body"])
    assert len(words) >= 4
    kept = everything(database)
    assert {word for word in words if word in kept} == set()
