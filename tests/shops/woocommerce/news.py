"""News as plain data, for tests to compare, and the shop that it is read for."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from shops.context import Context
from shops.news import Policy, ShopNews, ShopOrder
from shops.woocommerce import read_event

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def guest(address: str) -> str:
    """A guest's id that shows of what it was made."""
    return "guest-" + re.sub(r"\W+", "-", address)


def a_context(**changes: Any) -> Context:
    """A shop in the USA whose server is in São Paulo, as the documentation's examples are."""
    given = {"currency": "USD", "country": "US", "shop_url": "https://shop.example"}
    policy = changes.pop("policy", Policy())
    return Context(
        policy, changes.pop("guest_id", guest), NOW, **{**given, "time_zone": "America/Sao_Paulo", **changes}
    )


def read(topic: str, body: bytes, **changes: Any) -> dict[str, Any]:
    """What a webhook says."""
    return plain(read_event(topic, body, a_context(**changes)))


def plain(news: ShopNews) -> dict[str, Any]:
    """What there is of some news, as JSON has it."""
    found: dict[str, Any] = {
        "ignored": news.ignored and news.ignored.value,
        "customers": [
            {**one.customer.model_dump(mode="json", exclude_unset=True), **_unreachable(one.unreachable)}
            for one in news.customers
        ],
        "orders": [_order(order) for order in news.orders],
        "updates": [f"{of} {update.status} {_time(update.at)}" for of, update in news.updates],
        "states": [f"{of} {update.status} {_time(update.at)}" for of, update in news.states],
        "refunds": [f"{of} {one.refund_id} {one.amount} {_time(one.at)}" for of, one in news.refunds],
        "products": [
            {
                **entry.product.model_dump(mode="json", exclude_unset=True),
                "item": entry.item,
                "available": entry.available,
            }
            for entry in news.products
        ],
        "removed_skus": list(news.removed_skus),
        "stock": [f"{one.item} {one.location} {one.available} {_time(one.at)}" for one in news.stock],
        "privacy": [f"{one.kind} {one.customer_id} {list(one.order_ids)}" for one in news.privacy],
    }
    return {name: value for name, value in found.items() if value}


def _order(order: ShopOrder) -> dict[str, Any]:
    purchase = order.purchase.model_dump(mode="json")
    lines = [f"{line.quantity} {line.sku} {line.unit_price}" for line in order.purchase.lines]
    return {
        **purchase,
        "placed_at": _time(order.purchase.placed_at),
        "lines": lines,
        "starts": order.starts,
        "changed_at": _time(order.changed_at),
    }


def _unreachable(given: Any) -> dict[str, Any]:
    return {"unreachable": {channel.value: text for channel, text in given.items()}} if given else {}


def _time(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
