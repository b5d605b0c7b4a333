"""What shops send, as short as it can be and still be whole: adapted from the vendors' documentation.

The sources: shopify.dev/docs/api/admin-rest, woocommerce.github.io/woocommerce-rest-api-docs (order, refund).
"""

from __future__ import annotations

from datetime import datetime, timedelta
from itertools import count
from typing import Any

_IDS = count(820982911946154508)  # above 2^53, as Shopify's are


def an_id() -> int:
    """An id that no other payload has."""
    return next(_IDS)


def shopify_order(order: int, placed: datetime, minutes: int = 5, **changes: Any) -> dict[str, Any]:
    """A paid order of a customer with an account, as it was so many minutes after it was placed."""
    changed = (placed + timedelta(minutes=minutes)).isoformat()
    line = {
        "id": order + 1, "sku": "mug", "quantity": 2, "current_quantity": 2, "price": "10.00", "name": "Mug",
        "product_id": 632910392, "variant_id": 808950810, "total_discount": "0.00", "taxable": True,
        "gift_card": False, "requires_shipping": True, "tax_lines": [], "discount_allocations": [],
    }  # fmt: skip
    address = {"first_name": "Ada", "last_name": "Lovelace", "country_code": "US", "province_code": "NY",
               "zip": "10001", "phone": None}  # fmt: skip
    return {
        "id": order, "admin_graphql_api_id": f"gid://shopify/Order/{order}", "name": "#1001", "test": False,
        "email": "ada@example.com", "contact_email": "ada@example.com", "phone": None,
        "created_at": placed.isoformat(), "processed_at": placed.isoformat(), "updated_at": changed,
        "cancelled_at": None, "cancel_reason": None, "closed_at": None,
        "currency": "USD", "presentment_currency": "USD",
        "total_price": "20.00", "current_total_price": "20.00",
        "subtotal_price": "20.00", "total_tax": "0.00", "total_discounts": "0.00", "taxes_included": False,
        "financial_status": "paid", "fulfillment_status": None, "source_name": "web", "tags": "",
        "customer_locale": "en-US", "buyer_accepts_marketing": True,
        "line_items": [line], "fulfillments": [], "refunds": [], "shipping_lines": [],
        "billing_address": address, "shipping_address": address,
        "customer": {
            "id": 115310627314723954, "email": "ada@example.com",
            "first_name": "Ada", "last_name": "Lovelace",
            "phone": None, "tags": "", "state": "enabled", "verified_email": True, "currency": "USD",
            "default_address": address, "updated_at": changed, "created_at": placed.isoformat(),
        },
        **changes,
    }  # fmt: skip


def shopify_refund(order: int, at: datetime, amount: str, quantity: int = 1) -> dict[str, Any]:
    """Some mugs of an order came back, and were paid back."""
    return {
        "id": an_id(), "order_id": order, "created_at": at.isoformat(), "processed_at": at.isoformat(),
        "note": None, "restock": True, "order_adjustments": [], "duties": [],
        "refund_line_items": [
            {"id": an_id(), "line_item_id": order + 1, "quantity": quantity, "restock_type": "return",
             "subtotal": float(amount), "total_tax": 0.0,
             "line_item": {"id": order + 1, "sku": "mug", "quantity": 2, "price": "10.00",
                           "product_id": 632910392, "variant_id": 808950810}},
        ],
        "transactions": [
            {"id": an_id(), "order_id": order, "kind": "refund", "status": "success", "amount": amount,
             "currency": "USD", "gateway": "bogus", "created_at": at.isoformat()},
        ],
    }  # fmt: skip


def woocommerce_order(order: int, placed: datetime, minutes: int = 5, **changes: Any) -> dict[str, Any]:
    """An order that is being processed, of a guest, as it was so many minutes after it was placed."""
    changed, paid = placed + timedelta(minutes=minutes), placed + timedelta(minutes=1)
    line = {
        "id": 315, "name": "Mug", "product_id": 93, "variation_id": 0, "quantity": 2, "tax_class": "",
        "subtotal": "20.00", "subtotal_tax": "0.00", "total": "20.00", "total_tax": "0.00", "taxes": [],
        "meta_data": [], "sku": "mug", "price": 10,
    }  # fmt: skip
    return {
        "id": order, "parent_id": 0, "number": str(order), "order_key": "wc_order_58d2d042d1d",
        "created_via": "checkout", "version": "9.4.0", "status": "processing", "currency": "USD",
        "date_created_gmt": _gmt(placed), "date_modified_gmt": _gmt(changed), "date_paid_gmt": _gmt(paid),
        "date_completed_gmt": None, "discount_total": "0.00", "shipping_total": "0.00", "cart_tax": "0.00",
        "total": "20.00", "total_tax": "0.00", "prices_include_tax": False, "customer_id": 0,
        "billing": {
            "first_name": "Ada", "last_name": "Lovelace", "company": "", "address_1": "969 Market",
            "city": "New York", "state": "NY", "postcode": "10001", "country": "US",
            "email": "ada@example.com", "phone": "(555) 555-5555",
        },
        "shipping": {"first_name": "Bob", "last_name": "Gift", "country": "US"},
        "payment_method": "stripe", "transaction_id": "t-1", "meta_data": [], "line_items": [line],
        "tax_lines": [], "shipping_lines": [], "fee_lines": [], "coupon_lines": [], "refunds": [],
        **changes,
    }  # fmt: skip


def _gmt(at: datetime) -> str:
    return at.replace(tzinfo=None).isoformat(timespec="seconds")
