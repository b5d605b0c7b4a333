"""People: who bought something, by billing address; and accounts. A shipping address is never read."""

from __future__ import annotations

from types import MappingProxyType
from typing import Any

from pydantic import ValidationError

from campaign.errors import BadInput, Problem
from campaign.problems import problems_of
from shops.contacts import Contact, contact_of
from shops.context import Context
from shops.news import ShopNews
from shops.values import identifier_of
from shops.woocommerce.fields import Json, meta_of, object_of, time_of, words_of

ERASED = "[deleted]"
"""What WordPress puts in the place of a name when it erases a person (`wp_privacy_anonymize_data`)."""

LANGUAGES = ("wpml_language", "trp_language")
"""Under which keys plugins keep the language an order was made in: WPML, TranslatePress."""

_NAMES = MappingProxyType(
    {"first_name": "first_name", "last_name": "last_name", "region": "state", "postal_code": "postcode"}
)


def buyer_of(order: Json, context: Context) -> tuple[str | None, Contact]:
    """Return who bought, and how to reach them. An account's id, or a guest's by address; None for nobody.

    It is the address that the order was billed to, even where an account has another one: the shop writes
    about orders to that one too.
    """
    contact = _contact(order, context)
    account = identifier_of(order.get("customer_id"))
    return account or (context.guest_id(contact.address) if contact.address else None), contact


def read_customer(customer: Json, context: Context) -> ShopNews:
    """Return what an account says: contact data, and no consent, of which WooCommerce has none.

    Raises:
        BadInput: it has no id, or one that cannot be accepted.
    """
    try:
        contact, changed_at = (
            _contact(customer, context),
            time_of(customer, "date_modified", context.time_zone),
        )
        return ShopNews(customers=(contact.of_customer(account_id(customer), changed_at=changed_at),))
    except ValidationError as error:
        raise BadInput(problems_of(error, "customer")) from None


def account_id(customer: Json) -> str:
    """Return an account's id.

    Raises:
        BadInput: it has none.
    """
    identifier = identifier_of(customer.get("id"))
    if identifier is None:
        raise BadInput([Problem("id", "is missing", "send the customer as the WP REST API v3 has it")])
    return identifier


def _contact(item: Json, context: Context) -> Contact:
    """Read an order's or an account's data: of the billing address first, then the account's own."""
    billing, meta = object_of(item.get("billing")), meta_of(item)
    texts = {name: _text(billing.get(key)) or _text(item.get(key)) for name, key in _NAMES.items()}
    return contact_of(
        emails=[billing.get("email"), item.get("email")],
        phones=[billing.get("phone")],
        country=billing.get("country"),
        default_country=context.country,
        language=next((meta[key] for key in LANGUAGES if meta.get(key)), None),
        **texts,
    )


def _text(value: Any) -> str | None:
    words = words_of(value)
    return None if words == ERASED else words
