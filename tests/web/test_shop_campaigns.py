"""From a shop's webhook over real HTTP to the message, on the real Temporal server.

The web server has no Temporal to speak to: what it accepts is forwarded by the worker.
"""

from __future__ import annotations

import asyncio
import json
from collections import defaultdict
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import httpx
import pytest
from pydantic import SecretStr
from sqlmodel import select
from temporalio.client import Client, WorkflowHandle
from temporalio.testing import TimeSkipper

from campaign.contract import workflow_id
from campaign.wire import Purchase
from settings import Settings
from starter.client import Campaigns, Started
from storage.database import Database
from storage.tables import OrderLineRow, OrderRow
from tests.shop import sent_files
from tests.shop_calls import SECRETS, shopify_headers, woocommerce_headers
from tests.shop_payloads import an_id, shopify_order, shopify_refund, woocommerce_order
from tests.web.test_fuzz import FakeTemporal, served
from tests.workflows.orders import noon
from web.app import create_app
from worker.forwarder import forwarding
from worker.run import make_activities, workers

pytestmark = pytest.mark.temporal
HOUR = timedelta(hours=1)
Reports = tuple[str, Callable[..., dict[str, Any]], str, str]
SHOPIFY: Reports = ("shopify", shopify_order, "orders/paid", "orders/cancelled")
WOOCOMMERCE: Reports = ("woocommerce", woocommerce_order, "order.updated", "order.updated")
BOTH = pytest.mark.parametrize("system", [SHOPIFY, WOOCOMMERCE], ids=["shopify", "woocommerce"])


class Forwarded(Campaigns):
    """Campaigns that say when an order's has been started."""

    def __init__(self, client: Client) -> None:
        """Use a client, which may skip time."""
        super().__init__(client)
        self.started: dict[str, asyncio.Event] = defaultdict(asyncio.Event)

    async def start(self, purchase: Purchase) -> Started:
        """Start a campaign, and say so."""
        started = await super().start(purchase)
        self.started[purchase.order_id].set()
        return started


@dataclass
class Connected:
    """A worker, and a web server that shops call."""

    http: httpx.AsyncClient
    database: Database
    client: Client
    outbox: Path
    forwarded: Forwarded

    async def report(self, shop: str, topic: str, event: dict[str, Any]) -> str:
        """Post an event as the shop does; return what became of it."""
        body = json.dumps(event).encode()
        headers = shopify_headers(topic, body) if shop == "shopify" else woocommerce_headers(topic, body)
        answer = await self.http.post(f"/webhooks/{shop}", content=body, headers=headers)
        assert answer.status_code == 200, answer.text
        return str(answer.json()["outcome"])

    async def campaign(self, order: int) -> WorkflowHandle[Any, Any]:
        """The order's campaign, once it has been forwarded."""
        await self.forwarded.started[str(order)].wait()
        return self.client.get_workflow_handle(workflow_id(str(order)))

    def order(self, order: int) -> OrderRow:
        """The order as the database has it."""
        with self.database.reading() as session:
            return session.get_one(OrderRow, str(order))

    @property
    def sent(self) -> list[str]:
        """What was sent, by the files' text."""
        return [path.read_text("utf-8", "replace") for path in sent_files(self.outbox)]


@asynccontextmanager
async def connected(
    client: Client, database: Database, home: Path, *, skipping: bool
) -> AsyncIterator[Connected]:
    """Run a worker with the inbox's forwarder, and serve the web's app; shops have their secrets."""
    secrets: dict[str, Any] = {f"{name}_secret": SecretStr(secret) for name, secret in SECRETS.items()}
    settings = Settings(home=home, database_url=database.url, shutdown_seconds=5, **secrets)
    forwarded = Forwarded(TimeSkipper(client).client if skipping else client)

    async def no_temporal() -> Any:
        return FakeTemporal()

    app = create_app(settings, database, no_temporal)
    async with (
        workers(client, settings, make_activities(settings, database)),
        forwarding(database, forwarded),
    ):
        with served(app) as url:
            async with httpx.AsyncClient(base_url=url) as http:
                yield Connected(http, database, client, settings.outbox, forwarded)


@pytest.fixture
async def shops(client: Client, database: Database, tmp_path: Path) -> AsyncIterator[Connected]:
    """A worker whose campaigns run in real time."""
    async with connected(client, database, tmp_path / "home", skipping=False) as running:
        yield running


