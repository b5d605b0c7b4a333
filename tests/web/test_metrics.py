"""Our own counters, as Prometheus reads them from the web server and the worker."""

from __future__ import annotations

import re

import httpx
import pytest
from prometheus_client import REGISTRY, Counter

import counters
from tests.facts import ROOT
from tests.shop import Shop, unique
from tests.workflows.orders import purchase, start
from worker.health import health_app


def value(name: str, **labels: str) -> float:
    """A counter's value now."""
    return REGISTRY.get_sample_value(name, labels) or 0.0


@pytest.mark.temporal
async def test_counters_count_what_happened(http: httpx.AsyncClient, shop: Shop) -> None:
    """A campaign from start to end, news of its order, and a refused request: each is one more.

    News that comes while a campaign is being enrolled makes the server repeat that task: it may count twice.
    """
    shop.save()
    before = {
        ("afterglow_campaigns_started_total", ()): 1,
        ("afterglow_campaigns_ended_total", (("reason", "refunded"),)): 1,
        ("afterglow_order_events_total", (("status", "refunded"),)): 1,
        ("afterglow_requests_refused_total", (("status", "404"), ("error", "not_found"))): 1,
    }
    was = {key: value(key[0], **dict(key[1])) for key in before}
    order = purchase(unique("o"))
    await http.post("/orders", json=order)
    await http.post(
        f"/orders/{order['order_id']}/events", json={"status": "refunded", "at": order["placed_at"]}
    )
    await shop.forwarded()
    await shop.handle(order["order_id"]).result()
    await http.get("/orders/nobody")
    for key, more in before.items():
        repeated = key[0].startswith("afterglow_campaigns")
        assert was[key] + more <= value(key[0], **dict(key[1])) <= was[key] + more * (1 + repeated), key
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


def test_every_counter_is_documented() -> None:
    """docs/operating.md names all of them, with their labels, and no other."""
    text = (ROOT / "docs" / "operating.md").read_text("utf-8")
    ours = [made for made in vars(counters).values() if isinstance(made, Counter)]
    names = {f"{made._name}_total" for made in ours}
    assert set(re.findall(r"`(afterglow_\w+_total)`", text)) == names
    for made in ours:
        row = next(line for line in text.splitlines() if f"`{made._name}_total`" in line)
        assert all(f"`{label}`" in row for label in made._labelnames)
