"""A body that is plainly about something else than its topic does not fit it."""

from __future__ import annotations

import contextlib
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from shops.shapes import fits_shopify, fits_woocommerce
from tests.shop_payloads import shopify_order, shopify_refund, woocommerce_order

AT = datetime(2026, 3, 1, tzinfo=UTC)
KEPT = sorted(Path(__file__).parent.glob("*/payloads/*.json"))
MANY = 3  # fields that a deletion has at most


def kept_topic(file: Path) -> str:
    """The topic that a kept payload is sent for."""
    return str(json.loads(file.read_text("utf-8"))["topic"])


def body_of(file: Path) -> bytes:
    """Its body as it is sent."""
    kept = json.loads(file.read_text("utf-8"))
    return str(kept["raw"]).encode() if "raw" in kept else json.dumps(kept["body"]).encode()


SHOP = {"shop_id": 1, "shop_domain": "x.myshopify.com"}
SHOPIFY: dict[str, Any] = {
    "orders/paid": shopify_order(1, AT),
    "refunds/create": shopify_refund(1, AT, "10.00"),
    "fulfillments/create": {
        "id": 1,
        "order_id": 2,
        "status": "success",
        "tracking_numbers": [],
        "line_items": [],
    },
    "customers/update": {"id": 1, "verified_email": True, "addresses": [], "email": None},
    "customers_email_marketing_consent/update": {"customer_id": 1, "email_marketing_consent": {}},
    "products/update": {"id": 1, "handle": "mug", "variants": []},
    "inventory_levels/update": {"inventory_item_id": 1, "location_id": 2, "available": 0},
    "customers/data_request": {**SHOP, "customer": {"id": 1}, "orders_requested": [], "data_request": {}},
    "customers/redact": {**SHOP, "customer": {"id": 1}, "orders_to_redact": []},
    "shop/redact": SHOP,
}
WOOCOMMERCE: dict[str, Any] = {
    "order.updated": woocommerce_order(1, AT),
    "customer.updated": {"id": 1, "is_paying_customer": True, "email": "ada@example.com"},
    "product.updated": {"id": 1, "catalog_visibility": "visible", "sku": "mug"},
}


@pytest.mark.parametrize(("fits", "bodies"), [(fits_shopify, SHOPIFY), (fits_woocommerce, WOOCOMMERCE)])
def test_a_body_fits_its_own_topic_and_none_of_another_kind(fits: Any, bodies: dict[str, Any]) -> None:
    """Each body under each topic: a request for data is no erasure, and a person's erasure not the shop's."""
    for topic, body in bodies.items():
        fitting = {other for other in bodies if fits(other, json.dumps(body).encode())}
        assert fitting == {topic}


@pytest.mark.parametrize("fits", [fits_shopify, fits_woocommerce])
@pytest.mark.parametrize(
    "body", [b"", b"[]", b"null", b"\xff", b'{"id": 1}', b'{"code": "x", "message": "y"}']
)
def test_what_says_nothing_of_itself_may_be_anything(fits: Any, body: bytes) -> None:
    """It is the mapping's to read: a deletion has an id alone."""
    assert all(fits(topic, body) for topic in (*SHOPIFY, *WOOCOMMERCE, "no/such", ""))


@pytest.mark.parametrize("file", KEPT, ids=lambda file: file.stem)
def test_no_kept_payload_is_refused_for_its_shape(file: Path) -> None:
    """Awkward as they are, all of both collections fit the topics that they are sent for."""
    fits = fits_shopify if "shopify" in file.parts else fits_woocommerce
    assert fits(kept_topic(file), body_of(file))


@pytest.mark.parametrize("file", [file for file in KEPT if "woocommerce" in file.parts], ids=lambda f: f.stem)
def test_nothing_but_an_id_is_a_deletion(file: Path) -> None:
    """Whatever an order, customer or product has in it, it is nobody's erasure."""
    body = body_of(file)
    with contextlib.suppress(ValueError):  # of what is no JSON its mapping reads nothing either
        found = json.loads(body[max(0, body.find(b"{")) :])
        whole = isinstance(found, dict) and len(found) > MANY
        assert not (whole and fits_woocommerce("customer.deleted", body))
