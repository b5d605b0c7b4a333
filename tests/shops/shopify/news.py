"""News as plain data, for tests to compare, and the shop that it is read for."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from typing import Any

from campaign.wire import Refund
from shops.context import Context
from shops.news import Policy, ShopCustomer, ShopNews, ShopOrder
from shops.shopify import read_event

NOW = datetime(2026, 3, 2, 12, tzinfo=UTC)


def guest(address: str) -> str:
    """A guest's id that shows of what it was made."""
    return "guest-" + re.sub(r"\W+", "-", address)


def a_context(**changes: Any) -> Context:
    """A shop in the USA."""
    given: dict[str, Any] = {"currency": "USD", "country": "US", "shop_url": "https://shop.example"}
    policy = Policy(**changes.pop("policy", {}))
    made = changes.pop("guest_id", guest)
    return Context(policy, made, changes.pop("now", NOW), **{**given, **changes})


def read(topic: str, body: bytes, **changes: Any) -> dict[str, Any]:
    """What a webhook says."""
    return plain(read_event(topic, body, a_context(**changes)))


def plain(news: ShopNews) -> dict[str, Any]:
    """What there is of some news, as JSON has it."""
    found: dict[str, Any] = {
        "ignored": news.ignored and news.ignored.value,
        "customers": [_person(one) for one in news.customers],
        "orders": [_order(order) for order in news.orders],
        "updates": [f"{of} {update.status} {_time(update.at)}" for of, update in news.updates],
        "states": [f"{of} {update.status} {_time(update.at)}" for of, update in news.states],
        "refunds": [_refund(of, refund) for of, refund in news.refunds],
        "products": [
            {
                **entry.product.model_dump(mode="json", exclude_unset=True),
                "item": entry.item,
                "available": entry.available,
            }
            for entry in news.products
        ],
        "removed_skus": list(news.removed_skus),
        "removed_items": list(news.removed_items),
        "stock": [f"{one.item} {one.location} {one.available} {_time(one.at)}" for one in news.stock],
        "privacy": [
            f"{one.kind} {one.customer_id} {one.email} {one.phone} {list(one.order_ids)}"
            for one in news.privacy
        ],
    }
    return {name: value for name, value in found.items() if value}


def _person(one: ShopCustomer) -> dict[str, Any]:
    given = {channel.value: text for channel, text in one.unreachable.items()}
    person = one.customer.model_dump(mode="json", exclude_unset=True)
    return {**person, **({"unreachable": given} if given else {})}


def _refund(order_id: str, refund: Refund) -> str:
    lines = [f"{line.quantity} {line.sku}" for line in refund.lines]
    return f"{order_id} {refund.refund_id} {refund.amount} {_time(refund.at)} {lines}"


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


def _time(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")
