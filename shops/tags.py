"""What a shop can say of a product where its system has no field for it: tags such as ``lasts:30``."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from campaign.wire import MAX_LASTS_DAYS

CONSUMABLE, NOT_RECOMMENDED = "consumable", "not-recommended"
_LASTS = re.compile(r"lasts:\s*(\d{1,4})", re.ASCII | re.IGNORECASE)


def read_product_tags(tags: Iterable[str]) -> dict[str, Any]:
    """Return the fields of `campaign.wire.Product` that tags name; those of no use name none."""
    found = [tag.strip() for tag in tags]
    plain = {tag.lower() for tag in found}
    lasts = next((int(match[1]) for tag in found if (match := _LASTS.fullmatch(tag))), 0)
    return {
        **({"lasts_days": lasts} if 1 <= lasts <= MAX_LASTS_DAYS else {}),
        **({"consumable": True} if CONSUMABLE in plain else {}),
        **({"recommend": False} if NOT_RECOMMENDED in plain else {}),
    }
