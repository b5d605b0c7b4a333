"""A backfill: what is shown is what then happens, and nothing happens twice."""

from __future__ import annotations

import asyncio
import io
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text
from temporalio.client import Client
from temporalio.testing import TimeSkipper
from typer.testing import CliRunner

from campaign.timeline.forecast import forecast
from campaign.timeline.walk import as_enrolled
from campaign.wire import Customer, OrderUpdate, Purchase
from content.loading import read_definition
from intake.imports.backfill import Share, preview, start_planned
from intake.orders import receive_orders
from settings import Settings
from starter.__main__ import app
from starter.client import Campaigns
from starter.forwarding import forward_turn
from storage.database import Database
from storage.queries.campaigns.facts import load_facts
from storage.queries.imports.orders import HistoricOrder, add_historic_orders, record_events
from storage.queries.people.customers import ensure_customers, save_customers
from tests.facts import CAMPAIGN
from tests.intake.imports.command import rows
from tests.shop import Shop, unique
from worker.run import make_activities, workers

DAY = timedelta(days=1)
SINCE = 120 * DAY
pytestmark = pytest.mark.temporal


@pytest.fixture
async def shop(client: Client, database: Database, tmp_path: Path) -> AsyncIterator[Shop]:
    """A worker without a forwarder: a test forwards itself, with time skipped."""
    settings = Settings(home=tmp_path / "home", database_url=database.url, shutdown_seconds=5)
    activities = make_activities(settings, database)
    async with workers(client, settings, activities):
        yield Shop(settings, database, client, activities)


def now() -> datetime:
    """The server's own: campaigns begin by it."""
    return datetime.now(UTC)  # noqa: TID251 - the server's clock is real


