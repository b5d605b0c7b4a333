"""Our own counters, as Prometheus reads them from the web server and the worker."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import pytest
from prometheus_client import REGISTRY, Counter

import counters
from activities.interface import CloseRequest, EnrolRequest
from campaign.reasons import Reason
from campaign.wire import Purchase
from settings import Settings
from storage.database import Database
from tests.facts import ROOT
from tests.shop import Shop, unique
from tests.workflows.orders import purchase, start
from worker.health import health_app
from worker.run import make_activities


def value(name: str, **labels: str) -> float:
    """A counter's value now."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.mark.temporal
async def test_counters_count_what_happened(http: httpx.AsyncClient, shop: Shop) -> None:
    """A campaign from start to end, news of its order, and a refused request: each is counted.

    Campaigns of other tests may run on this worker, too: theirs come on top. The test below is exact.
    """
    shop.save()
    campaigns = [
        ("afterglow_campaigns_started_total", {}),
        ("afterglow_campaigns_ended_total", {"reason": "refunded"}),
    ]
    requests = [
        ("afterglow_order_events_total", {"status": "refunded"}),
        ("afterglow_requests_refused_total", {"status": "404", "error": "not_found"}),
    ]
    was = {name: value(name, **labels) for name, labels in campaigns + requests}
    order = purchase(unique("o"))
    await http.post("/orders", json=order)
    await http.post(
        f"/orders/{order['order_id']}/events", json={"status": "refunded", "at": order["placed_at"]}
    )
    await shop.forwarded()
    await shop.handle(order["order_id"]).result()
    await http.get("/orders/nobody")
    more = {name: value(name, **labels) - was[name] for name, labels in campaigns + requests}
    assert all(more[name] >= 1 for name, _ in campaigns), more
    assert all(more[name] == 1 for name, _ in requests), more
    http.headers.pop("Authorization")
    served = (await http.get("/metrics")).text
    assert "afterglow_campaigns_started_total" in served
    assert order["order_id"] not in served
    assert order["customer_id"] not in served


@pytest.mark.temporal
async def test_a_message_is_counted_by_channel_and_state(shop: Shop) -> None:
    """What a worker delivered stands in its own `/metrics`, beside its health."""
    was = value("afterglow_messages_total", channel="email", state="sent")
    shop.save()
    order = purchase(unique("o"))
    processed = ("order_updated", {"status": "processed", "at": order["placed_at"]})
    await (await start(shop.skipping, order, processed)).result()
    assert value("afterglow_messages_total", channel="email", state="sent") > was
    app = health_app(shop.database, lambda: True)
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://worker") as client:
        assert 'afterglow_messages_total{channel="email",state="sent"}' in (await client.get("/metrics")).text


def test_a_repeated_task_counts_nothing(database: Database, tmp_path: Path) -> None:
    """Enrolment and close as Temporal repeats them, and a second workflow's: one campaign began and ended."""
    activities = make_activities(Settings(home=tmp_path, database_url=database.url), database)
    order, reason = Purchase.model_validate(purchase(unique("o"))), Reason.REFUNDED
    now = order.placed_at

    def counted() -> tuple[float, float]:
        ended = value("afterglow_campaigns_ended_total", reason=reason.value)
        return value("afterglow_campaigns_started_total"), ended

    started, ended = counted()
    for run in ("run", "run", "another"):
        activities.enrol(EnrolRequest(purchase=order, run_id=run, now=now))
    for _ in range(2):
        activities.close(CloseRequest(order_id=order.order_id, reason=reason, now=now))
    assert counted() == (started + 1, ended + 1)


def test_every_counter_is_documented() -> None:
    """docs/operating.md names all of them, with their labels, and no other."""
    text = (ROOT / "docs" / "operating.md").read_text("utf-8")
    ours = [made for made in vars(counters).values() if isinstance(made, Counter)]
    names = {f"{made._name}_total" for made in ours}
    assert set(re.findall(r"`(afterglow_\w+_total)`", text)) == names
    for made in ours:
        row = next(line for line in text.splitlines() if f"`{made._name}_total`" in line)
        assert all(f"`{label}`" in row for label in made._labelnames)
