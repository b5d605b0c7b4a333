"""What mail programs read of an email beside its text: Gmail shows an offer in its list of messages.

schema.org's ``DiscountOffer``, as Gmail's Promotions tab takes it (developers.google.com/gmail/promotab).
"""

from __future__ import annotations

import json
from typing import Any

from content.context import Brand, Offer

# So that no value can end the element that the JSON stands in.
_ESCAPED = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "'": "\\u0027"}


def discount_json(offer: Offer, brand: Brand) -> str:
    """Return JSON-LD that says of an offer what the message itself says: its words, code and end."""
    shown: dict[str, Any] = {
        "@context": "http://schema.org/",
        "@type": "DiscountOffer",
        "description": offer.text[:1].upper() + offer.text[1:],
    }
    if offer.code:
        shown["discountCode"] = offer.code
    if offer.valid_until:
        shown["availabilityEnds"] = offer.valid_until.isoformat()
    entries = [shown]
    if brand.logo_url:
        entries.insert(0, {"@context": "http://schema.org/", "@type": "Organization", "logo": brand.logo_url})
    text = json.dumps(entries, ensure_ascii=False)
    return "".join(_ESCAPED.get(char, char) for char in text)
