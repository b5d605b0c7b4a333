"""Which entries of the catalogue are one product to a customer, and which are no product at all."""

from __future__ import annotations

import re
from urllib.parse import parse_qsl, urlencode, urlsplit, urlunsplit

from campaign.wire import Product

# What shop systems call them in the languages that Afterglow speaks; of a test product, its whole name.
_GIFT_CARD = re.compile(
    r"\b(e-?)?gift[ -]?(card|voucher|certificate)s?\b|geschenk(gutschein|karte)|\bgutscheine?\b|wertgutschein"
    r"|tarjetas? (de )?regalo|cartes?[ -]cadeaux?|(bon|chèque)s?[ -]cadeaux?",
    re.IGNORECASE,
)
_TEST = re.compile(
    r"test|(a )?test[ -](product|item|order|produkt|artikel)\b.*|do not buy\b.*", re.IGNORECASE
)
_SHOPIFY_VARIANT, _WOOCOMMERCE_VARIANT = "variant", "attribute_"


def family_of(product: Product) -> str:
    """Return what all variants of a product share: its parent, its page, or else its name."""
    if product.parent:
        return f"parent:{product.parent}"
    page = _page(product.url)
    return page or f"name:{' '.join(product.name.casefold().split())}"


def is_recommended(product: Product) -> bool:
    """Return whether a product may be on a list at all: no gift card, nothing to test the shop with.

    A name without a visible character would be a link that nobody sees.
    """
    named = any(_GIFT_CARD.search(text) for text in (product.name, product.category or ""))
    visible = any(char.isprintable() and not char.isspace() for char in product.name)
    return product.recommend and visible and not named and not _TEST.fullmatch(product.name.strip())


def _page(url: str) -> str | None:
    """Return the page of a variant's address without what names the variant; None for another address.

    Shopify's have ``?variant=``, WooCommerce's ``?attribute_pa_size=``.
    """
    parts = urlsplit(url)
    query = parse_qsl(parts.query, keep_blank_values=True)
    left = [(name, value) for name, value in query if not _names_variant(name)]
    if len(left) == len(query):
        return None
    return urlunsplit(parts._replace(query=urlencode(left), fragment=""))


def _names_variant(name: str) -> bool:
    return name == _SHOPIFY_VARIANT or name.startswith(_WOOCOMMERCE_VARIANT)
