"""The catalogue: products and their variations, from a webhook or the REST API.

A variation is an entry of its own: orders name it by its own SKU. What is not published, hidden, or has no
price is taken off sale, and so not recommended.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from pydantic import ValidationError

from campaign.errors import BadInput, Problem
from campaign.problems import problems_of
from campaign.wire import Product
from shops.context import Context
from shops.news import ShopNews, ShopProduct, StockLevel
from shops.tags import read_product_tags
from shops.values import amount_of, identifier_of, in_currency, text_of
from shops.woocommerce.fields import Json, code_of, objects_of, time_of, words_of
from shops.woocommerce.lines import product_sku, sku_of

PLACE = "woocommerce"
"""WooCommerce counts stock in one place, which has no name."""

_ON_SALE = frozenset({"publish", ""})
_SHOWN = frozenset({"visible", "catalog", "search", ""})
_IN_STOCK = frozenset({"instock", "onbackorder", ""})
_NO_CATEGORY = "uncategorized"
_URL_LIMIT = 2_000
_BEST = 5


def read_product(product: Json, context: Context) -> ShopNews:
    """Return what a product says: its entry in the catalogue, or that it is off sale.

    Raises:
        BadInput: it has no id, name, address or currency, or one that cannot be accepted.
    """
    item = product_sku(product.get("id"))
    sku = sku_of({"sku": product.get("sku"), "product_id": product.get("id")})
    if item is None or sku is None:
        raise _bad(name="id", what="is missing", fix="send the product as the WP REST API v3 has it")
    price = amount_of(product.get("price"))
    if price is None or not _is_shown(product):
        return ShopNews(removed_skus=(sku,))
    try:
        entry = _entry(product, sku, price, context)
    except ValidationError as error:
        raise BadInput(problems_of(error, "product")) from None
    return ShopNews(products=(ShopProduct(entry, item, available=_is_available(product)),))


def removed_product(product: Json, context: Context) -> ShopNews:
    """Return that a product was deleted: WooCommerce says nothing of it but its id.

    Raises:
        BadInput: not even that.
    """
    item = product_sku(product.get("id"))
    if item is None:
        raise _bad(name="id", what="is missing", fix="send the webhook as WooCommerce does")
    return ShopNews(removed_skus=(item,), stock=(StockLevel(item, PLACE, 0, context.now),))


def _is_shown(product: Json) -> bool:
    return code_of(product.get("status")) in _ON_SALE and code_of(product.get("catalog_visibility")) in _SHOWN


def _is_available(product: Json) -> bool:
    return product.get("purchasable") is not False and code_of(product.get("stock_status")) in _IN_STOCK


def _entry(product: Json, sku: str, price: Decimal, context: Context) -> Product:
    """Build the entry; only what is there becomes a field, so that a shorter one keeps the rest."""
    if context.currency is None:
        raise _bad(
            name="currency",
            what="is not known: WooCommerce's products have none",
            fix="set shop.currency in campaign.toml",
        )
    optional = {
        "image_url": _image(product),
        "category": _category(product),
        "added_at": time_of(product, "date_created", context.time_zone),
        "parent": identifier_of(product.get("parent_id")) or identifier_of(product.get("id")),
        **read_product_tags(_tags(product)),
        **_reviews(product),
    }
    return Product(
        sku=sku,
        name=words_of(product.get("name")) or sku,
        url=_address(product, context),
        price=max(Decimal(0), in_currency(price, context.currency)),
        currency=context.currency,
        **{name: value for name, value in optional.items() if value is not None},
    )


def _address(product: Json, context: Context) -> str:
    """Return a product's page: its own address, else WordPress' short one, which leads there."""
    address = _web_address(product.get("permalink"))
    if address is None and context.shop_url:
        address = f"{context.shop_url}/?p={text_of(product.get('id'))}"
    if address is None:
        raise _bad(name="permalink", what="is missing", fix="send it, or set brand.url in campaign.toml")
    return address


def _web_address(value: Any) -> str | None:
    text = text_of(value, _URL_LIMIT + 1) or ""
    is_one = text.startswith(("http://", "https://")) and " " not in text and len(text) <= _URL_LIMIT
    return text if is_one else None


def _image(product: Json) -> str | None:
    images = objects_of(product.get("images")) or objects_of([product.get("image")])
    return next((found for image in images if (found := _web_address(image.get("src")))), None)


def _category(product: Json) -> str | None:
    names = (words_of(entry.get("name")) for entry in objects_of(product.get("categories")))
    return next((name for name in names if name and name.casefold() != _NO_CATEGORY), None)


def _tags(product: Json) -> list[str]:
    """Return the tags' names, and the custom field ``lasts_days`` as the tag that says the same."""
    fields = {code_of(field.get("key")): field.get("value") for field in objects_of(product.get("meta_data"))}
    lasts = text_of(fields.get("lasts_days"))
    names = (words_of(tag.get("name")) for tag in objects_of(product.get("tags")))
    return [name for name in names if name] + ([f"lasts:{lasts}"] if lasts else [])


def _reviews(product: Json) -> dict[str, Any]:
    count, rating = amount_of(product.get("rating_count")), amount_of(product.get("average_rating"))
    if not count or count < 0 or rating is None or not 0 < rating <= _BEST:
        return {}
    return {"review_count": int(count), "rating": float(rating)}


def _bad(*, name: str, what: str, fix: str) -> BadInput:
    return BadInput([Problem(name, what, fix)])