@BOTH
async def test_a_paid_order_is_thanked_for(
    client: Client, database: Database, tmp_path: Path, system: Reports
) -> None:
    """From the webhook to the last message, over the whole campaign: the buyer gets them, nobody else."""
    shop, order_of, topic, _ = system
    order = an_id()
    async with connected(client, database, tmp_path / "home", skipping=True) as running:
        assert await running.report(shop, topic, order_of(order, noon())) == "started"
        result = await (await running.campaign(order)).result()
        assert result["exit_reason"] == "completed"
        assert result["messages_sent"] > 0
        assert len(running.sent) == result["messages_sent"]
        assert all("ada@example.com" in text and "Bob" not in text for text in running.sent)
        buyer = running.order(order).customer_id
        assert buyer.startswith("guest-") == (shop == "woocommerce")


@BOTH
async def test_a_cancelled_order_ends_its_campaign(shops: Connected, system: Reports) -> None:
    """While it waits: nothing is sent."""
    shop, order_of, paid, cancelled = system
    order, at = an_id(), noon() - HOUR
    await shops.report(shop, paid, order_of(order, at))
    campaign = await shops.campaign(order)
    gone = {"status": "cancelled", "cancelled_at": (at + HOUR / 2).isoformat(), "cancel_reason": "customer"}
    await shops.report(shop, cancelled, order_of(order, at, 30, **gone))
    assert (await campaign.result())["exit_reason"] == "cancelled"
    assert shops.sent == []


@BOTH
async def test_an_order_that_is_never_paid_starts_nothing(shops: Connected, system: Reports) -> None:
    """Neither a campaign nor a purchase."""
    shop, order_of, topic, _ = system
    unpaid = {"financial_status": "pending", "status": "pending", "date_paid_gmt": None}
    assert await shops.report(shop, topic, order_of(an_id(), noon(), **unpaid)) == "not_paid"
    with shops.database.reading() as session:
        assert not session.exec(select(OrderRow)).all()


async def test_a_part_refund_of_shopify_before_its_order(shops: Connected) -> None:
    """It waits, and counts once the order is here: less value, and what came back."""
    order, at = an_id(), noon() - HOUR
    assert (
        await shops.report("shopify", "refunds/create", shopify_refund(order, at, "10.00"))
        == "waits_for_order"
    )
    assert await shops.report("shopify", "orders/paid", shopify_order(order, at - HOUR)) == "started"
    await shops.campaign(order)
    assert refund_of(shops, order) == (Decimal("20.00"), Decimal("10.00"), [("mug", 2, 1)])


async def test_a_full_refund_of_woocommerce_ends_its_campaign(shops: Connected) -> None:
    """First a part, then the rest: refunded."""
    order, at = an_id(), noon() - HOUR
    await shops.report("woocommerce", "order.updated", woocommerce_order(order, at))
    campaign = await shops.campaign(order)
    part = [{"id": 726, "reason": "", "total": "-5.00"}]
    await shops.report("woocommerce", "order.updated", woocommerce_order(order, at, 10, refunds=part))
    assert refund_of(shops, order)[1] == Decimal("5.00")
    rest = [*part, {"id": 727, "reason": "", "total": "-15.00"}]
    await shops.report(
        "woocommerce", "order.updated", woocommerce_order(order, at, 20, refunds=rest, status="refunded")
    )
    assert (await campaign.result())["exit_reason"] == "refunded"


async def test_a_guest_who_comes_again_has_bought_again(shops: Connected) -> None:
    """Two orders without an account, one address: the older campaign ends as repurchased."""
    first, second = an_id(), an_id()
    at = noon() - 48 * HOUR
    await shops.report("woocommerce", "order.updated", woocommerce_order(first, at))
    older = await shops.campaign(first)
    await shops.report("woocommerce", "order.updated", woocommerce_order(second, at + 30 * HOUR))
    assert (await older.result())["exit_reason"] == "repurchased"
    assert shops.order(first).customer_id == shops.order(second).customer_id


def refund_of(shops: Connected, order: int) -> tuple[Decimal, Decimal, list[tuple[str, int, int]]]:
    """What an order came to, what was given back, and its lines."""
    row = shops.order(order)
    with shops.database.reading() as session:
        lines = session.exec(select(OrderLineRow).where(OrderLineRow.order_id == str(order)))
        return row.total, row.refunded, [(line.sku, line.quantity, line.returned) for line in lines]
