"""WooCommerce's export files, a row at a time, and its REST API's JSON, an object at a time.

The objects of ``wc/v3/orders``, ``customers`` and ``products`` are what webhooks send, and are read as such.
Analytics' files have English column names where the shop's language, or its user's, is English.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from campaign.errors import BadInput, Problem
from campaign.problems import problems_of
from shops.contacts import contact_of
from shops.context import Context
from shops.news import Ignored, ShopNews
from shops.rows import Row
from shops.woocommerce.fields import Json, code_of, parse_time, words_of
from shops.woocommerce.orders import read_order
from shops.woocommerce.people import read_customer
from shops.woocommerce.products import read_product

Reader = Callable[[Json, Context], ShopNews]

_PUBLISHED = MappingProxyType({"1": "publish", "0": "private", "-1": "draft"})
_IN_STOCK = MappingProxyType({"1": "instock", "0": "outofstock", "backorder": "onbackorder"})
_COMMA = re.compile(r"(?<!\\),")  # one in a category's name is written \,
_NO_BUYER = Problem(
    "Order #",
    "Analytics' file of orders names neither the buyer's address nor the products' ids",
    "import what the REST API's wc/v3/orders answers, as JSON Lines (docs/woocommerce.md)",
)


def read_analytics_customer(row: Json, context: Context) -> ShopNews:
    """Read a row of Analytics > Customers. It has no id: who is in it is known by the address.

    Raises:
        BadInput: it cannot be accepted.
    """
    first, _, last = (words_of(row.get("Name")) or "").partition(" ")
    contact = contact_of(
        emails=[row.get("Email")],
        country=_first_of(row, "Country / Region", "Country/Region", "Country"),
        first_name=first,
        last_name=last,
        region=row.get("Region"),
        postal_code=_first_of(row, "Postal Code", "Postal code"),
    )
    if contact.address is None:
        return ShopNews(ignored=Ignored.NO_CUSTOMER)
    try:
        return ShopNews(customers=(contact.of_customer(context.guest_id(contact.address)),))
    except ValidationError as error:
        raise BadInput(problems_of(error, "customer")) from None


def read_analytics_order(_row: Json, _context: Context) -> ShopNews:
    """Refuse a row of Analytics > Orders: nobody can be written to by it.

    Raises:
        BadInput: always.
    """
    raise BadInput([_NO_BUYER])


def read_product_row(row: Json, context: Context) -> ShopNews:
    """Read a row of Products > Export. One of a variable product has no price: its variations have.

    Raises:
        BadInput: it has no id, or no currency is set.
    """
    price = _price(row, context)
    if price is None and "variable" in code_of(row.get("Type")):
        return ShopNews()
    product = {
        "id": row.get("ID"),
        "sku": row.get("SKU"),
        "name": row.get("Name"),
        "status": _PUBLISHED.get(code_of(row.get("Published")), "draft"),
        "catalog_visibility": row.get("Visibility in catalog"),
        "price": price,
        "stock_status": _IN_STOCK.get(code_of(row.get("In stock?")), "instock"),
        "tags": [{"name": name} for name in _list(row.get("Tags"))],
        "categories": [{"name": name.split(" > ")[-1]} for name in _list(row.get("Categories"))],
        "images": [{"src": address} for address in _list(row.get("Images"))],
    }
    return read_product(product, context)


def _price(row: Json, context: Context) -> str | None:
    """Return what it costs now, with a point: files are written with the shop's decimal sign."""
    names = ("Sale price", "Regular price") if _on_offer(row, context) else ("Regular price",)
    found = (words_of(row.get(name)) for name in names)
    return next((price.replace(",", ".") for price in found if price), None)


def _on_offer(row: Json, context: Context) -> bool:
    first, last = (_day(row, f"Date sale price {end}", context) for end in ("starts", "ends"))
    return (first is None or first <= context.now) and (last is None or context.now <= last)


def _day(row: Json, name: str, context: Context) -> datetime | None:
    return parse_time(row.get(name), context.time_zone)


def _list(value: Any) -> list[str]:
    text = words_of(value, 10_000) or ""
    return [part.strip().replace("\\,", ",") for part in _COMMA.split(text) if part.strip()]


def _first_of(row: Json, *names: str) -> Any:
    return next((row[name] for name in names if row.get(name)), None)


FILES: tuple[tuple[str, frozenset[str], Reader], ...] = (
    ("orders", frozenset({"id", "line_items", "billing"}), read_order),
    ("customers", frozenset({"id", "billing", "is_paying_customer"}), read_customer),
    ("products", frozenset({"id", "permalink", "regular_price"}), read_product),
    ("customers", frozenset({"Name", "Username", "Email"}), read_analytics_customer),
    ("orders", frozenset({"Order #", "Customer type"}), read_analytics_order),
    ("products", frozenset({"ID", "Type", "SKU", "Regular price"}), read_product_row),
)
"""What is imported, the columns by which its file is known, and how a row of it is read."""


def reader_for(kind: str, columns: Iterable[str]) -> Reader | None:
    """Return how rows with these columns (or JSON keys) are read; None for another file."""
    names = frozenset(columns)
    return next((read for of, known, read in FILES if of == kind and known <= names), None)


def read_rows(reader: Reader, rows: Iterable[tuple[int, Json]], context: Context) -> Iterator[Row]:
    """Read rows, each with its line's number, one at a time; one that cannot be used stops no other."""
    for number, row in rows:
        try:
            yield Row(number, news=reader(row, context))
        except BadInput as error:
            yield Row(number, problem=error)
