"""Single values as shop systems write them: texts, ids, amounts, and JSON bodies.

Shops send numbers as texts and texts as numbers, empty texts for nothing, and whatever a plugin puts in.
What cannot be used is None here; whether that matters is for the reader of the whole to say.
"""

from __future__ import annotations

import json
import re
import unicodedata
from decimal import ROUND_HALF_UP, Decimal, InvalidOperation
from typing import Any

from babel.core import get_global
from babel.numbers import get_currency_precision

from campaign.errors import BadInput, Problem

TEXT_LIMIT = 200
_ID_LIMIT = 100
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")
_SPACE = re.compile(r"\s+")
_TOO_MUCH = Decimal(10) ** 12  # what campaign.fields.money accepts, and the database keeps


def read_object(body: bytes) -> dict[str, Any]:
    """Parse a body that is one JSON object; amounts written as numbers stay exact (Decimal).

    Raises:
        BadInput: no UTF-8, no JSON, not an object, or nested beyond what a parser takes.
    """
    try:
        found = json.loads(body.decode("utf-8-sig"), parse_float=Decimal, parse_constant=_no_constant)
    except (ValueError, RecursionError, InvalidOperation):
        raise _bad_body(what="is not JSON in UTF-8") from None
    if not isinstance(found, dict):
        raise _bad_body(what="is not a JSON object")
    return found


def _no_constant(name: str) -> Any:
    """Refuse NaN and Infinity, which are no JSON.

    Raises:
        ValueError: always.
    """
    raise ValueError(name)


def _bad_body(*, what: str) -> BadInput:
    return BadInput([Problem("body", what, "send it as the shop system does")])


def text_of(value: Any, limit: int = TEXT_LIMIT) -> str | None:
    """Return a text on one line without control characters, cut at ``limit``; None where nothing is left."""
    if isinstance(value, bool) or not isinstance(value, (str, int, Decimal)):
        return None
    text = str(value)
    if text.isascii() and text.isprintable() and "  " not in text:  # most are: an import reads millions
        return text.strip()[:limit].strip() or None
    plain = _CONTROL.sub("", unicodedata.normalize("NFC", text))
    return _SPACE.sub(" ", plain).strip()[:limit].strip() or None


def identifier_of(value: Any) -> str | None:
    """Return an id, however large, as a text; None for nothing, 0, or what is no id."""
    text = text_of(value, _ID_LIMIT + 1) if isinstance(value, (str, int)) else None
    return text if text and text != "0" and len(text) <= _ID_LIMIT else None


def amount_of(value: Any) -> Decimal | None:
    """Return an amount, negative ones too, from a text or a number; None where it is neither."""
    if isinstance(value, bool) or not isinstance(value, (str, int, float, Decimal)):
        return None
    try:
        amount = Decimal(str(value).strip())
    except (InvalidOperation, ValueError):
        return None
    return amount if amount.is_finite() and abs(amount) < _TOO_MUCH else None


def in_currency(amount: Decimal, currency: str) -> Decimal:
    """Round an amount to the decimals that its currency has, halves up as shops do."""
    return amount.quantize(Decimal(1).scaleb(-get_currency_precision(currency)), ROUND_HALF_UP)


def currency_of(value: Any, default: str | None = None) -> str | None:
    """Return an ISO 4217 code in capitals, or ``default`` where there is none."""
    code = (text_of(value) or "").upper()
    return code if code in get_global("all_currencies") else default
