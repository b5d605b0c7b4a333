"""Contexts that every template must survive: full, bare, hostile, and one for each value it compares with."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from content.checking.compared import Field, compared_values, with_value
from content.context import (
    Brand,
    Customer,
    Item,
    Line,
    Loyalty,
    MessageContext,
    Offer,
    Order,
    Product,
    Quote,
    ShopRating,
)
from content.gathering import lines_of
from content.sources import Source

_AT = datetime(2026, 3, 5, 12, 0, tzinfo=UTC)


def examples(brand: Brand, source: Source | None = None, file: str = "") -> list[MessageContext]:
    """Return full, bare, hostile and joined contexts; for a template, one for each value it compares with."""
    made = [full_example(brand), _bare(brand), _hostile(brand), joined_example(brand)]
    values = compared_values(source, file) if source else []
    return made + [changed for value in values for base in made[:2] if (changed := _changed(base, *value))]


def _changed(context: MessageContext, path: Field, value: Any) -> MessageContext | None:
    """Return the context with another value in a field; None if it cannot be there."""
    try:
        return MessageContext.model_validate(with_value(context, path, value))
    except (AttributeError, ValidationError):
        return None


def _bare(brand: Brand) -> MessageContext:
    line = Line(sku="SKU-1", name="SKU-1", quantity=1, unit_price=Decimal("5.00"))
    order = Order(order_id="1001", placed_at=_AT, currency="USD", total=Decimal("5.00"), lines=[line])
    return about_orders(
        MessageContext(
            message_id="m-1", step="step", segment="first-time", brand=brand, customer=Customer(),
            order=order, orders=[], lines=[],
        ),
        order,
    )  # fmt: skip


def about_orders(context: MessageContext, *orders: Order) -> MessageContext:
    """Return the context as that of a message about these orders, oldest first."""
    return context.model_copy(update={"order": orders[-1], "orders": list(orders), "lines": lines_of(orders)})


def joined_example(brand: Brand) -> MessageContext:
    """Return a full context about two orders with many products between them."""
    full = full_example(brand)
    names = ("Oak tray", "Linen napkin", "Beeswax candle", "Walnut board", "Wool throw", "Clay vase")
    lines = [
        full.lines[0].model_copy(update={"sku": f"SKU-{number}", "name": name, "quantity": 1})
        for number, name in enumerate(names, 2)
    ]
    first = full.order.model_copy(update={"order_id": "1000", "lines": lines})
    return about_orders(full, first, full.order)


def full_example(brand: Brand) -> MessageContext:
    """Return a context in which nothing is missing."""
    product = Product(
        sku="MUG-1", name="Stoneware mug", url="https://shop.example.com/p/mug", price=Decimal("19.90"),
        currency="USD", category="Kitchen", rating=4.7, review_count=213, review_quote="My favourite.",
    )  # fmt: skip
    about = product.model_dump(include=set(Item.model_fields))
    page = "https://shop.example.com/review/token?item=MUG-1"
    stars = [f"{page}&stars={number}" for number in range(1, 6)]
    line = Line(quantity=2, unit_price=Decimal("19.90"), review_url=page, star_urls=stars, **about)
    lines = [line] * 2
    order = Order(order_id="1001", placed_at=_AT, currency="USD", total=Decimal("79.60"), lines=lines)
    return about_orders(_bare(brand), order).model_copy(
        update={
            "customer": Customer(first_name="Ada", language="en"),
            "offer": Offer(
                code="CODE10", text="10% off your next order", valid_until=_AT, terms="Once per customer.",
                apply_url="https://shop.example.com/discount/CODE10", percent=Decimal(10),
            ),
            "best_sellers": [product.model_copy(update={"kind": "best_seller"})] * 3,
            "whats_new": [product.model_copy(update={"kind": "new"})] * 2,
            "replenish": [
                product.model_copy(update={"sku": "TEA-1", "name": "Smoked tea", "kind": "runs_out"})
            ],
            "quotes": [Quote(text="My coffee stays warm.", item="Stoneware mug", rating=5, author="Ben")],
            "shop_rating": ShopRating(average=4.8, count=2140),
            "loyalty": Loyalty(
                tier="Silver", perks="free shipping", points=420, next_tier="Gold", next_perks="early access",
                orders_missing=2, value_missing=Decimal("80.00"),
            ),
            "recommended": [
                product.model_copy(
                    update={"sku": "JUG-1", "name": "Milk jug", "kind": "together", "goes_with": "Mug"}
                )
            ],
            "cross_sell": [
                product.model_copy(
                    update={"sku": "TRAY-1", "name": "Oak tray", "kind": "together", "goes_with": "Mug"}
                )
            ],
            "unsubscribe_url": "https://shop.example.com/unsubscribe/token",
            "preferences_url": "https://shop.example.com/preferences/token",
        }
    )  # fmt: skip


def _hostile(brand: Brand) -> MessageContext:
    full = full_example(brand)
    name = "<script>alert(1)</script>{{ 7 * 7 }}\r\nBcc: x@example.com"
    lines = [
        line.model_copy(update={"name": name, "review_quote": "</mj-text>\"'&"}) for line in full.order.lines
    ]
    order = full.order.model_copy(update={"lines": lines})
    return about_orders(full, order).model_copy(update={"customer": Customer(first_name=name[:20])})
