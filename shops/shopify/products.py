"""The catalogue: products with their variants, and what is left of them.

A variant is an entry of its own: orders name it by its own SKU. What is not published in the online shop
is taken off sale, and so not recommended.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any
from urllib.parse import quote

from campaign.wire import Product
from shops.context import Context
from shops.news import Ignored, ShopNews, ShopProduct, StockLevel
from shops.shopify.fields import Json, code_of, missing, object_of, objects_of, tags_of, time_of
from shops.shopify.lines import sku_of
from shops.tags import read_product_tags
from shops.values import amount_of, identifier_of, in_currency, text_of

PLACE = "shopify"
_ONLY_VARIANT = "Default Title"
_URL_LIMIT = 2_000


def read_product(product: Json, context: Context) -> ShopNews:
    """Return what a product says: its variants' entries in the catalogue, or that they are off sale.

    Raises:
        BadInput: it has no id or handle, or the shop's address or currency is not known.
    """
    if identifier_of(product.get("id")) is None:
        raise missing(name="id")
    return catalogue_of(product, context, shown=_is_shown(product))


def catalogue_of(product: Json, context: Context, *, shown: bool) -> ShopNews:
    """Return the entries of a product's variants, or that they are off sale. Raises as `read_product`."""
    variants = {sku: variant for variant in objects_of(product.get("variants")) if (sku := _sku(variant))}
    if not shown:
        return ShopNews(removed_skus=tuple(variants))
    entries = (_entry(sku, variant, product, context) for sku, variant in variants.items())
    found = tuple(entry for entry in entries if entry)
    return ShopNews(products=found, ignored=None if found else Ignored.STATUS)


def read_stock(level: Json, context: Context) -> ShopNews:
    """Return how much of an item is left at a location; null for an item that is not counted there.

    Raises:
        BadInput: it names no item or no location.
    """
    item, location = identifier_of(level.get("inventory_item_id")), identifier_of(level.get("location_id"))
    if item is None:
        raise missing(name="inventory_item_id")
    if location is None:
        raise missing(name="location_id")
    left = amount_of(level.get("available"))
    if left is None:
        return ShopNews(ignored=Ignored.STATUS)
    at = time_of(level.get("updated_at")) or context.now
    return ShopNews(stock=(StockLevel(item, location, _whole(left), at),))


def read_removed(product: Json, _context: Context) -> ShopNews:
    """Return nothing for a product that was deleted: Shopify names its id alone, and orders name variants.

    Its variants go off sale as their inventory items are reported as gone (`read_removed_item`).

    Raises:
        BadInput: not even that.
    """
    if identifier_of(product.get("id")) is None:
        raise missing(name="id")
    return ShopNews(ignored=Ignored.STATUS)


def read_removed_item(item: Json, _context: Context) -> ShopNews:
    """Return that an inventory item is no more: its variant, or all of its product, was deleted.

    Raises:
        BadInput: it has no id.
    """
    found = identifier_of(item.get("id"))
    if found is None:
        raise missing(name="id")
    return ShopNews(removed_items=(found,))


def _sku(variant: Json) -> str | None:
    return sku_of({"sku": variant.get("sku"), "variant_id": variant.get("id")})


def _is_shown(product: Json) -> bool:
    """Say whether people can buy it online. Old API versions have no status: its publication says it then."""
    published = time_of(product.get("published_at")) is not None
    return published and code_of(product.get("status")) in ("active", None)


def _entry(sku: str, variant: Json, product: Json, context: Context) -> ShopProduct | None:
    """Build an entry; only what is there becomes a field, so that a shorter one keeps the rest."""
    if context.currency is None:
        raise missing(
            name="currency", what="is not known: Shopify's products have none", fix="set it in campaign.toml"
        )
    price = amount_of(variant.get("price"))
    if price is None:
        return None
    optional = {
        "image_url": _image(variant, product),
        "category": text_of(product.get("product_type"))
        or text_of(object_of(product.get("category")).get("name")),
        "added_at": time_of(product.get("published_at"), product.get("created_at")),
        "parent": text_of(product.get("handle")),
        **read_product_tags(tags_of(product.get("tags"))),
    }
    entry = Product(
        sku=sku,
        name=_name(variant, product) or sku,
        url=_address(variant, product, context),
        price=max(Decimal(0), in_currency(price, context.currency)),
        currency=context.currency,
        **{name: value for name, value in optional.items() if value is not None},
    )
    item = identifier_of(variant.get("inventory_item_id"))
    return ShopProduct(entry, item, available=_is_available(variant))


def _is_available(variant: Json) -> bool | None:
    """Say whether it can be bought: always, where nothing is counted; None where the count is not there."""
    if variant.get("inventory_management") is None or code_of(variant.get("inventory_policy")) == "continue":
        return True if "inventory_management" in variant or "inventory_policy" in variant else None
    left = amount_of(variant.get("inventory_quantity"))
    return None if left is None else left > 0


def _name(variant: Json, product: Json) -> str | None:
    """Return the product's name, with its variant's after a hyphen: as order lines have it."""
    title, kind = text_of(product.get("title")), text_of(variant.get("title"))
    return text_of(" - ".join(part for part in (title, kind) if part and part != _ONLY_VARIANT))


def _address(variant: Json, product: Json, context: Context) -> str:
    handle = text_of(product.get("handle"), 255)
    if handle is None:
        raise missing(name="handle")
    if context.shop_url is None:
        raise missing(
            name="shop_url",
            what="is not known: Shopify's products have no address",
            fix="set brand.url in campaign.toml",
        )
    number = identifier_of(variant.get("id"))
    return f"{context.shop_url}/products/{quote(handle)}" + (f"?variant={quote(number)}" if number else "")


def _image(variant: Json, product: Json) -> str | None:
    """Return the variant's picture, else the product's."""
    images = objects_of(product.get("images"))
    wanted = identifier_of(variant.get("image_id"))
    own = [image for image in images if wanted and identifier_of(image.get("id")) == wanted]
    candidates = [
        variant.get("image"),
        *(image.get("src") for image in (*own, object_of(product.get("image")), *images)),
    ]
    return next((found for address in candidates if (found := _web_address(address))), None)


def _web_address(value: Any) -> str | None:
    """Return an address of the web, or None for what is none."""
    text = text_of(value, _URL_LIMIT + 1) or ""
    is_one = text.startswith(("http://", "https://")) and " " not in text and len(text) <= _URL_LIMIT
    return text if is_one else None


def _whole(left: Decimal) -> int:
    """Return a count that a database's integer takes; below zero is sold more than there was."""
    return max(-(2**31), min(2**31 - 1, int(left)))
