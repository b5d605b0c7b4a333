"""The discount codes of an order, as Shopify and WooCommerce name them."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest

from campaign.wire import DiscountCode
from shops.discounts import codes_of

SHOPIFY = [{"code": "BACK-1", "amount": "5.00", "type": "percentage"}]
WOOCOMMERCE = [{"id": 3, "code": "back-1", "discount": "5", "discount_tax": "0.00", "meta_data": []}]


@pytest.mark.parametrize(
    ("entries", "amount", "found"),
    [
        (SHOPIFY, "amount", [DiscountCode(code="BACK-1", amount=Decimal("5.00"))]),
        (WOOCOMMERCE, "discount", [DiscountCode(code="back-1", amount=Decimal(5))]),
        ([{"code": "", "amount": "1"}, {"amount": "1"}, {"code": 7, "amount": "much"}], "amount",
         [DiscountCode(code="7")]),
        ([{"code": f"C{n}"} for n in range(50)], "amount", [DiscountCode(code=f"C{n}") for n in range(20)]),
    ],
)  # fmt: skip
def test_codes_are_read(entries: list[dict[str, Any]], amount: str, found: list[DiscountCode]) -> None:
    """Code and amount of each; what is no code is left out, and no order is refused for its codes."""
    assert codes_of(entries, amount) == found
