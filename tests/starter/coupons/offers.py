"""Offers whose codes Shopify is given, and what gives them."""

from __future__ import annotations

from typing import Any

from campaign.definition.model import Definition
from starter.shops.shopify_codes import ShopifyCodes
from tests.fakes.shopify_api import DISCOUNT, Shopify

OFFER = {"coupon": "single_use", "prefix": "BACK", "keep_ready": 300, "shopify_discount": DISCOUNT}


def at_shopify(made: Definition, **offers: dict[str, Any]) -> Definition:
    """The same shop at Shopify, with more offers."""
    values = made.model_dump()
    changed = {"shop": {**values["shop"], "system": "shopify"}, "offers": {**offers, **values["offers"]}}
    return Definition.model_validate({**values, **changed})


def pusher(shopify: Shopify) -> ShopifyCodes:
    """The one that is tested; it waits for nothing."""
    return ShopifyCodes(shopify.url, "shpat_token", seconds=5, wait=lambda _: None)
