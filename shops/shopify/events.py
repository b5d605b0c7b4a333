"""A webhook of Shopify as news, by its topic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from pydantic import ValidationError

from campaign.errors import BadInput
from campaign.problems import problems_of
from shops.context import Context
from shops.news import Ignored, ShopNews
from shops.shopify.fields import Json
from shops.shopify.orders import read_edit, read_order
from shops.shopify.parcels import read_parcel
from shops.shopify.people import read_consent, read_customer
from shops.shopify.privacy import read_erasure, read_export, read_shop_erasure
from shops.shopify.products import read_product, read_removed, read_removed_item, read_stock
from shops.shopify.refunds import read_refund
from shops.values import read_object

_READERS: Mapping[str, Callable[[Json, Context], ShopNews]] = MappingProxyType(
    {
        "orders/create": read_order,
        "orders/paid": read_order,
        "orders/updated": read_order,
        "orders/edited": read_edit,
        "orders/fulfilled": read_order,
        "orders/partially_fulfilled": read_order,
        "orders/cancelled": read_order,
        "fulfillments/create": read_parcel,
        "fulfillments/update": read_parcel,
        "refunds/create": read_refund,
        "customers/create": read_customer,
        "customers/update": read_customer,
        "customers_email_marketing_consent/update": read_consent,
        "customers_marketing_consent/update": read_consent,
        "products/create": read_product,
        "products/update": read_product,
        "products/delete": read_removed,
        "inventory_levels/update": read_stock,
        "inventory_items/delete": read_removed_item,
        "customers/data_request": read_export,
        "customers/redact": read_erasure,
        "shop/redact": read_shop_erasure,
    }
)

TOPICS = tuple(_READERS)
"""The topics for which something is done here. docs/shopify.md says what, topic by topic."""


def read_event(topic: str, body: bytes, context: Context) -> ShopNews:
    """Return what a webhook says; its signature has been verified.

    Raises:
        BadInput: the body is not what Shopify sends for this topic; the text names the field, and repeats
            nothing of it.
    """
    reader = _READERS.get(topic)
    if reader is None:
        return ShopNews(ignored=Ignored.TOPIC)
    try:
        return reader(read_object(body), context)
    except ValidationError as error:
        raise BadInput(problems_of(error, topic)) from None
