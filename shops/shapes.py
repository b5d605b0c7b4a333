"""What a body is about, by the fields that only such bodies have.

A topic is a header, which no shop signs: whoever has seen one signed body could send it again under another
topic. A body that is plainly about something else than its topic is refused.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from pydantic_core import from_json

Marks = Mapping[str, frozenset[str]]


def _marks(**fields: str) -> Marks:
    return MappingProxyType({name: frozenset(text.split()) for name, text in fields.items()})


# A body is about the first of which it has all the fields. Sources: shopify.dev/docs/api/webhooks (payloads).
SHOPIFY: Marks = _marks(
    data_request="shop_domain orders_requested",
    person_redact="shop_domain customer",
    shop_redact="shop_domain",
    refunds="refund_line_items order_id",
    fulfillments="order_id tracking_numbers",
    orders="line_items financial_status",
    products="variants handle",
    inventory_levels="inventory_item_id location_id",
    inventory_items="tracked requires_shipping",
    customers_marketing_consent="customer_id",
    customers="verified_email addresses",
)
# woocommerce.github.io/woocommerce-rest-api-docs (properties of each resource).
WOOCOMMERCE: Marks = _marks(
    order="line_items order_key",
    product="catalog_visibility",
    coupon="discount_type",
    customer="is_paying_customer",
)
# The erasure of one person must never be taken for that of the whole shop, nor an export for an erasure.
_PRIVACY = MappingProxyType(
    {
        "customers/data_request": "data_request",
        "customers/redact": "person_redact",
        "shop/redact": "shop_redact",
    }
)
_CONSENT = "_marketing_consent"
# Of what was deleted the shops send the id alone: a whole order is not taken for a customer who has left.
_DELETIONS = ("/delete", ".deleted")
_MOST_OF_A_DELETION = 3
_IDS = ("id", "inventory_item_id", "location_id", "customer_id")


def fits_shopify(topic: str, body: bytes) -> bool:
    """Return whether a body may be one of Shopify's topic."""
    subject = _PRIVACY.get(topic, topic.partition("/")[0])
    if subject.startswith("customers_") and subject.endswith(_CONSENT):
        subject = "customers_marketing_consent"
    return _fits(subject, topic, body, SHOPIFY)


def fits_woocommerce(topic: str, body: bytes) -> bool:
    """Return whether a body may be one of WooCommerce's topic."""
    return _fits(topic.partition(".")[0], topic, body, WOOCOMMERCE)


def subject_of(body: bytes) -> str:
    """Return the ids of what a body is about: a shop gives one event id to all that one click has changed."""
    fields = _object(body) or {}
    return "/".join(str(fields[name]) for name in _IDS if isinstance(fields.get(name), (int, str)))


def _fits(subject: str, topic: str, body: bytes, marks: Marks) -> bool:
    """Say no only where the body is about something else: what cannot be read is another matter."""
    fields = _fields(body)
    if fields is None:
        return True
    if topic.endswith(_DELETIONS):
        return len(fields) <= _MOST_OF_A_DELETION
    about = next((name for name, wanted in marks.items() if wanted <= fields), None)
    return subject not in marks or about in (None, subject)


def _fields(body: bytes) -> frozenset[str] | None:
    found = _object(body)
    return None if found is None else frozenset(found)


def _object(body: bytes) -> dict[str, Any] | None:
    """Return an object, also behind what PHP prints in front of it; None for what is none."""
    try:
        found = from_json(body[max(0, body.find(b"{")) :])
    except ValueError:
        return None
    return found if isinstance(found, dict) else None
