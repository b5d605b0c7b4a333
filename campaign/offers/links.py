"""The link that puts the discount into the customer's cart.

Shopify has one: ``/discount/CODE?redirect=/path``. WooCommerce itself has none that applies a coupon to
whatever the customer then buys (its checkout links, ``/checkout-link/?products=ID:1&coupon=CODE``, need
products); there a plugin does it, and `Shop.apply_url` says how its links look (docs/offers.md).
"""

from __future__ import annotations

from urllib.parse import quote, urlsplit

from campaign.definition.model import Shop, ShopSystem

_ROOT = "/"


def apply_link(shop: Shop, shop_url: str, code: str, path: str = _ROOT) -> str | None:
    """Return the link that applies a code and leads to a path of the shop; None where there is none."""
    if shop.apply_url is not None:
        return shop.apply_url.replace("{code}", quote(code, safe="")).replace("{path}", quote(path, safe=""))
    if shop.system is not ShopSystem.SHOPIFY:
        return None
    parts = urlsplit(shop_url)
    return f"{parts.scheme}://{parts.netloc}/discount/{quote(code, safe='')}?redirect={quote(path, safe='/')}"
