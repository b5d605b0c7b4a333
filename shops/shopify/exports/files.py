"""Which file is which, and its rows as news: several of them where they are about one order or product."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from pydantic import ValidationError

from campaign.errors import BadInput
from campaign.problems import problems_of
from shops.context import Context
from shops.news import ShopNews
from shops.rows import Row
from shops.shopify.exports import orders, products
from shops.shopify.exports.cells import Cells, cells_of
from shops.shopify.exports.customers import read_customers
from shops.shopify.fields import Json
from shops.shopify.orders import read_order
from shops.shopify.people import read_customer
from shops.shopify.products import read_product

MOST_ROWS = 5_000
"""Rows of one order or product that are read as one: a file that is none must not fill the memory."""


@dataclass(frozen=True)
class Reader:
    """How the rows of a file are read. Rows that follow each other with the same ``key`` are read together.

    ``read`` raises `BadInput`, and nothing else, for what cannot be used.
    """

    read: Callable[[Sequence[Json], Context], ShopNews]
    key: Callable[[Json], Any] | None = None


def _objects(read: Callable[[Json, Context], ShopNews]) -> Reader:
    return Reader(_checked(lambda rows, context: read(rows[0], context)))


def _cells(
    read: Callable[[Sequence[Cells], Context], ShopNews], key: Callable[[Cells], Any] | None = None
) -> Reader:
    whole = _checked(lambda rows, context: read([cells_of(row) for row in rows], context))
    return Reader(whole, key and (lambda row: key(cells_of(row))))


def _checked(
    read: Callable[[Sequence[Json], Context], ShopNews],
) -> Callable[[Sequence[Json], Context], ShopNews]:
    def checked(rows: Sequence[Json], context: Context) -> ShopNews:
        try:
            return read(rows, context)
        except ValidationError as error:
            raise BadInput(problems_of(error)) from None

    return checked


FILES: tuple[tuple[str, frozenset[str], Reader], ...] = (
    ("orders", frozenset({"id", "line_items", "financial_status"}), _objects(read_order)),
    ("customers", frozenset({"id", "default_address", "verified_email"}), _objects(read_customer)),
    ("products", frozenset({"id", "handle", "variants"}), _objects(read_product)),
    (
        "orders",
        frozenset({"name", "financial status", "lineitem name"}),
        _cells(orders.read_orders, orders.key),
    ),
    ("customers", frozenset({"first name", "email", "accepts email marketing"}), _cells(read_customers)),
    ("customers", frozenset({"first name", "email", "accepts marketing"}), _cells(read_customers)),
    ("products", frozenset({"handle", "variant price"}), _cells(products.read_products, products.key)),
    ("products", frozenset({"url handle", "price"}), _cells(products.read_products, products.key)),
)
"""What is imported, the columns by which its file is known (in lower case), and how its rows are read.

The first three are objects of the Admin API (REST), as JSON."""


def reader_for(kind: str, columns: Iterable[str]) -> Reader | None:
    """Return how rows with these columns (or JSON keys) are read; None for another file."""
    names = {name.strip().lower() for name in columns}
    return next((reader for of, known, reader in FILES if of == kind and known <= names), None)


def read_rows(reader: Reader, rows: Iterable[tuple[int, Json]], context: Context) -> Iterator[Row]:
    """Read rows, one order, customer or product at a time, each with the number of its first line.

    One that cannot be used stops no other.
    """
    for number, group in _groups(reader.key, rows):
        try:
            yield Row(number, news=reader.read(group, context))
        except BadInput as error:
            yield Row(number, problem=error)


def _groups(
    key: Callable[[Json], Any] | None, rows: Iterable[tuple[int, Json]]
) -> Iterator[tuple[int, list[Json]]]:
    start, group, of = 0, list[Json](), None
    for number, row in rows:
        name = key(row) if key else number
        if group and name == of and len(group) < MOST_ROWS:
            group.append(row)
            continue
        if group:
            yield start, group
        start, group, of = number, [row], name
    if group:
        yield start, group
