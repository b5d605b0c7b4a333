"""Addresses that messages go to."""

from __future__ import annotations

from typing import Annotated

import phonenumbers
from email_validator import EmailNotValidError, validate_email
from pydantic import AfterValidator


def _phone(value: str) -> str:
    """Require E.164 with a length that its country's plan allows (libphonenumber's metadata).

    Raises:
        ValueError: not a possible number in E.164.
    """
    try:
        number = phonenumbers.parse(value, None)
    except phonenumbers.NumberParseException:
        number = None
    written = number and phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)
    if number is None or written != value or not phonenumbers.is_possible_number(number):
        msg = 'is no phone number in E.164: write it such as "+12025550123"'
        raise ValueError(msg)
    return value


def example_mobile(country: str) -> str | None:
    """Return a mobile number of a country (two capitals) as it is written, nobody's as far as is known.

    From libphonenumber's metadata. None where it has none: few people, or no such country.
    """
    number = phonenumbers.example_number_for_type(country, phonenumbers.PhoneNumberType.MOBILE)
    if number is None:
        return None
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164))


def _email(value: str) -> str:
    """Require one plain address (RFC 5322 by email-validator; no DNS look-up).

    Raises:
        ValueError: not an address.
    """
    try:
        found = validate_email(value, check_deliverability=False, test_environment=True)
    except EmailNotValidError:
        msg = 'is not one e-mail address: write it such as "ada@example.com"'
        raise ValueError(msg) from None
    if found.ascii_email is None:
        msg = 'has a part before the "@" that is not ASCII: write an address that mail can be sent to here'
        raise ValueError(msg)
    return found.normalized


Phone = Annotated[str, AfterValidator(_phone)]
Email = Annotated[str, AfterValidator(_email)]
