"""What a campaign costs in SQL: statements are counted as they are sent, activity by activity."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from temporalio.client import Client

from campaign.contract import TASK_QUEUE, WORKFLOW, workflow_id
from dev.bench.statements import ELSEWHERE, recorded_statements
from starter import clock
from storage.database import Database
from storage.queries.coupons.filling import keep_stock
from storage.queries.coupons.stock import all_stocks
from tests.facts import CAMPAIGN
from tests.shop import Shop, running_shop, unique

pytestmark = pytest.mark.temporal

BUDGET = 80
CAMPAIGNS = 5


@pytest.fixture
async def shop(client: Client, database: Database, tmp_path: Path) -> AsyncIterator[Shop]:
    """A worker whose messages link to our own pages, so that their links are stored."""
    async with running_shop(
        client, database, tmp_path / "home", public_url="http://127.0.0.1:8080"
    ) as running:
        yield running


@pytest.fixture
async def with_coupons(client: Client, database: Database, tmp_path: Path) -> AsyncIterator[Shop]:
    """The same, and two of the four messages have a code of the customer's own."""
    own = re.sub(r'code = "\w+"', 'coupon = "single_use"', CAMPAIGN.read_text("utf-8"))
    campaign = tmp_path / "campaign.toml"
    first = 'email = "loyalty_first"'
    assert first in own
    campaign.write_text(own.replace(first, f'{first}\noffer = "welcome"'), "utf-8")
    url = "http://127.0.0.1:8080"
    async with running_shop(
        client, database, tmp_path / "home", public_url=url, campaign=campaign
    ) as running:
        keep_stock(database, running.activities.definition, None, clock.now())
        yield running


async def test_coupons_keep_the_budget(with_coupons: Shop) -> None:
    """Each costs two statements: it is reserved with the claim, and issued with the message."""
    costs: list[Counter[str]] = []
    while not costs or (len(costs) < CAMPAIGNS and costs[-1].total() > BUDGET):
        costs.append(await _statements_of_a_campaign(with_coupons))
    assert min(cost.total() for cost in costs) <= BUDGET, costs
    with with_coupons.database.reading() as session:
        issued = [stock.filled - stock.available for stock in all_stocks(session)]
    assert sorted(issued) == [0, len(costs), len(costs)]


async def test_a_campaign_sends_at_most_80_statements(shop: Shop) -> None:
    """From enrolment to its end, with four e-mails whose links are stored, on either database.

    On a loaded machine the server may repeat a workflow task, and its local activities run again: so the
    cheapest of five campaigns counts.
    """
    costs: list[Counter[str]] = []
    while not costs or (len(costs) < CAMPAIGNS and costs[-1].total() > BUDGET):
        costs.append(await _statements_of_a_campaign(shop))
    assert set(costs[-1]) == {"enrol", "segment", "render", "deliver", "close"}
    assert min(cost.total() for cost in costs) <= BUDGET, costs


async def _statements_of_a_campaign(shop: Shop) -> Counter[str]:
    """Run one campaign; return how many statements each activity sent."""
    order_id, customer_id, now = unique("o"), unique("c"), clock.now()
    shop.save(customer_id=customer_id, email=f"{customer_id}@example.com")
    lines = [{"sku": sku, "quantity": 1, "unit_price": "10.00"} for sku in ("p-1", "p-2")]
    order = {
        "order_id": order_id,
        "customer_id": customer_id,
        "placed_at": now.isoformat(),
        "currency": "USD",
    }
    processed = {"status": "processed", "at": (now + timedelta(minutes=1)).isoformat()}
    with recorded_statements(shop.database) as found:
        handle = await shop.skipping.start_workflow(
            WORKFLOW,
            {**order, "total": "20.00", "lines": lines},
            id=workflow_id(order_id),
            task_queue=TASK_QUEUE,
            start_signal="order_updated",
            start_signal_args=[processed],
        )
        assert await handle.result() == {"exit_reason": "completed", "messages_sent": 4}
    # The worker's forwarder looks into the inbox beside it, by the clock and not for a campaign.
    return Counter({name: number for name, number in found.sent.items() if name != ELSEWHERE})