def test_nothing_to_do_is_one_line(
    database: Database, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without an order there is no table, no zero and no question."""
    monkeypatch.setenv("AFTERGLOW_DATABASE_URL", database.url)
    monkeypatch.setenv("AFTERGLOW_HOME", str(tmp_path))
    done = CliRunner().invoke(app, ["backfill"])
    first = "no customer whose newest order, of the last 90d, has no campaign"
    assert (done.exit_code, done.output) == (0, f"{first}\nNothing was started.\n")


def bought(order_id: str, customer_id: str, at: datetime, **changes: Any) -> Purchase:
    """An order of one mug."""
    line = {"sku": "mug", "quantity": 1, "unit_price": "20.00"}
    values = {"placed_at": at, "currency": "USD", "total": "20.00", "lines": [line], **changes}
    return Purchase.model_validate({"order_id": order_id, "customer_id": customer_id, **values})


def save(database: Database, orders: list[Purchase], people: list[Customer] | None = None) -> None:
    """Save orders as an import does."""
    with database.transaction() as session:
        save_customers(session, people or [])
        ensure_customers(session, sorted({order.customer_id for order in orders}))
        add_historic_orders(session, [HistoricOrder(order) for order in orders])


def person(customer_id: str, **contact: Any) -> Customer:
    """A New Yorker with an e-mail address of their own."""
    values = {"email": f"{customer_id}@example.com", "country": "US", "time_zone": "America/New_York"}
    return Customer.model_validate({"customer_id": customer_id, **values, **contact})


def small_shop(database: Database, at: datetime) -> list[str]:
    """Twenty customers, each with a newest order of another age; some cannot be written to."""
    mark = unique("b")
    people, orders = [], []
    for number in range(20):
        who = f"{mark}-{number}"
        revoked = [{"channel": "email", "state": "revoked", "source": "shop", "at": at - DAY}]
        people.append(person(who, **({"consents": revoked} if number % 7 == 3 else {})))
        orders.append(bought(f"{who}-new", who, at - DAY * (1 + number * 5) - timedelta(minutes=number)))
        if number % 3 == 0:
            orders.append(bought(f"{who}-old", who, at - DAY * (140 + number)))
    save(database, orders, people)
    with database.transaction() as session:
        lost = OrderUpdate.model_validate({"status": "cancelled", "at": at - DAY})
        record_events(session, [(f"{mark}-5-new", lost)])
    return [order.order_id for order in orders]


def definition() -> Any:
    """The default campaign."""
    return read_definition(CAMPAIGN)


async def test_the_preview_is_what_happens(shop: Shop) -> None:
    """Every message of twenty campaigns comes on the step, channel and time that the preview counted."""
    at = now()
    ids = await asyncio.to_thread(small_shop, shop.database, at)
    plan = io.StringIO()
    made = definition()
    shown = await asyncio.to_thread(preview, shop.database, made, at - SINCE, Share(number=1_000), at, plan)
    with shop.database.reading() as session:
        facts = load_facts(session, ids)
    expected = {
        (one.order_id, message.step, message.channel.value): message.at
        for one in facts
        for message in forecast(made, as_enrolled(made, one), at).messages
        if f'"{one.order_id}"' in plan.getvalue() and not message.held_out
    }
    assert (shown.looked_at, sum(shown.messages.values())) == (19, len(expected))
    assert shown.started + shown.nothing.total() == 19
    assert await asyncio.to_thread(start_planned, shop.database, plan, at) == shown.started
    campaigns = Campaigns(TimeSkipper(shop.client).client)
    await forward_all(shop.database, campaigns, now())
    started = [row[0] for row in rows(shop.database, "SELECT order_id FROM inbox")]
    await asyncio.gather(*(shop.handle(str(order_id)).result() for order_id in started))
    sent = {
        (message.order_id, message.step, message.channel): message.sent_at
        for order_id in started
        for message in shop.messages(str(order_id))
        if message.state == "sent"
    }
    assert sent.keys() == expected.keys()
    late = {key: sent[key] for key in sent if abs((sent[key] or at) - expected[key]) > timedelta(minutes=15)}
    assert late == {}


async def forward_all(database: Database, campaigns: Campaigns, at: datetime) -> None:
    """Forward until nothing is due."""
    while (await forward_turn(database, campaigns, at)).tried:
        pass


def test_starts_are_spread_and_a_second_backfill_adds_nothing(database: Database) -> None:
    """Newest orders first, so many a day; who waits already is not looked at again."""
    at = now()
    small_shop(database, at)
    plan = io.StringIO()
    shown = preview(database, definition(), at - SINCE, Share(number=3), at, plan)
    assert start_planned(database, plan, at) == shown.started
    with database.reading() as session:
        due = session.connection().execute(text("SELECT count(*) FROM inbox GROUP BY due_at ORDER BY due_at"))
        assert list(due.scalars())[:-1] == [3] * ((shown.started - 1) // 3)
    again = preview(database, definition(), at - SINCE, Share(number=3), at, io.StringIO())
    assert (again.started, again.looked_at) == (0, 19 - shown.started)
    assert start_planned(database, plan, at) in (0, shown.started)
    assert rows(database, "SELECT count(*) FROM inbox") == [(shown.started,)]


def test_a_step_that_passes_while_waiting_is_not_counted(database: Database) -> None:
    """One a day: the later the turn, the fewer messages are left."""
    at = now()
    small_shop(database, at)
    at_once = preview(database, definition(), at - SINCE, Share(number=1_000), at, io.StringIO())
    spread = preview(database, definition(), at - SINCE, Share(number=1), at, io.StringIO())
    assert spread.messages.total() < at_once.messages.total()


class NotStarted(Campaigns):
    """Temporal, where nothing may be started."""

    async def start(self, purchase: Purchase) -> Any:
        """Fail the test."""
        raise AssertionError(purchase.order_id)


async def test_who_buys_before_their_turn_is_not_started(shop: Shop) -> None:
    """The waiting start is discarded, and the newer order's campaign is the one."""
    at, who = now(), unique("c")
    save(shop.database, [bought(f"{who}-old", who, at - 20 * DAY)], [person(who)])
    with shop.database.transaction() as session:
        receive_orders(session, [bought(f"{who}-old", who, at - 20 * DAY)], at, due_at=at + 5 * DAY)
    save(shop.database, [bought(f"{who}-new", who, at - DAY)])
    await forward_turn(shop.database, NotStarted(shop.client), at + 6 * DAY)
    states = rows(shop.database, "SELECT state, why FROM inbox")
    assert states == [("discarded", "newer_order")]


async def test_an_older_order_that_begins_after_a_newer_one_ends_at_once(shop: Shop) -> None:
    """Its campaign exits as repurchased with its first decision, and sends nothing."""
    at, who = now(), unique("c")
    older = bought(f"{who}-old", who, at - 20 * DAY)
    save(shop.database, [older, bought(f"{who}-new", who, at - DAY)], [person(who)])
    await Campaigns(TimeSkipper(shop.client).client).start(older)
    assert (await shop.handle(older.order_id).result())["exit_reason"] == "repurchased"
    assert shop.messages(older.order_id) == []
