"""Contact data as shops have it, in normal form: addresses that can be written to, and those that cannot.

What people type is kept as it was given where it is no address, and marks its channel unreachable: an order
is never refused for its phone number. Only what is there becomes a field, since a field that is left out
keeps what is known (`campaign.wire.Contact`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any

import phonenumbers
from babel import Locale
from pydantic import TypeAdapter, ValidationError

from campaign.customers.addresses import normal_address
from campaign.fields.contact import Email, Phone
from campaign.fields.places import Country
from campaign.reasons import Channel
from campaign.wire import Customer
from shops.news import ShopCustomer
from shops.values import text_of

_EMAIL: TypeAdapter[str] = TypeAdapter(Email)
_PHONE: TypeAdapter[str] = TypeAdapter(Phone)
_COUNTRY: TypeAdapter[str] = TypeAdapter(Country)
_LETTERS = re.compile(r"[^\W\d_]")
_LANGUAGE = re.compile(r"([A-Za-z]{2,3})((?:[-_][A-Za-z0-9]{2,8})*)")
_REGION = 2  # letters of a country in a language tag
_EMAIL_LIMIT = 320  # RFC 3696, errata 1690


@dataclass(frozen=True)
class Contact:
    """``fields`` of `campaign.wire.Contact`, only those given; what was no address, by channel, as given.

    ``address`` is what a guest is known by (`shops.guests`): the e-mail, else the phone, in normal form.
    """

    fields: Mapping[str, Any]
    unreachable: Mapping[Channel, str] = field(default_factory=lambda: MappingProxyType({}))

    @property
    def address(self) -> str | None:
        """Return the address with its channel: ``email:ada@example.com``, ``sms:+12025550123``."""
        for channel, name in ((Channel.EMAIL, "email"), (Channel.SMS, "phone")):
            if name in self.fields:
                return f"{channel}:{normal_address(channel, self.fields[name])}"
        return None

    def of_customer(
        self, customer_id: str, *, changed_at: datetime | None = None, **more: Any
    ) -> ShopCustomer:
        """Return it as a customer's; ``more`` are further fields (tags, consents).

        Raises:
            pydantic.ValidationError: the id, or one of ``more``, cannot be accepted.
        """
        customer = Customer.model_validate({**self.fields, **more, "customer_id": customer_id})
        return ShopCustomer(customer, self.unreachable, changed_at)


def contact_of(
    *,
    emails: Sequence[Any] = (),
    phones: Sequence[Any] = (),
    country: Any = None,
    default_country: str | None = None,
    language: Any = None,
    **texts: Any,
) -> Contact:
    """Put contact data in normal form; of several addresses the first that can be used is taken.

    ``country`` (a code or an English name) is also how national phone numbers are read, else
    ``default_country``. ``texts``: first_name, last_name, region, postal_code.
    """
    where = country_of(country)
    found = {
        "email": _first(email_of(value) for value in emails),
        "phone": _first(phone_of(value, where or default_country) for value in phones),
        "country": where,
        "language": language_of(language),
        **{name: text_of(value) for name, value in texts.items()},
    }
    given = {name: value for name, value in found.items() if value is not None}
    as_given = {Channel.EMAIL: text_of_first(emails), Channel.SMS: text_of_first(phones)}
    names = {Channel.EMAIL: "email", Channel.SMS: "phone"}
    lost = {channel: text for channel, text in as_given.items() if text and names[channel] not in given}
    return Contact(MappingProxyType(given), MappingProxyType(lost))


def text_of_first(values: Sequence[Any]) -> str | None:
    """Return the first value that says anything, as it was given."""
    return _first(text_of(value, _EMAIL_LIMIT) for value in values)


def email_of(value: Any) -> str | None:
    """Return the address that mail can be sent to, or None (email-validator, without a look-up)."""
    return _accepted(_EMAIL, text_of(value, _EMAIL_LIMIT))


def phone_of(value: Any, country: str | None) -> str | None:
    """Return the number in E.164, or None where it is none (libphonenumber).

    A national number, and one in letters (1-800-FLOWERS), must be valid in its country's plan: a guess
    would write to a stranger. An extension cannot be texted.
    """
    text = text_of(value, _EMAIL_LIMIT)
    try:
        number = phonenumbers.parse(text or "", country)
    except phonenumbers.NumberParseException:
        return None
    guessed = not (text or "").startswith("+") or _LETTERS.search(text or "")
    if number.extension or (guessed and not phonenumbers.is_valid_number(number)):
        return None
    return _accepted(_PHONE, phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def country_of(value: Any) -> str | None:
    """Return the ISO 3166 code for a code or an English name, or None."""
    text = text_of(value)
    code = text and (_country_names().get(text.casefold()) or text.upper())
    return _accepted(_COUNTRY, code)


def language_of(value: Any) -> str | None:
    """Return a language tag (``pt-BR``) for what shops write (``pt_BR``, ``PT-br``), or None."""
    found = _LANGUAGE.fullmatch(text_of(value) or "")
    if found is None:
        return None
    parts = found[2].replace("_", "-").split("-")
    return found[1].lower() + "-".join(part.upper() if len(part) == _REGION else part for part in parts)


@cache
def _country_names() -> dict[str, str]:
    return {name.casefold(): code for code, name in Locale("en").territories.items() if len(code) == 2}  # noqa: PLR2004


def _accepted(kind: TypeAdapter[str], value: str | None) -> str | None:
    try:
        return kind.validate_python(value) if value else None
    except ValidationError:
        return None


def _first(values: Iterator[str | None]) -> str | None:
    return next((value for value in values if value is not None), None)
