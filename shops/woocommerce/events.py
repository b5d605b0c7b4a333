"""A webhook of WooCommerce as news, by its topic."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

from campaign.wire import OrderStatus, OrderUpdate
from shops.context import Context
from shops.news import Ignored, PersonRequest, PrivacyRequest, ShopNews
from shops.woocommerce.bodies import is_ping, read_body
from shops.woocommerce.fields import Json
from shops.woocommerce.orders import order_id_of, read_order
from shops.woocommerce.people import account_id, read_customer
from shops.woocommerce.products import read_product, removed_product


def _deleted_order(order: Json, context: Context) -> ShopNews:
    """Return that an order was put into the bin, or deleted: all that is sent of it is its id."""
    update = OrderUpdate(status=OrderStatus.CANCELLED, at=context.now)
    return ShopNews(states=((order_id_of(order), update),))


def _deleted_customer(customer: Json, _context: Context) -> ShopNews:
    """Return that an account was deleted, which is how WooCommerce has a person leave: it is an erasure."""
    return ShopNews(privacy=(PersonRequest(PrivacyRequest.ERASE, customer_id=account_id(customer)),))


_READERS: Mapping[str, Callable[[Json, Context], ShopNews]] = MappingProxyType(
    {
        "order.created": read_order,
        "order.updated": read_order,
        "order.restored": read_order,
        "order.deleted": _deleted_order,
        "customer.created": read_customer,
        "customer.updated": read_customer,
        "customer.deleted": _deleted_customer,
        "product.created": read_product,
        "product.updated": read_product,
        "product.restored": read_product,
        "product.deleted": removed_product,
    }
)

TOPICS = tuple(_READERS)
"""The topics for which something is done here."""


def read_event(topic: str, body: bytes, context: Context) -> ShopNews:
    """Return what a webhook says; its signature has been verified.

    Raises:
        BadInput: the body is not what WooCommerce sends for this topic; the text repeats nothing of it.
    """
    if is_ping(body):
        return ShopNews(ignored=Ignored.PING)
    reader = _READERS.get(topic)
    return reader(read_body(body), context) if reader else ShopNews(ignored=Ignored.TOPIC)
