"""The products of an order: which ones, how many, and what was paid for one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from decimal import Decimal
from typing import Any

from campaign.wire import MAX_LINES, MAX_QUANTITY, Line, ReturnedLine
from shops.shopify.fields import Json, object_of, objects_of, shop_money
from shops.values import amount_of, identifier_of, text_of

_SKU_LIMIT = 100
_FINEST = Decimal("0.0001")  # as fine as campaign.fields.money keeps prices
_NONE = Decimal(0)


def lines_of(order: Json) -> list[Line]:
    """Return the products of an order's current version; tips are none, gift cards are.

    What came back is still there: refunds say so themselves (`returned_lines`). What was taken off by an
    edit without one is not. Of more than `campaign.wire.MAX_LINES`, those that cost most are kept.
    """
    returned = _returned_by_line(order)
    lines = [line for item in objects_of(order.get("line_items")) if (line := _line(item, returned))]
    if len(lines) <= MAX_LINES:
        return lines
    dear = sorted(range(len(lines)), key=lambda n: -lines[n].unit_price * lines[n].quantity)[:MAX_LINES]
    return [lines[n] for n in sorted(dear)]


def all_taken_off(order: Json) -> bool:
    """Return whether an order had products, and edits have left none of them."""
    items = [item for item in objects_of(order.get("line_items")) if not _is_tip(item)]
    return any(quantity_of(item.get("quantity")) for item in items) and not lines_of(order)


def returned_lines(refund: Json) -> list[ReturnedLine]:
    """Return how much of which product came back with a refund, or was taken off by an edit."""
    counts: dict[str, int] = {}
    for entry in objects_of(refund.get("refund_line_items")):
        item, quantity = object_of(entry.get("line_item")), quantity_of(entry.get("quantity"))
        sku = None if _is_tip(item) else sku_of(item)
        if sku and quantity:
            counts[sku] = min(counts.get(sku, 0) + quantity, MAX_QUANTITY)
    return [ReturnedLine(sku=sku, quantity=count) for sku, count in list(counts.items())[:MAX_LINES]]


def sku_of(item: Json) -> str | None:
    """Return what a product is known by: its SKU, else its variant's id, else its line's."""
    sku = text_of(item.get("sku"), _SKU_LIMIT + 1)
    if sku and len(sku) <= _SKU_LIMIT:
        return sku
    return named("variant", item.get("variant_id")) or named("line", item.get("id"))


def named(kind: str, value: Any) -> str | None:
    """Return what something without a SKU is known by, from its id."""
    identifier = identifier_of(value)
    return f"{kind}-{identifier}"[:_SKU_LIMIT] if identifier else None


def quantity_of(value: Any) -> int:
    """Return how many; 0 for none and for what is no quantity."""
    amount = amount_of(value)
    return int(amount) if amount is not None and 1 <= amount <= MAX_QUANTITY else 0


def _line(item: Json, returned: Mapping[str, int]) -> Line | None:
    sku, quantity = sku_of(item), _bought(item, returned)
    if sku is None or quantity == 0 or _is_tip(item):
        return None
    return Line(sku=sku, quantity=quantity, unit_price=_unit_price(item, quantity))


def _bought(item: Json, returned: Mapping[str, int]) -> int:
    """Return how many were bought: those that are there now, and those that came back."""
    ordered = quantity_of(item.get("quantity"))
    if item.get("current_quantity") is None:
        return ordered
    now, back = (
        quantity_of(item.get("current_quantity")),
        returned.get(identifier_of(item.get("id")) or "", 0),
    )
    return min(now + back, max(ordered, now))


def _returned_by_line(order: Json) -> dict[str, int]:
    counts: dict[str, int] = {}
    for line, quantity in _returned(order):
        counts[line] = counts.get(line, 0) + quantity
    return counts


def _returned(order: Json) -> Iterator[tuple[str, int]]:
    for refund in objects_of(order.get("refunds")):
        for entry in objects_of(refund.get("refund_line_items")):
            line = entry.get("line_item_id") or object_of(entry.get("line_item")).get("id")
            if identifier := identifier_of(line):
                yield identifier, quantity_of(entry.get("quantity"))


def _unit_price(item: Json, quantity: int) -> Decimal:
    """Return what one cost, after its part of the order's discounts."""
    price = shop_money(item, "price") or _NONE
    parts = objects_of(item.get("discount_allocations"))
    off = sum((shop_money(part, "amount") or _NONE for part in parts), _NONE)
    each = off / max(quantity, quantity_of(item.get("quantity")))
    return max(_NONE, (price - each).quantize(_FINEST))


def _is_tip(item: Json) -> bool:
    return item.get("tip") is not None
