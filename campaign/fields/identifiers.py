"""Identifiers end up in Temporal's histories, so they must not be contact data.

Digits alone are never taken for a phone number, nor are digits with a hyphen or two: most shops number
their orders so (``450789469``, ``5550123-45``, ``112-1234567-1234567``). What is refused are an ``@`` and
the ways in which people write phone numbers: after a plus, with an area code in parentheses, in
groups with spaces, in the groups of North America (``202-555-0123``), or after a trunk 0 (``0151-23456789``).
"""

from __future__ import annotations

import re
import unicodedata
from typing import Annotated

from pydantic import AfterValidator, StringConstraints, ValidationInfo

from campaign.fields.formerly import formerly
from campaign.problems import Form

_DASHES = dict.fromkeys(map(ord, "\u2010\u2011\u2012\u2013\u2014\u2015\u2212"), "-")
_MAIL = re.compile("@|%40")
_PHONE = re.compile(
    r"""
      (?<!\w) \+ [\s(]* \d (?:[\s()./-]* \d){6,}                      # +1 202 555 0123
    | (?:\d[\s.-]?)? \( \s? \d{2,5} \s? \) [\s./-]* \d (?:[\s./-]* \d){4,}   # (202) 555-0123
    | (?<![\w.-]) (?:1[.-])? \d{3} ([.-]) \d{3} \1 \d{4} (?![\w.-])      # 202-555-0123
    | (?<![\w.-]) 0\d (?:([.-])\d\d) (?:\2\d\d){3} (?![\w.-])           # 06.12.34.56.78
    | (?<![\w./-]) 0[1-9]\d{0,4} [/-] \d{6,} (?![\w./-])                # 0151/23456789
    | (?<![\w.-]) 0[1-9]\d{0,3} - \d{2,4} - \d{3,4} (?![\w.-])          # 090-1234-5678
    | (?<![\w.-]) (?=(?:[\s./-]*\d){7}) \d+ (?:[./-]\d+)* \s [\d\s./-]* \d (?![\w-])   # 0171 1234567
    """,
    re.VERBOSE,
)


def looks_like_contact_data(text: str) -> bool:
    """Return whether a text holds an e-mail address or a phone number as people write them."""
    plain = unicodedata.normalize("NFKC", text).translate(_DASHES)
    return bool(_MAIL.search(plain) or _PHONE.search(plain))


def no_contact_data(value: str, info: ValidationInfo) -> str:
    """Refuse an e-mail address or phone number where an identifier is wanted.

    Raises:
        ValueError: the identifier looks like contact data.
    """
    if looks_like_contact_data(value) and not formerly(info):
        msg = "looks like an e-mail address or phone number: use your shop's own id"
        raise ValueError(msg)
    return value


Id = Annotated[
    str,
    StringConstraints(min_length=1, max_length=100),
    Form(
        r"^[^\s\x00-\x1f\x7f](.*[^\s\x00-\x1f\x7f])?$",
        "write it on one line, without spaces at either end",
    ),
    AfterValidator(no_contact_data),
]
