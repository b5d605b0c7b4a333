"""Which file is which, and its rows as news: several of them where they are about one order or product."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

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


def _never(_first: Cells, _row: Cells) -> bool:
    return False


@dataclass(frozen=True)
class Reader:
    """How the rows of a file are read. ``continues``: whether a row belongs to the one before."""

    read: Callable[[Sequence[Cells], Context], ShopNews]
    continues: Callable[[Cells, Cells], bool] = _never


def _each(read: Callable[[Json, Context], ShopNews]) -> Reader:
    return Reader(lambda rows, context: read(rows[0], context))


FILES: tuple[tuple[str, frozenset[str], Reader], ...] = (
    ("orders", frozenset({"id", "line_items", "financial_status"}), _each(read_order)),
    ("customers", frozenset({"id", "default_address", "verified_email"}), _each(read_customer)),
    ("products", frozenset({"id", "handle", "variants"}), _each(read_product)),
    (
        "orders",
        frozenset({"name", "financial status", "lineitem name"}),
        Reader(orders.read_orders, orders.continues),
    ),
    ("customers", frozenset({"first name", "email", "accepts email marketing"}), Reader(read_customers)),
    ("customers", frozenset({"first name", "email", "accepts marketing"}), Reader(read_customers)),
    ("products", frozenset({"handle", "variant price"}), Reader(products.read_products, products.continues)),
    ("products", frozenset({"url handle", "price"}), Reader(products.read_products, products.continues)),
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
    for number, group in _groups(reader, rows):
        try:
            yield Row(number, news=reader.read(group, context))
        except BadInput as error:
            yield Row(number, problem=error)
        except ValidationError as error:
            yield Row(number, problem=BadInput(problems_of(error)))


def _groups(reader: Reader, rows: Iterable[tuple[int, Json]]) -> Iterator[tuple[int, list[Cells]]]:
    start, group = 0, list[Cells]()
    for number, row in rows:
        cells = cells_of(row)
        if group and len(group) < MOST_ROWS and reader.continues(group[0], cells):
            group.append(cells)
            continue
        if group:
            yield start, group
        start, group = number, [cells]
    if group:
        yield start, group
