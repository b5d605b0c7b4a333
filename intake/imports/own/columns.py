"""CSV with the interface's fields as columns. An order has one row a line; they stand one after another."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from campaign.errors import BadInput, Problem
from campaign.reviews.imported import ImportedReview
from campaign.reviews.words import of_cell
from campaign.wire import MAX_LINES, Consent, Contact, Customer, OrderStatus, OrderUpdate, Product, Purchase
from intake.imports.own import objects
from shops.context import Context
from shops.news import ShopNews

MOST_ROWS = MAX_LINES + 1  # one more is refused as too many lines: memory stays bounded
_LINE = ("sku", "quantity", "unit_price")
_ORDER = ("order_id", "customer_id", "placed_at", "currency", "total", "renewal")
_STATUS_TIMES = MappingProxyType({f"{status.value}_at": status for status in OrderStatus})
_CONTACT = tuple(name for name in Contact.model_fields if name != "consents")
_YES, _NO = frozenset({"true", "yes", "1"}), frozenset({"false", "no", "0"})

KNOWN: Mapping[str, frozenset[str]] = MappingProxyType(
    {
        "orders": frozenset({*_ORDER, *_LINE, *_STATUS_TIMES, *_CONTACT}),
        "customers": frozenset({"customer_id", *_CONTACT}),
        "products": frozenset(Product.model_fields),
        "consents": frozenset({"customer_id", "email", "phone", *Consent.model_fields}),
        "reviews": frozenset(ImportedReview.model_fields),
    }
)
_NEEDED: Mapping[str, tuple[str, ...]] = MappingProxyType(
    {
        "orders": ("order_id", "placed_at", "currency", "total", *_LINE),
        "customers": (),
        "products": ("sku", "name", "url", "price"),
        "consents": ("channel", "state", "at"),
        "reviews": ("sku", "rating", "written_at"),
    }
)
_WHO = ("customer_id", "email", "phone")


def missing(kind: str, given: set[str]) -> list[Problem]:
    """Name the columns that a file of this kind needs and has not."""
    fix = 'add it, name another for it (--map "Their name={0}"), or give it for all (--set "{0}=...")'
    names = [name for name in _NEEDED[kind] if name not in given]
    problems = [Problem(f"column {name}", "is missing", fix.format(name)) for name in names]
    if kind not in ("products", "reviews") and not given.intersection(_WHO):
        fix = 'one of them says who it is: add one, or name another for it (--map "Their name=email")'
        problems.append(Problem(f"column {', '.join(_WHO[:-1])} or {_WHO[-1]}", "is missing", fix))
    return problems


def order_key(row: Mapping[str, Any]) -> Any:
    """Return what the rows of one order share."""
    return row.get("order_id")


def read_order(rows: Sequence[Mapping[str, Any]], context: Context) -> ShopNews:
    """Read the rows of one order. What is the order's stands in its first row, or in all of them alike.

    Raises:
        BadInput: rows of one order contradict each other, or its times cannot be.
        pydantic.ValidationError: it cannot be accepted.
    """
    order = _shared(rows)
    lines = [{name: _whole(row, name) for name in _LINE if name in row} for row in rows]
    contact = {name: order[name] for name in _CONTACT if name in order}
    who = order.get("customer_id") or objects.guest_of(contact, context)
    customer = Customer.model_validate({**_contact(contact), "customer_id": who})
    values = {name: order[name] for name in _ORDER if name in order}
    if "renewal" in values:
        values["renewal"] = _flag(values["renewal"])
    purchase = Purchase.model_validate({**values, "customer_id": who, "lines": lines})
    updates = [
        OrderUpdate.model_validate({"status": status, "at": order[name]})
        for name, status in _STATUS_TIMES.items()
        if name in order
    ]
    return objects.order_news(purchase, customer, updates, (), context)


def _shared(rows: Sequence[Mapping[str, Any]]) -> dict[str, Any]:
    if len(rows) == 1:
        return dict(rows[0])
    shared: dict[str, Any] = {}
    differing = set()
    for row in rows:
        for name, value in row.items():
            if name not in _LINE and shared.setdefault(name, value) != value:
                differing.add(name)
    if differing:
        fix = "write the same in each row of an order, or leave it empty after the first"
        raise BadInput(
            [Problem(name, "differs between rows of this order", fix) for name in sorted(differing)]
        )
    return shared


def read_customer(rows: Sequence[Mapping[str, Any]], context: Context) -> ShopNews:
    """Read a customer; ``tags`` have commas between them."""
    return objects.read_customer([_contact(rows[0])], context)


def read_product(rows: Sequence[Mapping[str, Any]], context: Context) -> ShopNews:
    """Read a catalogue entry."""
    row = {name: _CELLS.get(name, _as_it_is)(rows[0], name) for name in rows[0]}
    return objects.read_product([row], context)


def read_consent(rows: Sequence[Mapping[str, Any]], context: Context) -> ShopNews:
    """Read an entry of the ledger."""
    row = dict(rows[0])
    if "confirmed" in row:
        row["confirmed"] = _flag(row["confirmed"])
    return objects.read_consent([row], context)


def read_review(rows: Sequence[Mapping[str, Any]], context: Context) -> ShopNews:
    """Read a review. Words that an export has kept from being a formula are as they were."""
    words = {name: of_cell(rows[0][name]) for name in ("text", "author") if rows[0].get(name)}
    return objects.read_review([{**rows[0], **words}], context)


def _contact(row: Mapping[str, Any]) -> dict[str, Any]:
    tags = row.get("tags")
    if tags is None:
        return dict(row)
    return {**row, "tags": [tag.strip() for tag in str(tags).split(",") if tag.strip()]}


def _whole(row: Mapping[str, Any], name: str) -> Any:
    value = row.get(name)
    is_number = name not in ("unit_price", "sku") and str(value).isascii() and str(value).isdigit()
    return int(str(value)) if is_number and len(str(value)) < 10 else value  # noqa: PLR2004 - beyond MAX_QUANTITY


def _as_it_is(row: Mapping[str, Any], name: str) -> Any:
    return row[name]


def _yes_or_no(row: Mapping[str, Any], name: str) -> Any:
    return _flag(row[name])


_CELLS: Mapping[str, Callable[[Mapping[str, Any], str], Any]] = MappingProxyType(
    {"review_count": _whole, "lasts_days": _whole, "consumable": _yes_or_no, "recommend": _yes_or_no}
)


def _flag(value: str) -> Any:
    text = value.lower()
    return True if text in _YES else False if text in _NO else value


READERS: Mapping[str, Callable[[Sequence[Mapping[str, Any]], Context], ShopNews]] = MappingProxyType(
    {
        "orders": read_order,
        "customers": read_customer,
        "products": read_product,
        "consents": read_consent,
        "reviews": read_review,
    }
)
