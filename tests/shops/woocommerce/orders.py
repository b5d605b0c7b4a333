"""Orders as WooCommerce sends them, for tests to change."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tests.shops.woocommerce.news import read

_EXAMPLE = Path(__file__).parent / "payloads" / "order-guest.json"


def an_order(**changes: Any) -> dict[str, Any]:
    """The documentation's example, paid on 2026-03-01, with changes."""
    found: dict[str, Any] = json.loads(_EXAMPLE.read_text("utf-8"))["body"]
    return {**found, **changes}


def read_order(order: dict[str, Any], **settings: Any) -> dict[str, Any]:
    """What a webhook with this order says."""
    return read("order.updated", json.dumps(order).encode(), **settings)
