"""JSON Lines with the interface's fields: an order, a customer, a product or a consent a line."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from pydantic import TypeAdapter

from campaign.customers.addresses import normal_address
from campaign.errors import BadInput, Problem
from campaign.fields.contact import Email, Phone
from campaign.reasons import Channel
from campaign.times import future_problems, order_time_problems
from campaign.wire import Consent, Contact, Customer, OrderUpdate, Product, Purchase, Refund
from shops.context import Context
from shops.news import ShopCustomer, ShopNews, ShopOrder, ShopProduct
from shops.review_apps import news_of_review, stars_of

SOURCE = "import"
_EMAIL: TypeAdapter[str] = TypeAdapter(Email)
_PHONE: TypeAdapter[str] = TypeAdapter(Phone)
_ORDER = frozenset(Purchase.model_fields)


def read_order(rows: Sequence[Mapping[str, Any]], context: Context) -> ShopNews:
    """Read ``{...purchase, customer: {...contact}, events: [{status, at}], refunds: [...]}``.

    Raises:
        BadInput: it lies in the future, or its news before it.
        pydantic.ValidationError: it cannot be accepted.
    """
    values = dict(rows[0])
    contact, events = values.pop("customer", None), _list(values.pop("events", None), "events")
    refunds = [Refund.model_validate(refund) for refund in _list(values.pop("refunds", None), "refunds")]
    customer = Customer.model_validate({**_dict(contact, "customer"), "customer_id": values.get("customer_id")
                                        or guest_of(_dict(contact, "customer"), context)})  # fmt: skip
    purchase = Purchase.model_validate(_money(values) | {"customer_id": customer.customer_id})
    updates = [OrderUpdate.model_validate(event) for event in events]
    return order_news(purchase, customer, updates, refunds, context)


def order_news(
    purchase: Purchase, customer: Customer, updates: Sequence[OrderUpdate], refunds: Sequence[Refund],
    context: Context,
) -> ShopNews:  # fmt: skip
    """Put together what a row says of an order. Raises `BadInput` for times that cannot be."""
    problems = future_problems(purchase, context.now) + future_problems(customer, context.now)
    for update in updates:
        problems += future_problems(update, context.now, update.status.value)
        problems += order_time_problems(f"{update.status}: at", update.at, purchase.placed_at)
    for refund in refunds:
        problems += order_time_problems("refunds: at", refund.at, purchase.placed_at)
    if problems:
        raise BadInput(problems)
    has_contact = bool(customer.model_fields_set - {"customer_id"})
    return ShopNews(
        customers=(ShopCustomer(customer),) if has_contact else (),
        orders=(ShopOrder(purchase, starts=True, changed_at=purchase.placed_at),),
        updates=tuple((purchase.order_id, update) for update in updates),
        refunds=tuple((purchase.order_id, refund) for refund in refunds),
    )


def read_customer(rows: Sequence[Mapping[str, Any]], context: Context) -> ShopNews:
    """Read a customer as the interface takes it; who has no id is a guest, known by the address."""
    values = dict(rows[0])
    values["customer_id"] = values.get("customer_id") or guest_of(values, context)
    customer = Customer.model_validate(values)
    _check_times(customer, context)
    return ShopNews(customers=(ShopCustomer(customer),))


def read_product(rows: Sequence[Mapping[str, Any]], context: Context) -> ShopNews:
    """Read a catalogue entry."""
    values = _money(rows[0])
    if context.currency:
        values.setdefault("currency", context.currency)
    return ShopNews(products=(ShopProduct(Product.model_validate(values)),))


def read_consent(rows: Sequence[Mapping[str, Any]], context: Context) -> ShopNews:
    """Read an entry of the ledger, by customer id or by the address that it is for.

    Whoever is only known by the address is a guest: the opt-out holds for the address, whoever has it.
    """
    values = dict(rows[0])
    contact: dict[str, Any] = {
        name: values.pop(name) for name in ("customer_id", "email", "phone") if name in values
    }
    contact["customer_id"] = contact.get("customer_id") or guest_of(contact, context)
    consent = Consent.model_validate({"source": SOURCE, **values})
    customer = Customer.model_validate({**contact, "consents": [consent]})
    _check_times(customer, context)
    return ShopNews(customers=(ShopCustomer(customer),))


def read_review(rows: Sequence[Mapping[str, Any]], context: Context) -> ShopNews:
    """Read a review."""
    values = dict(rows[0])
    return news_of_review({**values, "rating": stars_of(values.get("rating"))}, context)


def _check_times(customer: Customer, context: Context) -> None:
    if problems := future_problems(customer, context.now):
        raise BadInput(problems)


def guest_of(contact: Mapping[str, Any], context: Context) -> str:
    """Return the customer id of who has no account.

    Raises:
        BadInput: there is no address either.
    """
    if contact.get("email"):
        address = normal_address(Channel.EMAIL, _EMAIL.validate_python(contact["email"]))
        return context.guest_id(f"{Channel.EMAIL}:{address}")
    if contact.get("phone"):
        return context.guest_id(f"{Channel.SMS}:{_PHONE.validate_python(contact['phone'])}")
    raise BadInput([Problem("customer_id", "is missing", "add it, or the customer's email or phone")])


def _dict(value: Any, where: str) -> dict[str, Any]:
    if value is None:
        return {}
    if not isinstance(value, Mapping) or not set(value) <= set(Contact.model_fields):
        raise BadInput([Problem(where, "is no contact data", "see docs/history.md for its fields")])
    return dict(value)


def _list(value: Any, where: str) -> list[Any]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise BadInput([Problem(where, "is not a list", "write it in square brackets")])
    return value


def _money(values: Mapping[str, Any]) -> dict[str, Any]:
    """Take whole numbers for amounts too: JSON Lines of other programs have them."""
    found = dict(values)
    for name in ("total", "price"):
        if isinstance(found.get(name), int) and not isinstance(found[name], bool):
            found[name] = str(found[name])
    return found


READERS: Mapping[str, Callable[[Sequence[Mapping[str, Any]], Context], ShopNews]] = MappingProxyType(
    {
        "orders": read_order,
        "customers": read_customer,
        "products": read_product,
        "consents": read_consent,
        "reviews": read_review,
    }
)
