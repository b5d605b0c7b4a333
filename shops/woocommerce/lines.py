"""The products of an order: which ones, how many, and what was paid for one."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import ROUND_CEILING, Decimal
from typing import Any

from campaign.wire import MAX_LINES, MAX_QUANTITY, Line
from shops.values import amount_of, identifier_of, text_of
from shops.woocommerce.fields import Json, objects_of

_SKU_LIMIT = 100
_CENTS = Decimal("0.0001")  # as fine as campaign.fields.money keeps prices
_NONE = Decimal(0)


def lines_of(order: Json) -> list[Line]:
    """Return the products of an order; fees, shipping and coupons are none, nor is a line of nothing.

    An order of more than `campaign.wire.MAX_LINES` has those that cost most.
    """
    taxed = order.get("prices_include_tax") is True
    lines = [line for item in objects_of(order.get("line_items")) if (line := _line(item, taxed=taxed))]
    if len(lines) <= MAX_LINES:
        return lines
    dear = sorted(range(len(lines)), key=lambda n: -lines[n].unit_price * lines[n].quantity)[:MAX_LINES]
    return [lines[n] for n in sorted(dear)]


def _line(item: Json, *, taxed: bool) -> Line | None:
    sku, quantity = sku_of(item), _whole(amount_of(item.get("quantity")))
    if sku is None or quantity is None:
        return None
    return Line(sku=sku, quantity=quantity, unit_price=_unit_price(item, quantity, taxed=taxed))


def _whole(quantity: Decimal | None) -> int | None:
    """Round up what is sold by weight or length: half a metre is one piece."""
    if quantity is None or not 0 < quantity <= MAX_QUANTITY:
        return None
    return int(quantity.to_integral_value(ROUND_CEILING))


def _unit_price(item: Json, quantity: int, *, taxed: bool) -> Decimal:
    """Return what one cost, after coupons; with its tax where the shop's prices have it in them."""
    total = amount_of(item.get("total"))
    if total is None:
        total = (amount_of(item.get("price")) or _NONE) * quantity
    tax = amount_of(item.get("total_tax")) or _NONE if taxed else _NONE
    return max(_NONE, ((total + tax) / quantity).quantize(_CENTS))


def sku_of(item: Json) -> str | None:
    """Return what a product is known by: its SKU, else its variation's or its own id, else its line's id."""
    sku = text_of(item.get("sku"), _SKU_LIMIT + 1)
    if sku and len(sku) <= _SKU_LIMIT:
        return sku
    return product_sku(item.get("variation_id"), item.get("product_id")) or _named("line", item.get("id"))


def product_sku(*identifiers: Any) -> str | None:
    """Return what a product without a SKU is known by, from the first id that is one."""
    return _first(_named("product", value) for value in identifiers)


def _named(kind: str, value: Any) -> str | None:
    identifier = identifier_of(value)
    return f"{kind}-{identifier}"[:_SKU_LIMIT] if identifier else None


def _first(values: Iterable[str | None]) -> str | None:
    return next((value for value in values if value), None)
