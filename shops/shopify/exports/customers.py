"""The file of customers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from campaign.fields.times import EARLIEST
from shops.contacts import contact_of
from shops.context import Context
from shops.news import Ignored, ShopNews
from shops.shopify.exports.cells import Cells, cell, is_yes
from shops.shopify.people import read_customer

UNDATED = EARLIEST.isoformat()
"""When a consent of the file was given: nobody knows. It must not come after an opt-out that is here."""


def read_customers(rows: Sequence[Cells], context: Context) -> ShopNews:
    """Read one row. Files from before 2024 have no id: who is in them is known by the address.

    Raises:
        pydantic.ValidationError: it cannot be accepted.
    """
    (row,) = rows
    identifier = cell(row, "customer id", "id") or _guest(row, context)
    if identifier is None:
        return ShopNews(ignored=Ignored.NO_CUSTOMER)
    customer: dict[str, Any] = {
        "id": identifier,
        "email": cell(row, "email"),
        "phone": cell(row, "phone"),
        "first_name": cell(row, "first name"),
        "last_name": cell(row, "last name"),
        "default_address": _address(row),
        "email_marketing_consent": _consent(row, "accepts email marketing", "accepts marketing"),
        "sms_marketing_consent": _consent(row, "accepts sms marketing"),
    }
    if "tags" in row:
        customer["tags"] = cell(row, "tags") or ""
    return read_customer(customer, context)


def _guest(row: Cells, context: Context) -> str | None:
    contact = contact_of(
        emails=[cell(row, "email")],
        phones=[cell(row, "phone")],
        country=_address(row)["country_code"],
        default_country=context.country,
    )
    return context.guest_id(contact.address) if contact.address else None


def _address(row: Cells) -> dict[str, str | None]:
    return {
        "country_code": cell(row, "default address country code", "country code", "country"),
        "province_code": cell(row, "default address province code", "province code", "province"),
        "zip": cell(row, "default address zip", "zip"),
    }


def _consent(row: Cells, *names: str) -> dict[str, str] | None:
    """Return a consent where the file says yes. A no may be of one who never chose: it changes nothing."""
    return {"state": "subscribed", "consent_updated_at": UNDATED} if is_yes(cell(row, *names)) else None
