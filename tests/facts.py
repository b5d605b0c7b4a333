"""Makers of facts for tests: everything has a sensible default."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

from campaign.definition.loading import parse_definition
from campaign.definition.model import Definition
from campaign.facts import ConsentEntry, CustomerFacts, Facts, MessageState, PastMessage, PastOrder
from campaign.reasons import Channel
from campaign.wire import OrderStatus

ROOT = Path(__file__).parent.parent
CAMPAIGN = ROOT / "content" / "default" / "campaign.toml"
PLACED = datetime(2026, 3, 2, 15, 0, tzinfo=UTC)
EVERYWHERE = frozenset(Channel)


def default_definition() -> Definition:
    """The campaign that ships."""
    return parse_definition(CAMPAIGN.read_text("utf-8"))


def granted(channel: Channel, at: datetime = PLACED - timedelta(days=1), number: int = 1) -> ConsentEntry:
    """A consent that was given, and confirmed."""
    return ConsentEntry(number, channel, granted=True, at=at, confirmed=True)


def revoked(channel: Channel, at: datetime = PLACED, number: int = 2) -> ConsentEntry:
    """A consent that was taken back."""
    return ConsentEntry(number, channel, granted=False, at=at)


def customer(**changes: Any) -> CustomerFacts:
    """A customer in New York who may be sent anything."""
    values: dict[str, Any] = {
        "customer_id": "c-1",
        "reachable": EVERYWHERE,
        "country": "US",
        "time_zone": "America/New_York",
        "consents": (granted(Channel.EMAIL, number=1), granted(Channel.SMS, number=2)),
    }
    return CustomerFacts(**{**values, **changes})


def order(number: int = 1, days: float = 0, total: str = "50.00", **changes: Any) -> PastOrder:
    """An order placed some days after `PLACED`."""
    values = {"currency": "USD", "kept": True, **changes}
    return PastOrder(f"o-{number}", PLACED + timedelta(days=days), Decimal(total), **values)


def message(step: str, channel: Channel, at: datetime, **changes: Any) -> PastMessage:
    """A message of the order, sent."""
    values: dict[str, Any] = {"order_id": "o-1", "state": MessageState.SENT, "id": "m"}
    return PastMessage(step=step, channel=channel, at=at, **{**values, **changes})


def facts(events: Mapping[OrderStatus, datetime] | None = None, **changes: Any) -> Facts:
    """A first order of that customer."""
    values: dict[str, Any] = {
        "order_id": "o-1",
        "placed_at": PLACED,
        "currency": "USD",
        "customer": customer(),
        "orders": (order(),),
        "events": events or {},
    }
    return Facts(**{**values, **changes})
