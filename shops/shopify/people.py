"""People: customers, buyers, and what they have consented to. A shipping address is never read."""

from __future__ import annotations

from datetime import datetime, timedelta
from types import MappingProxyType
from typing import Any, Literal

from campaign.reasons import Channel
from campaign.wire import Consent
from shops.contacts import Contact, contact_of
from shops.context import Context
from shops.news import Ignored, ShopNews
from shops.shopify.fields import Json, code_of, missing, object_of, tags_of, time_of
from shops.values import identifier_of, text_of

SOURCE = "shopify"
CONSENTS = MappingProxyType(
    {
        "subscribed": "granted",
        "unsubscribed": "revoked",
        "redacted": "revoked",
        "pending": None,
        "not_subscribed": None,
        "invalid": None,
    }
)
"""What each marketing state is in the ledger: nothing, where nobody has said yes or taken it back."""

_FIELDS = MappingProxyType({Channel.EMAIL: "email_marketing_consent", Channel.SMS: "sms_marketing_consent"})
_MAX_TAGS = 100
_CLOCKS_DIFFER = timedelta(minutes=5)


def buyer_of(order: Json, context: Context) -> tuple[str | None, Contact]:
    """Return who bought, and how to reach them: a customer's id, or a guest's by address; None for nobody.

    The customer's own address comes first, since consents are about it; the order's only where there is
    none. The place is that of the billing address.
    """
    customer, billing = object_of(order.get("customer")), object_of(order.get("billing_address"))
    place = billing or object_of(customer.get("default_address"))
    contact = contact_of(
        emails=[customer.get("email"), order.get("contact_email"), order.get("email")],
        phones=[customer.get("phone"), order.get("phone"), billing.get("phone")],
        default_country=context.country,
        language=order.get("customer_locale"),
        first_name=text_of(customer.get("first_name")) or billing.get("first_name"),
        last_name=text_of(customer.get("last_name")) or billing.get("last_name"),
        **_place(place),
    )
    account = identifier_of(customer.get("id"))
    return account or (context.guest_id(contact.address) if contact.address else None), contact


def read_customer(customer: Json, context: Context) -> ShopNews:
    """Return what a customer says. Since API version 2025-01 it has no tags and no consents.

    Raises:
        BadInput: it has no id.
    """
    identifier = identifier_of(customer.get("id"))
    if identifier is None:
        raise missing(name="id")
    contact = contact_of(
        emails=[customer.get("email")],
        phones=[customer.get("phone")],
        default_country=context.country,
        first_name=customer.get("first_name"),
        last_name=customer.get("last_name"),
        **_place(object_of(customer.get("default_address"))),
    )
    changed_at = time_of(customer.get("updated_at"))
    said = said_of(customer, context)
    return ShopNews(customers=(contact.of_customer(identifier, changed_at=changed_at, **said),))


def said_of(customer: Json, context: Context) -> dict[str, Any]:
    """Return a customer's tags and consents, those of them that a body has."""
    more: dict[str, Any] = {}
    if "tags" in customer:
        more["tags"] = tags_of(customer.get("tags"))[:_MAX_TAGS]
    if consents := _consents(customer, context):
        more["consents"] = consents
    return more


def read_consent(body: Json, context: Context) -> ShopNews:
    """Return what a customer has just consented to, or taken back.

    Raises:
        BadInput: it names no customer.
    """
    identifier = identifier_of(body.get("customer_id")) or identifier_of(body.get("id"))
    if identifier is None:
        raise missing(name="customer_id")
    consents = _consents(body, context)
    if not consents:
        return ShopNews(ignored=Ignored.STATUS)
    contact = contact_of(
        emails=[body.get("email_address"), body.get("email")],
        phones=[body.get("phone")],
        default_country=context.country,
    )
    return ShopNews(customers=(contact.of_customer(identifier, consents=consents),))


def _place(address: Json) -> dict[str, Any]:
    return {
        "country": text_of(address.get("country_code")) or address.get("country"),
        "region": text_of(address.get("province_code")) or address.get("province"),
        "postal_code": address.get("zip"),
    }


def _consents(item: Json, context: Context) -> list[Consent]:
    found = (_consent(channel, object_of(item.get(name)), item, context) for channel, name in _FIELDS.items())
    return [consent for consent in found if consent]


def _consent(channel: Channel, stated: Json, item: Json, context: Context) -> Consent | None:
    state = _state(code_of(stated.get("state")))
    if state is None:
        return None
    at = _passed(context, stated.get("consent_updated_at")) or _undated(state, item, context)
    if at is None:
        return None
    confirmed = state == "granted" and code_of(stated.get("opt_in_level")) == "confirmed_opt_in"
    return Consent(channel=channel, state=state, source=SOURCE, at=at, confirmed=confirmed)


def _undated(state: Literal["granted", "revoked"], item: Json, context: Context) -> datetime | None:
    """Return the time of a consent that has none: a grant as old as its customer, a revocation of now.

    So a grant of nobody knows when never comes after an opt-out that was recorded here. One of a customer
    of the future has no time at all: its shop reports it again.
    """
    if state == "revoked":
        return _passed(context, item.get("updated_at")) or context.now
    created = item.get("created_at")
    return _passed(context, created) or (context.now if time_of(created) is None else None)


def _passed(context: Context, value: Any) -> datetime | None:
    """Return a time that has passed: a grant of the future would outlive every STOP until then."""
    at = time_of(value)
    return at if at and at <= context.now + _CLOCKS_DIFFER else None


def _state(written: str | None) -> Literal["granted", "revoked"] | None:
    found = CONSENTS.get(written or "")
    return "granted" if found == "granted" else "revoked" if found == "revoked" else None
