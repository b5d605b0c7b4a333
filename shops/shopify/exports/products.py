"""The file of products: one row a variant or picture, the product's own columns on its first row only.

It has no ids. A variant without a SKU is left out: orders name it by its id.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from shops.context import Context
from shops.news import Ignored, ShopNews
from shops.shopify.exports.cells import Cells, cell, is_yes
from shops.shopify.products import catalogue_of

_ONE_VARIANT = "Default Title"
_OPTIONS = ("option1 value", "option2 value", "option3 value")


def key(row: Cells) -> str | None:
    """Return what all rows of one product have: its handle."""
    return cell(row, "handle", "url handle")


def read_products(rows: Sequence[Cells], context: Context) -> ShopNews:
    """Read the rows of one product.

    Raises:
        BadInput: it has no handle, or the shop's address or currency is not known.
        pydantic.ValidationError: it cannot be accepted.
    """
    first = rows[0]
    variants = [_variant(row) for row in rows if cell(row, "variant sku", "sku")]
    if not variants:
        return ShopNews(ignored=Ignored.NO_LINES)
    product = {
        "title": cell(first, "title"),
        "handle": key(first),
        "product_type": cell(first, "type"),
        "tags": cell(first, "tags"),
        "variants": variants,
        "images": [{"src": cell(row, "image src", "product image url")} for row in rows],
    }
    published = is_yes(cell(first, "published", "published on online store"))
    status = (cell(first, "status") or "active").lower()
    return catalogue_of(product, context, shown=published and status == "active")


def _variant(row: Cells) -> dict[str, Any]:
    options = [value for name in _OPTIONS if (value := cell(row, name)) and value != _ONE_VARIANT]
    policy = cell(row, "variant inventory policy")
    sells_on = is_yes(cell(row, "continue selling when out of stock"))
    return {
        "sku": cell(row, "variant sku", "sku"),
        "title": " / ".join(options) or None,
        "price": cell(row, "variant price", "price"),
        "inventory_management": cell(row, "variant inventory tracker", "inventory tracker"),
        "inventory_policy": "continue" if sells_on else policy,
        "inventory_quantity": cell(row, "variant inventory qty", "inventory quantity"),
        "image": cell(row, "variant image", "variant image url"),
    }
