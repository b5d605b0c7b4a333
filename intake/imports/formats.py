"""How the rows of a file are read: Afterglow's own columns, a shop system's export, or any by a map."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from campaign.errors import BadInput, Problem
from campaign.problems import problems_of
from intake.imports.own import columns, objects
from intake.imports.records import REASON, Layout, Record
from shops import review_apps
from shops.context import Context
from shops.news import ShopNews
from shops.shopify import exports as shopify
from shops.woocommerce import exports as woocommerce


class Kind(StrEnum):
    """What a file is full of."""

    CUSTOMERS = "customers"
    ORDERS = "orders"
    PRODUCTS = "products"
    CONSENTS = "consents"
    REVIEWS = "reviews"


OWN_CSV = "CSV"
_UNKNOWN = 'map it (--map "{0}=..."), or leave it out (--map "{0}=")'
_IN_A_CELL = (
    ('write the amount as a decimal string, such as "19.90"', "write the amount with a point, such as 19.90"),
    ("write it without quotes and decimals", "write digits alone"),
    ("write it without quotes", "write digits"),
    ('"', ""),
)
"""What to write in a cell, for what to write in JSON."""
Read = Callable[[Sequence[Mapping[str, Any]], Context], ShopNews]
Key = Callable[[Mapping[str, Any]], Any]


@dataclass(frozen=True)
class Format:
    """How to read a file. ``key``: rows that follow each other with the same one are one order.

    ``own``: its rows are ours, and an order in them is compared with the one that is here as the API does.
    ``rename`` gives our column for the file's; ``unused``: columns that nothing is done with.
    """

    name: str
    read: Read
    key: Key | None = None
    own: bool = False
    rename: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    constants: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    unused: tuple[str, ...] = ()


@dataclass(frozen=True)
class Group:
    """The rows of one order, or one row, and what they say; else ``problem`` says why they cannot be used."""

    records: tuple[Record, ...]
    news: ShopNews = field(default_factory=ShopNews)
    problem: str | None = None

    @property
    def end(self) -> int:
        """The position in the file after it."""
        return self.records[-1].end


@dataclass(frozen=True)
class Wanted:
    """What the user says of a file: ``renamed`` columns (ours by theirs), ``constants`` by our column."""

    renamed: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))
    constants: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


def format_of(kind: Kind, layout: Layout, wanted: Wanted) -> Format:
    """Return how to read a file with these columns; a map makes it one of our own columns.

    Raises:
        BadInput: columns are missing or unknown; all of them are named.
    """
    if kind is Kind.REVIEWS and not wanted.renamed and wanted.constants.keys() <= review_apps.FOR_ALL:
        app = review_apps.app_for(layout.columns)
        if app is not None:
            return Format(app.name, app.read, constants=wanted.constants)
    if not wanted.renamed and not wanted.constants:
        shop = _shop_format(kind, layout)
        if shop is not None:
            return shop
    return _own_format(kind, layout, wanted)


def _shop_format(kind: Kind, layout: Layout) -> Format | None:
    given = [name for name in layout.columns if name != REASON]
    read = shopify.reader_for(kind.value, given)
    if read is not None:
        return Format("Shopify", read.read, read.key)
    reader = woocommerce.reader_for(kind.value, given)
    if reader is not None:
        return Format("WooCommerce", _of_one_row(reader))
    return None


def _of_one_row(reader: Callable[[dict[str, Any], Context], ShopNews]) -> Read:
    return lambda rows, context: reader(dict(rows[0]), context)


def _own_format(kind: Kind, layout: Layout, wanted: Wanted) -> Format:
    known = columns.KNOWN[kind.value]
    given = [wanted.renamed.get(name, name) for name in layout.columns if name and name != REASON]
    problems = [
        Problem(f"--map {theirs}", "is no column of the file", f"it has {', '.join(layout.columns)}")
        for theirs in wanted.renamed
        if layout.delimiter and theirs not in layout.columns
    ]
    targets = [name for name in (*wanted.renamed.values(), *wanted.constants) if name]
    problems += [
        Problem(f"--map {name}", "is no column of ours", f"{kind} have {', '.join(sorted(known))}")
        for name in targets
        if name not in known
    ]
    unused = tuple(name for name in given if name not in known and name)
    if layout.delimiter:
        problems += columns.missing(kind.value, {*given, *wanted.constants})
    if unused and not wanted.renamed and layout.delimiter:
        problems += [Problem(f"column {name}", "is not known", _UNKNOWN.format(name)) for name in unused]
    if problems:
        problems = _of_another_kind(kind, layout) or problems
        raise BadInput(problems)
    return _own(kind, layout, wanted, unused)


def _of_another_kind(kind: Kind, layout: Layout) -> list[Problem]:
    """Name what a shop system's file is full of, where that is something else."""
    for other in Kind:
        found = _shop_format(other, layout) if other is not kind else None
        if found is not None:
            fix = f"import it as that: afterglow import {other} FILE"
            return [Problem("the file", f"is {found.name}'s file of {other}, not of {kind}", fix)]
    return []


def _own(kind: Kind, layout: Layout, wanted: Wanted, unused: tuple[str, ...]) -> Format:
    if layout.delimiter is None:
        return Format(
            "JSON Lines", objects.READERS[kind.value], own=True,
            rename=wanted.renamed, constants=wanted.constants, unused=unused if wanted.renamed else (),
        )  # fmt: skip
    key = columns.order_key if kind is Kind.ORDERS else None
    return Format(
        OWN_CSV, columns.READERS[kind.value], key, own=True,
        rename=wanted.renamed, constants=wanted.constants, unused=unused,
    )  # fmt: skip


def groups(found: Format, rows: Iterable[Record], context: Context) -> Iterator[Group]:
    """Read rows, an order's together. What cannot be used is a group with its problem, and stops no other."""
    waiting: list[Record] = []
    last: Any = None
    for record in rows:
        key = found.key(_named(found, record)) if found.key and not record.problem else None
        if waiting and (key is None or key != last or len(waiting) >= columns.MOST_ROWS):
            yield _group(found, waiting, context)
            waiting = []
        waiting.append(record)
        last = key
    if waiting:
        yield _group(found, waiting, context)


def _named(found: Format, record: Record) -> dict[str, Any]:
    """Return a row by our columns."""
    if not found.rename and not found.constants:
        values = record.values
    else:
        values = {**found.constants}
        values |= {found.rename.get(name, name): value for name, value in record.values.items()}
    return {
        name: value for name, value in values.items() if name and name != REASON and name not in found.unused
    }


def _group(found: Format, rows: list[Record], context: Context) -> Group:
    if rows[0].problem:
        return Group(tuple(rows), problem=rows[0].problem)
    try:
        news = found.read([_named(found, row) for row in rows], context)
    except BadInput as error:
        return Group(tuple(rows), problem=_words(found, error.problems))
    except ValidationError as error:
        return Group(tuple(rows), problem=_words(found, problems_of(error)))
    return Group(tuple(rows), news)


def _words(found: Format, problems: Iterable[Problem]) -> str:
    """Write problems in a line; of our columns in CSV in the words of a cell."""
    text = "; ".join(map(str, problems))
    for ours, cell in _IN_A_CELL if found.name == OWN_CSV else ():
        text = text.replace(ours, cell)
    return text
