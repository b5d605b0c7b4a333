"""The three topics that Shopify requires of every app: what the law lets a person, or a shop, request."""

from __future__ import annotations

from functools import partial

from shops.context import Context
from shops.news import PersonRequest, PrivacyRequest, ShopNews
from shops.shopify.fields import Json, missing, object_of
from shops.values import identifier_of, text_of

_LONGEST = 320


def _read_person(kind: PrivacyRequest, orders: str, body: Json, _context: Context) -> ShopNews:
    """Return a request about one person; ``orders`` is the field with the orders that it is about.

    Raises:
        BadInput: it says of nobody whom it is about.
    """
    person, listed = object_of(body.get("customer")), body.get(orders)
    found = (identifier_of(value) for value in (listed if isinstance(listed, list) else []))
    request = PersonRequest(
        kind,
        customer_id=identifier_of(person.get("id")),
        email=text_of(person.get("email"), _LONGEST),
        phone=text_of(person.get("phone")),
        order_ids=tuple(dict.fromkeys(identifier for identifier in found if identifier)),
    )
    if not (request.customer_id or request.email or request.phone or request.order_ids):
        raise missing(name="customer")
    return ShopNews(privacy=(request,))


read_export = partial(_read_person, PrivacyRequest.EXPORT, "orders_requested")
read_erasure = partial(_read_person, PrivacyRequest.ERASE, "orders_to_redact")


def read_shop_erasure(body: Json, _context: Context) -> ShopNews:
    """Return that a shop has left, and all of its data must go.

    Raises:
        BadInput: it does not name the shop: nothing else may erase everything.
    """
    if not (text_of(body.get("shop_domain")) and identifier_of(body.get("shop_id"))):
        raise missing(name="shop_domain")
    return ShopNews(privacy=(PersonRequest(PrivacyRequest.ERASE_SHOP),))
