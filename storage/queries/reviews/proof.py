"""Ratings and quotes, read by key as a part of the catalogue's statement: they cost none of their own."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from campaign.reviews.proof import Average, Quoted
from campaign.wire import Product
from storage.queries.reviews.ratings import WHOLE_SHOP

SELECTED = f"""r.average AS rated, r.count AS ratings, t.text AS quote, t.rating AS quote_rating,
       t.author AS quote_author, t.verified AS quote_verified,
       (SELECT average FROM product_ratings WHERE sku = '{WHOLE_SHOP}') AS shop_rated,
       (SELECT count FROM product_ratings WHERE sku = '{WHOLE_SHOP}') AS shop_ratings"""  # noqa: S608 - ours
JOINED = """LEFT JOIN product_ratings r ON r.sku = w.sku
LEFT JOIN product_quotes t ON t.sku = w.sku AND t.language = :language"""
_DECIMALS = 1


def with_own_ratings(product: Product, row: Mapping[Any, Any]) -> Product:
    """Return a product as its own reviews rate it; what the shop says of it holds where there are none."""
    if row["rated"] is None:
        return product
    rating = round(row["rated"], _DECIMALS)
    own = {"rating": rating, "review_count": row["ratings"], "review_quote": row["quote"]}
    return product.model_copy(update=own)


def quoted(sku: str, row: Mapping[Any, Any]) -> Quoted | None:
    """Return the review to quote of a product."""
    if row["quote"] is None:
        return None
    verified = bool(row["quote_verified"])
    return Quoted(sku, row["quote"], row["quote_rating"], row["quote_author"], verified)


def shop_average(row: Mapping[Any, Any]) -> Average | None:
    """Return what all ratings of the shop come to."""
    if row["shop_rated"] is None:
        return None
    return Average(round(row["shop_rated"], _DECIMALS), row["shop_ratings"])
