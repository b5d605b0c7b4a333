"""The file of orders: one row a line, the order's own columns on its first row only.

It has no customer ids: who bought is known by the address, and is an account's owner where one has it.
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import Any

from campaign.errors import BadInput, Problem
from shops.context import Context
from shops.news import ShopNews
from shops.shopify.exports.cells import Cells, cell
from shops.shopify.fields import Json
from shops.shopify.orders import read_order
from shops.values import amount_of

_COLUMNS = MappingProxyType(
    {"id": "Id", "created_at": "Created at", "currency": "Currency", "total_price": "Total"}
)
_FIX = "export the orders from the admin again, and import the file as it is"


def key(row: Cells) -> str | None:
    """Return what all rows of one order have."""
    return cell(row, "name")


def read_orders(rows: Sequence[Cells], context: Context) -> ShopNews:
    """Read the rows of one order, as the webhook that would report it now.

    Its total is what is left of it: the file has no refund's id, by which a webhook's would count once.

    Raises:
        BadInput: a column without which it cannot be read is empty, or two orders have the same name.
        pydantic.ValidationError: it cannot be accepted.
    """
    if any(cell(row, "id", "total") for row in rows[1:]):
        raise BadInput([Problem("Name", "is that of two orders, one after the other", "sort the file by Id")])
    try:
        return read_order(_order(rows), context)
    except BadInput as error:
        found = [Problem(_COLUMNS.get(one.where, one.where), one.what, _FIX) for one in error.problems]
        raise BadInput(found) from None


def _order(rows: Sequence[Cells]) -> Json:
    first = rows[0]
    fulfilled = cell(first, "fulfilled at")
    return {
        "id": cell(first, "id"),
        "created_at": cell(first, "created at"),
        "updated_at": cell(first, "cancelled at", "canceled at") or fulfilled or cell(first, "paid at"),
        "currency": cell(first, "currency"),
        "total_price": cell(first, "total"),
        "current_total_price": _left(first),
        "financial_status": cell(first, "financial status"),
        "fulfillment_status": cell(first, "fulfillment status"),
        "cancelled_at": cell(first, "cancelled at", "canceled at"),
        "email": cell(first, "email"),
        "phone": cell(first, "phone"),
        "billing_address": _billing(first),
        "source_name": cell(first, "source"),
        "tags": cell(first, "tags"),
        "line_items": [_line(row, f"{cell(first, 'id')}-{place}") for place, row in enumerate(rows, 1)],
        "fulfillments": [{"status": "success", "created_at": fulfilled}] if fulfilled else [],
    }


def _left(first: Cells) -> str | None:
    total, back = amount_of(cell(first, "total")), amount_of(cell(first, "refunded amount"))
    return None if total is None else f"{max(Decimal(0), total - (back or Decimal(0))):f}"


def _billing(first: Cells) -> dict[str, Any]:
    name, _, last = (cell(first, "billing name") or "").partition(" ")
    return {
        "first_name": name,
        "last_name": last,
        "phone": cell(first, "billing phone"),
        "country_code": cell(first, "billing country"),
        "province_code": cell(first, "billing province"),
        "zip": cell(first, "billing zip"),
    }


def _line(row: Cells, identifier: str) -> dict[str, Any]:
    return {
        "id": identifier,
        "sku": cell(row, "lineitem sku"),
        "quantity": cell(row, "lineitem quantity"),
        "price": cell(row, "lineitem price"),
        "discount_allocations": [{"amount": cell(row, "lineitem discount")}],
    }
